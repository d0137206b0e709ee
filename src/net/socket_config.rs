//! `SocketConfig`: the groups of a node, the interfaces to reach them by, and how changes are detected.

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::interfaces::Selection;

pub(crate) struct SocketConfig {
    /// At most one of each family.
    pub groups: Vec<SocketAddr>,
    /// True if the node joins the groups.
    pub multicast: bool,
    /// True if datagrams from off-link are received.
    pub accepts_off_link: bool,
    /// TTL or hop limit of multicast.
    pub hops: u8,
    /// 0 lets the system choose.
    pub unicast_port: u16,
    pub selection: Selection,
    pub change_detection: ChangeDetection,
    /// If no datagram of the group arrives through an interface for this long, not even the own ones, that is a fault.
    pub silence_limit: Duration,
}

/// How a node notices that its network has changed. All ways are on by default. Each is enough by itself, though not as fast;
/// they can be turned off to test that, or where one of them is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeDetection {
    /// The system reports changes (netlink, on Linux): at once.
    pub system: bool,
    /// The node looks at the interfaces before each announcement.
    pub poll: bool,
    /// If nothing is received for the expiry time, not even the node's own announcements, the node reopens its sockets.
    pub watchdog: bool,
}
