//! What a transport reports to the runtime.

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

/// Number of datagrams that were sent, and of those that the system refused.
#[derive(Default)]
pub(crate) struct SendStats {
    pub sent: u64,
    pub errors: u64,
    /// Number of waits for a full send buffer to drain.
    pub drain_waits: usize,
}
