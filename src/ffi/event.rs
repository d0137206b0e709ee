//! `peers_event_t`: one change, pulled by the caller.

use crate::ffi::constants::*;
use crate::ffi::handle::{self, peers_t};
use crate::ffi::input;
use crate::ffi::snapshot_buffer::{self, SnapshotBuffer};
pub use crate::ffi::structs::peers_event_t;
use crate::peers::Peers;
use peers_proto::{Event, LeaveReason, Peer};

/// Waits for the next event and takes it from the queue.
///
/// `timeout_ms`: 0 does not wait, a negative number waits without limit. The wait is in real time, also on a node with a
/// manual clock. Events come in order, each to one caller; `peers_subscribe` adds a reader that gets each event as well. The
/// queue has room for 1024. If it is full, all are dropped and one PEERS_EVENT_RESYNC takes their place.
///
/// On success `*event` belongs to the caller, which frees it with `peers_event_free`.
///
/// Errors: PEERS_ERR_TIMEOUT if no event came in time; PEERS_ERR_STOPPED if the node is freed meanwhile;
/// PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED. Thread-safe; blocks up to `timeout_ms`.
///
/// # Safety
/// `event` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_next_event(
    node: *mut peers_t,
    timeout_ms: i32,
    event: *mut *mut peers_event_t,
) -> i32 {
    crate::ffi::boundary("peers_next_event", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(event, "event")?;
        let next = node.next_event(input::timeout(timeout_ms))?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { event.write(pack_event(&next)) };
        Ok(())
    })
}

pub(super) fn pack_event(event: &Event) -> *mut peers_event_t {
    let (kind, reason, peer) = match event {
        Event::Joined(peer) => (PEERS_EVENT_JOINED, PEERS_LEFT_NONE, Some(peer)),
        Event::Updated(peer) => (PEERS_EVENT_UPDATED, PEERS_LEFT_NONE, Some(peer)),
        Event::Left(peer, reason) => (PEERS_EVENT_LEFT, reason_code(*reason), Some(peer)),
        // A resync, or an event that has no number in the ABI: either way the list has the current state.
        _ => (PEERS_EVENT_RESYNC, PEERS_LEFT_NONE, None),
    };
    let bytes = peer.map_or(0, |peer| peer.name.len() + peer.value.len());
    let buffer = SnapshotBuffer::copy_of(peer.map(Peer::view).into_iter(), 1, bytes);
    let peer = if peer.is_some() { buffer.records() } else { std::ptr::null() };
    snapshot_buffer::into_raw(peers_event_t { kind, reason, peer }, buffer)
}

fn reason_code(reason: LeaveReason) -> u32 {
    match reason {
        LeaveReason::Goodbye => PEERS_LEFT_GOODBYE,
        LeaveReason::Expired => PEERS_LEFT_EXPIRED,
        LeaveReason::Unreachable => PEERS_LEFT_UNREACHABLE,
        LeaveReason::Unregistered => PEERS_LEFT_UNREGISTERED,
        // The header has a number for each reason of this version.
        _ => 0,
    }
}

/// Frees an event and its peer. NULL is a no-op. Free each event once, on any thread, before or after its node.
///
/// # Safety
/// `event` is NULL or an event from `peers_next_event` or `peers_subscription_next` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_event_free(event: *mut peers_event_t) {
    // SAFETY: the caller vouches that a call of this library returned it and that it was not freed.
    unsafe { snapshot_buffer::release::<_, SnapshotBuffer>(event) }
}

/// Returns a file descriptor that polls readable while events wait, for poll, epoll, libuv or asyncio.
///
/// When it is readable, call `peers_next_event` with a timeout of 0 until PEERS_ERR_TIMEOUT. Do not read from the descriptor. On a
/// node with a manual clock it is also readable while datagrams wait for the next call. After the end of the node it stays
/// readable, so that an event loop sees the end.
///
/// On success `*fd` is the descriptor; every call on a node gives the same one. `peers_free` closes it: remove it from your event
/// loop before that, and do not close it yourself.
///
/// On Windows it is a SOCKET as an int: `(SOCKET)fd`, for WSAPoll, select, WSAEventSelect, libuv's uv_poll_init_socket or
/// asyncio's selector loop. There, and on macOS, it may poll readable although no event waits; the loop above then ends at
/// once.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_SYSTEM (no descriptor to be had).
/// Thread-safe; does not block.
///
/// # Safety
/// `fd` is NULL or points to a writable int.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_event_fd(node: *mut peers_t, fd: *mut i32) -> i32 {
    crate::ffi::boundary("peers_event_fd", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(fd, "fd")?;
        // A SOCKET of Windows fits: of handles the system uses 32 bits.
        let descriptor = node.event_fd()?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { fd.write(descriptor as _) };
        Ok(())
    })
}
