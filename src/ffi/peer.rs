//! `peers_peer_t`: one peer as C gets it.

use std::time::Duration;

use peers_proto::Source;

use crate::ffi::constants::*;
pub use crate::ffi::structs::peers_peer_t;

/// Whole milliseconds, for a C record.
pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis().into())
}

/// PEERS_SOURCE_* for a source.
pub(super) fn source_code(source: Source) -> u32 {
    match source {
        Source::Multicast => PEERS_SOURCE_MULTICAST,
        Source::Unicast => PEERS_SOURCE_UNICAST,
        Source::Gossip => PEERS_SOURCE_GOSSIP,
        Source::Legacy => PEERS_SOURCE_LEGACY,
        Source::Registered => PEERS_SOURCE_REGISTERED,
        Source::Own => PEERS_SOURCE_SELF,
        // The header has a number for each source of this version.
        _ => 0,
    }
}
