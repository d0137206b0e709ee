//! `HostInterface`: an interface of the host, usable or not.

use crate::sys::call_error::CallError;
use crate::sys::interface::Interface;

/// An interface of the host, usable or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostInterface {
    pub interface: Interface,
    pub is_up: bool,
    /// A cable or a radio link connects it.
    pub is_running: bool,
    pub has_multicast: bool,
    /// A default route leads through it.
    pub is_default: bool,
    /// "bridge", "wireguard" and so on, as the system calls it; empty for a plain network card.
    pub kind: String,
    /// `None` if it has its datagrams for itself.
    pub port: Option<Port>,
}

/// The other interface that takes over the datagrams of a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    /// "bridge", "bond", "team", "vrf" and so on.
    pub kind: String,
    /// Name of the other interface.
    pub of: String,
}

/// The interfaces of the host at one moment.
pub(crate) struct Listing {
    pub interfaces: Vec<HostInterface>,
    /// The call that failed, if kinds and ports are not known for certain.
    pub refused: Option<CallError>,
}

impl HostInterface {
    pub fn name(&self) -> &str {
        &self.interface.name
    }
}
