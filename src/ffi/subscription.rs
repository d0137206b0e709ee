//! `peers_subscription_t`: a further reader of a node's events.

use crate::ffi::event::{self, peers_event_t};
use crate::ffi::handle::{self, peers_subscription_t, peers_t};
use crate::ffi::input;
use crate::peers::Peers;
use crate::subscription::Subscription;

/// Adds a reader of the node's events, with its own queue of 1024 and its own descriptor.
///
/// Each reader gets every event. `peers_next_event` and `peers_event_fd` are the node's first reader. The new reader gets later
/// events only: call `peers_list` after this for the peers that are listed already. If its queue is full, the events of this queue
/// are dropped, and one PEERS_EVENT_RESYNC takes their place.
///
/// On success `*subscription` is a handle that the caller ends with `peers_subscription_free`, before or after the node. It holds
/// memory of the node until then.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED.
/// Thread-safe; does not wait for the network.
///
/// # Safety
/// `subscription` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_subscribe(
    node: *mut peers_t,
    subscription: *mut *mut peers_subscription_t,
) -> i32 {
    crate::ffi::boundary("peers_subscribe", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(subscription, "subscription")?;
        let token = handle::insert(node.subscribe()?);
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { subscription.write(token) };
        Ok(())
    })
}

/// Waits for the next event of a subscription and takes it from its queue; otherwise as `peers_next_event`.
///
/// `timeout_ms`: 0 does not wait, a negative number waits without limit. On success `*event` belongs to the caller, which frees it
/// with `peers_event_free`. Of several threads that wait on one subscription, one gets the event.
///
/// Errors: PEERS_ERR_TIMEOUT if no event came in time; PEERS_ERR_STOPPED if the node or the subscription is freed meanwhile,
/// or the node was freed before; PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED. Thread-safe; blocks up to
/// `timeout_ms`.
///
/// # Safety
/// `event` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_subscription_next(
    subscription: *mut peers_subscription_t,
    timeout_ms: i32,
    event: *mut *mut peers_event_t,
) -> i32 {
    crate::ffi::boundary("peers_subscription_next", || {
        let subscription = handle::get::<Subscription>(subscription)?;
        input::check_output(event, "event")?;
        let next = subscription.next_event(input::timeout(timeout_ms))?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { event.write(event::pack_event(&next)) };
        Ok(())
    })
}

/// Returns a file descriptor that polls readable while events of the subscription wait; otherwise as `peers_event_fd`.
///
/// When it is readable, call `peers_subscription_next` with a timeout of 0 until PEERS_ERR_TIMEOUT. On success `*fd` is the
/// descriptor; every call on a subscription gives the same one. `peers_subscription_free` closes it: remove it from your
/// event loop before that, and do not close it yourself.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED, PEERS_ERR_SYSTEM (no
/// descriptor to be had). Thread-safe; does not block.
///
/// # Safety
/// `fd` is NULL or points to a writable int.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_subscription_fd(subscription: *mut peers_subscription_t, fd: *mut i32) -> i32 {
    crate::ffi::boundary("peers_subscription_fd", || {
        let subscription = handle::get::<Subscription>(subscription)?;
        input::check_output(fd, "fd")?;
        // A SOCKET of Windows fits: of handles the system uses 32 bits.
        let descriptor = subscription.event_fd()?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { fd.write(descriptor as _) };
        Ok(())
    })
}

/// Ends a subscription and drops its queue. NULL is a no-op. The node runs on.
///
/// Later calls with the handle give PEERS_ERR_HANDLE. A call that waits in `peers_subscription_next` returns
/// PEERS_ERR_STOPPED. Events that were taken stay valid. In a forked child the subscription of the parent goes on.
///
/// Errors: PEERS_ERR_HANDLE. Thread-safe; does not block.
#[unsafe(no_mangle)]
pub extern "C" fn peers_subscription_free(subscription: *mut peers_subscription_t) -> i32 {
    crate::ffi::boundary("peers_subscription_free", || match subscription.is_null() {
        true => Ok(()),
        false => handle::free_subscription(subscription),
    })
}
