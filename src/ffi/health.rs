//! `peers_health_t`: whether the node works, and if not, why not.

use std::mem::offset_of;
use std::time::Duration;

use crate::ffi::constants::*;
use crate::ffi::handle::{self, peers_t};
use crate::ffi::input;
use crate::ffi::sized;
use crate::ffi::status;
use crate::ffi::structs::{self, peers_health_t};
use crate::health::{Health, Reason, State};
use crate::peers::Peers;

/// Fills in the health of the node: running, degraded or failed, why in a code and in words, and its counters.
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
    crate::ffi::boundary("peers_health", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(health, "health")?;
        let least = offset_of!(peers_health_t, detail);
        // SAFETY: non-NULL, and the caller vouches for the struct.
        let size = unsafe { sized::size_to_fill(health, least) }?;
        let filled = fill(size, &node.health());
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
        detail: status::text_array(detail),
        last_send_age_ms: age(health.last_send_age),
        last_receive_age_ms: age(health.last_receive_age),
        interfaces: health.interfaces as u64,
        peers: health.peers as u64,
        ..structs::with_counters(&health.counters)
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
        Reason::ListFull => PEERS_REASON_LIST_FULL,
        Reason::SendStalls => PEERS_REASON_SEND_STALLS,
        Reason::IdConflict => PEERS_REASON_ID_CONFLICT,
        Reason::OtherCluster => PEERS_REASON_OTHER_CLUSTER,
        Reason::OtherKey => PEERS_REASON_OTHER_KEY,
        Reason::OtherMode => PEERS_REASON_OTHER_MODE,
        Reason::Limited => PEERS_REASON_LIMITED,
        Reason::Socket => PEERS_REASON_SOCKET,
    }
}
