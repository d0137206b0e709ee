//! What a transport reports to the runtime.

use std::io;
use std::sync::Arc;

use crate::error::Error;
use crate::health::Reason;
use crate::sys::interface::Interface;

/// The state of the network.
#[derive(Default)]
pub(crate) struct TransportReport {
    /// Interfaces in use.
    pub interfaces: Arc<[Interface]>,
    /// What is wrong, as a code and in words; causes before their effects.
    pub troubles: Vec<(Reason, String)>,
}

/// How a transport followed the changes of the network.
pub(crate) enum Refresh {
    Unneeded,
    /// Groups were joined or left, or addresses have changed.
    Followed,
    /// The sockets were reopened.
    Reopened,
    /// The sockets could not be reopened.
    Failed(Error),
}

/// What a receive step has found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Receipt {
    /// A datagram or an ICMP error was taken.
    pub has_any: bool,
    pub may_be_more: bool,
}

/// Number of datagrams that were sent, and of those that the system refused.
#[derive(Default)]
pub(crate) struct SendStats {
    pub sent: u64,
    pub errors: u64,
    /// Number of those refused for which the send buffer had no room.
    pub stalled: u64,
}

impl SendStats {
    /// Counts a datagram that the system refused.
    pub fn note_error(&mut self, error: &io::Error) {
        self.errors += 1;
        self.stalled += u64::from(error.kind() == io::ErrorKind::WouldBlock);
    }
}
