//! `peers_health_t`: is the node well, and if not, why not.

use std::ffi::c_char;
use std::mem::offset_of;
use std::time::Duration;

use crate::ffi::handle;
use crate::ffi::input;
use crate::ffi::node::peers_t;
use crate::ffi::sized::{self, SizedStruct};
use crate::health::{Health, Reason, State};

/// Health state: the node announces itself and hears.
pub const PEERS_STATE_RUNNING: u32 = 0;
/// Health state: the node works on, but part of its work is failing; `reason` says which.
pub const PEERS_STATE_DEGRADED: u32 = 1;
/// Health state: the node met an internal error and no longer works.
pub const PEERS_STATE_FAILED: u32 = 2;

/// Health reason: nothing is wrong.
pub const PEERS_REASON_NONE: u32 = 0;
/// Health reason: no interface that may be used is up. The node looks again when the system tells of a change, and
/// at every announcement.
pub const PEERS_REASON_NO_INTERFACE: u32 = 1;
/// Health reason: nothing was heard for the expiry time, not even the node's own announcements.
pub const PEERS_REASON_NOT_RECEIVING: u32 = 2;
/// Health reason: the most recent announcement could not be sent through every interface.
pub const PEERS_REASON_SEND_FAILS: u32 = 3;
/// Health reason: the system does not permit sending, or joining the group.
pub const PEERS_REASON_PERMISSION: u32 = 4;
/// Health reason: the system did not let the node join the group on every interface.
pub const PEERS_REASON_MULTICAST_JOIN: u32 = 5;
/// Health reason: the node met an internal error, of the library or of the program around it, and no longer works. `detail`
/// has what is known.
pub const PEERS_REASON_INTERNAL: u32 = 6;
/// Health reason: the name of a seed cannot be resolved. It is tried again every minute; the other seeds, and the addresses
/// that a name had before, are spoken to all the same.
pub const PEERS_REASON_RESOLVER: u32 = 7;

/// As a number in the struct too: cbindgen does not export private constants.
const DETAIL_SIZE: usize = 256;

/// How a node is. Filled by `peers_health`; begin with `PEERS_HEALTH_INIT`.
///
/// Counters count from `peers_start` and do not wrap in practice.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct peers_health_t {
    /// `sizeof(peers_health_t)`, which `PEERS_HEALTH_INIT` sets. The library fills no more than this.
    pub struct_size: usize,
    /// `PEERS_STATE_RUNNING`, `_DEGRADED` or `_FAILED`.
    pub state: u32,
    /// `PEERS_REASON_NONE`, or what is wrong.
    pub reason: u32,
    /// The reason in words, NUL-terminated UTF-8; "" when nothing is wrong.
    pub detail: [c_char; 256],
    /// Milliseconds since a datagram was last sent; UINT64_MAX before the first.
    pub last_send_age_ms: u64,
    /// Milliseconds since a datagram was last heard, the node's own included; UINT64_MAX before the first.
    pub last_receive_age_ms: u64,
    /// Interfaces in use.
    pub interfaces: u64,
    /// Entries in the registry.
    pub peers: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Sends that the system refused.
    pub send_errors: u64,
    /// Datagrams received, of every kind.
    pub received: u64,
    /// Received: the node's own messages, looped back, and legacy beacons with its name.
    pub looped_back: u64,
    /// Received: neither a message of the protocol nor a legacy beacon, and ignored.
    pub malformed: u64,
    /// Newcomers refused because the registry held `max_peers` entries.
    pub refused_full: u64,
    /// Datagrams lost because the node's queue on a memory network was full.
    pub dropped: u64,
    /// Times the sockets were opened anew, after silence, or interfaces were joined or left.
    pub sockets_reopened: u64,
    /// Events lost because the queue was full; each loss is told by one `PEERS_EVENT_RESYNC`.
    pub events_lost: u64,
    /// Received: messages of another cluster, and legacy beacons where the node sends none; ignored.
    pub other_cluster: u64,
    /// Received: messages not newer than what was known of their sender (duplicates, latecomers, replays), and ignored.
    pub stale: u64,
    /// Received: messages that none of the node's keys opens or that are not sealed; by a node without keys, sealed ones.
    /// Ignored. Where they rise, somebody has another key or none.
    pub wrong_key: u64,
    /// Answers, challenges and questions not sent, because too many were asked for: somebody floods, or forges.
    pub rate_limited: u64,
    /// Received: datagrams from beyond the links in use, by a router, and ignored because `hops` is 1.
    pub off_link: u64,
    /// Received, by a node with keys: messages of an instance that is not listed and has answered no challenge. Each newcomer
    /// begins so; where they rise and nobody comes, somebody replays what was recorded.
    pub unvalidated: u64,
}

// SAFETY: `repr(C)`, and zero is a value of each field.
unsafe impl SizedStruct for peers_health_t {
    const INIT: &'static str = "PEERS_HEALTH_INIT";
    const NAME: &'static str = "peers_health_t";
    const BOUNDARIES: &'static [usize] = &[];
}

/// How the node is: running, degraded or failed, why in a code and in words, and what it has counted.
///
/// `health` belongs to the caller and begins with its `struct_size`; a shorter struct of an older caller is
/// filled as far as it goes, and what a longer one has more is set to zero. Works on a failed node.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_SIZE (`struct_size` is below 16 or
/// above 4096). Thread-safe; does not block.
///
/// # Safety
/// `health` is NULL or points to `struct_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_health(node: *mut peers_t, health: *mut peers_health_t) -> i32 {
    crate::ffi::boundary(|| {
        input::not_null(node, "node")?;
        input::not_null(health, "health")?;
        let least = offset_of!(peers_health_t, detail);
        // SAFETY: non-NULL, and the caller vouches for the struct.
        let size = unsafe { sized::size_to_fill(health, least) }?;
        let filled = fill(size, &handle::get(node)?.health());
        // SAFETY: the caller vouches for `size` writable bytes.
        unsafe { sized::write(&filled, health, size) };
        Ok(())
    })
}

fn fill(struct_size: usize, health: &Health) -> peers_health_t {
    let age = |age: Option<Duration>| age.map_or(u64::MAX, crate::ffi::peer::millis);
    let (reason, detail) = match &health.reason {
        None => (PEERS_REASON_NONE, ""),
        Some((reason, detail)) => (reason_code(*reason), detail.as_str()),
    };
    peers_health_t {
        struct_size,
        state: match health.state() {
            State::Running => PEERS_STATE_RUNNING,
            State::Degraded => PEERS_STATE_DEGRADED,
            State::Failed => PEERS_STATE_FAILED,
        },
        reason,
        detail: truncated(detail),
        last_send_age_ms: age(health.last_send_age),
        last_receive_age_ms: age(health.last_receive_age),
        interfaces: health.interfaces as u64,
        peers: health.peers as u64,
        sent: health.counters.sent,
        send_errors: health.counters.send_errors,
        received: health.counters.received,
        looped_back: health.counters.looped_back,
        malformed: health.counters.malformed,
        refused_full: health.counters.refused_full,
        dropped: health.counters.dropped,
        sockets_reopened: health.counters.sockets_reopened,
        events_lost: health.counters.events_lost,
        other_cluster: health.counters.other_cluster,
        stale: health.counters.stale,
        wrong_key: health.counters.wrong_key,
        rate_limited: health.counters.rate_limited,
        off_link: health.counters.off_link,
        unvalidated: health.counters.unvalidated,
    }
}

fn reason_code(reason: Reason) -> u32 {
    match reason {
        Reason::NoInterface => PEERS_REASON_NO_INTERFACE,
        Reason::NotReceiving => PEERS_REASON_NOT_RECEIVING,
        Reason::SendFails => PEERS_REASON_SEND_FAILS,
        Reason::Permission => PEERS_REASON_PERMISSION,
        Reason::MulticastJoin => PEERS_REASON_MULTICAST_JOIN,
        Reason::Internal => PEERS_REASON_INTERNAL,
        Reason::Resolver => PEERS_REASON_RESOLVER,
    }
}

/// `text` NUL-terminated in a fixed array, cut between characters where it is too long.
fn truncated(text: &str) -> [c_char; DETAIL_SIZE] {
    let mut detail = [0; DETAIL_SIZE];
    let end = text.floor_char_boundary(DETAIL_SIZE - 1);
    for (to, from) in detail.iter_mut().zip(&text.as_bytes()[..end]) {
        *to = *from as c_char;
    }
    detail
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn a_detail_is_cut_between_characters_and_ends_with_a_nul() {
        let text_of = |detail: &[c_char; DETAIL_SIZE]| {
            // SAFETY: the text ends inside the array, or the test is the one to show that it does not.
            unsafe { CStr::from_ptr(detail.as_ptr()) }.to_str().map(str::to_owned)
        };
        let fits = "é".repeat(127);
        assert_eq!(text_of(&truncated(&fits)), Ok(fits.clone()));
        assert_eq!(text_of(&truncated(&format!("{fits}é"))), Ok(fits.clone()));
        assert_eq!(text_of(&truncated(&format!("{fits}x"))), Ok(format!("{fits}x")));
        assert_eq!(text_of(&truncated(&format!("x{fits}é"))), Ok(format!("x{fits}")));
        assert_eq!(text_of(&truncated("")), Ok(String::new()));
    }
}
