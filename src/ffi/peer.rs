//! `peers_peer_t`: one peer as C gets it.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use peers_proto::Source;

/// Source: heard by a message of the native protocol.
pub const PEERS_SOURCE_MULTICAST: u32 = 1;
/// Source: a legacy beacon, "multitastic:NAME".
pub const PEERS_SOURCE_LEGACY: u32 = 2;
/// Source: put there by `peers_register`.
pub const PEERS_SOURCE_REGISTERED: u32 = 3;
/// Source: heard by a message of the native protocol that came to this node alone, and not yet by multicast: it is a seed, or
/// has this node for one.
pub const PEERS_SOURCE_UNICAST: u32 = 4;
/// Source: a member of the cluster, as the SWIM protocol has it (PEERS_MODE_SWIM).
pub const PEERS_SOURCE_GOSSIP: u32 = 5;

/// One peer, as it was when the snapshot was taken or the event raised. Read-only; lives as long as the snapshot
/// or the event it is part of.
#[repr(C)]
pub struct peers_peer_t {
    /// Its name, NUL-terminated UTF-8. Two peers may have the same; `id` tells them apart.
    pub name: *const c_char,
    /// Its value: `value_len` bytes, then a NUL that does not count. Never NULL.
    pub value: *const c_void,
    /// Number of bytes in `value`.
    pub value_len: usize,
    /// The IP address it was heard from, as text ("192.0.2.7", "2001:db8::7"); "" for one that was only registered. A
    /// peer that is heard from several has the one it was first heard from, for as long as it is heard from it.
    pub address: *const c_char,
    /// Milliseconds since it was last heard or registered.
    pub age_ms: u64,
    /// Milliseconds until it is gone unless it is heard again; 0 in an event of one that left.
    pub expires_in_ms: u64,
    /// PEERS_SOURCE_*: what last told of it.
    pub source: u32,
    /// Index of the interface it was heard through (see if_indextoname), the scope of a link-local address; 0 when
    /// unknown or only registered.
    pub interface_index: u32,
    /// The port at which it offers its service; 0 when it announces none.
    pub port: u16,
    /// The random id of this run of it; all zero when unknown, as with legacy nodes and registered entries.
    pub id: [u8; 16],
}

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
        // The header has a number for each source of this version.
        _ => 0,
    }
}
