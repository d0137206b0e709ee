//! A node's life, and the calls that act on it.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use crate::ffi::config::{self, peers_config_t};
use crate::ffi::entry::{self, peers_entry_t};
use crate::ffi::handle::{self, peers_t};
use crate::ffi::input;
use crate::peers::Peers;
use crate::seed::Seed;

/// Returns the version of the library that is running, for example "0.1.0".
///
/// `PEERS_VERSION` is the version of the header that the caller was compiled with. The text is static; do not free it.
/// Thread-safe. Needs no node.
#[unsafe(no_mangle)]
pub extern "C" fn peers_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Starts a node. It announces itself at once and then in every interval, and lists the peers that it receives.
///
/// With its first announcement it queries the group. The other nodes reply, so the list fills within milliseconds.
///
/// With `config` NULL all options have their defaults. On success `*node` is a handle that the caller ends with
/// `peers_free`. On a machine without a network the node is degraded (see `peers_health`) until one comes up.
///
/// Errors: PEERS_ERR_NULL (`node`, or a `value` or `keys` with a length), PEERS_ERR_SIZE, PEERS_ERR_UTF8, PEERS_ERR_INVALID,
/// PEERS_ERR_TOO_LARGE (name, cluster or value), PEERS_ERR_UNSUPPORTED, PEERS_ERR_INTERFACE,
/// PEERS_ERR_ADDRESS_IN_USE, PEERS_ERR_PERMISSION, PEERS_ERR_SYSTEM. Thread-safe; does not wait for the network.
///
/// # Safety
/// `config` is NULL or as documented at `peers_config_t`; `node` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_start(config: *const peers_config_t, node: *mut *mut peers_t) -> i32 {
    crate::ffi::boundary("peers_start", || {
        input::check_output(node, "node")?;
        // SAFETY: the caller vouches for the configuration.
        let config = unsafe { config::read(config) }?;
        let token = handle::insert(Peers::start(config)?);
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { node.write(token) };
        Ok(())
    })
}

/// Lists a local entry. Nothing is sent to other nodes.
///
/// The entry raises events as a peer does, and expires after `ttl_ms` milliseconds. A second registration of its key replaces the
/// value and renews the entry. `peers_unregister` removes it. `peers_register_at` lists an entry with an address or a port.
///
/// `key` is the name of the entry: NUL-terminated UTF-8, 1 to 255 bytes, no control characters, not the node's own name. `value`
/// is `value_len` bytes, at most 1024, and may be NULL if that is 0. `ttl_ms` 0 is the node's expiry. The call copies its inputs.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_UTF8, PEERS_ERR_INVALID,
/// PEERS_ERR_TOO_LARGE, PEERS_ERR_FULL (a new key, and the registry holds `max_peers`), PEERS_ERR_FAILED,
/// PEERS_ERR_STOPPED. Thread-safe; does not wait for the network.
///
/// # Safety
/// `key` is NULL or NUL-terminated; `value` is NULL or points to `value_len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_register(
    node: *mut peers_t,
    key: *const c_char,
    value: *const c_void,
    value_len: usize,
    ttl_ms: u32,
) -> i32 {
    crate::ffi::boundary("peers_register", || {
        let node = handle::get::<Peers>(node)?;
        // SAFETY: the caller vouches for both.
        let key = unsafe { input::text(key, "key") }?;
        // SAFETY: as above.
        let value = unsafe { input::bytes(value, value_len, "value") }?;
        let ttl = (ttl_ms != 0).then(|| Duration::from_millis(ttl_ms.into()));
        Ok(node.register(key, value, ttl)?)
    })
}

/// Lists a local entry that may have an address and a port. Nothing is sent to other nodes.
///
/// A second registration of a key replaces value, address and port, and renews the entry. Otherwise as `peers_register`.
///
/// Errors: PEERS_ERR_NULL (`entry`, its `key`, or a `value` with a length), PEERS_ERR_SIZE, PEERS_ERR_UTF8, PEERS_ERR_INVALID
/// (key, address or port), PEERS_ERR_INTERFACE (the zone of the address), PEERS_ERR_TOO_LARGE, PEERS_ERR_FULL (a new key, and the
/// registry holds `max_peers`), PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe; does not wait
/// for the network.
///
/// # Safety
/// `entry` is NULL or as documented at `peers_entry_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_register_at(node: *mut peers_t, entry: *const peers_entry_t) -> i32 {
    crate::ffi::boundary("peers_register_at", || {
        let node = handle::get::<Peers>(node)?;
        input::not_null(entry, "entry", "the address of a peers_entry_t")?;
        // SAFETY: non-NULL, and the caller vouches for the entry.
        let (entry, ttl) = unsafe { entry::read(entry) }?;
        Ok(node.register_at(&entry, ttl)?)
    })
}

/// Removes a registered entry. It raises PEERS_EVENT_LEFT with PEERS_LEFT_UNREGISTERED. Nothing is sent.
///
/// `key` is NUL-terminated UTF-8, as in the registration. If legacy beacons of that name arrive as well, the next one lists
/// the entry again.
///
/// Errors: PEERS_ERR_NOT_FOUND (no entry of this key is registered, or it has expired), PEERS_ERR_NULL, PEERS_ERR_HANDLE,
/// PEERS_ERR_FORKED, PEERS_ERR_UTF8, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe; does not wait for the network.
///
/// # Safety
/// `key` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_unregister(node: *mut peers_t, key: *const c_char) -> i32 {
    crate::ffi::boundary("peers_unregister", || {
        let node = handle::get::<Peers>(node)?;
        // SAFETY: the caller vouches for the text.
        let key = unsafe { input::text(key, "key") }?;
        Ok(node.unregister(key)?)
    })
}

/// Replaces the value that the node announces. The other nodes raise PEERS_EVENT_UPDATED.
///
/// The node announces it at once, or 100 ms after the last change. Of several changes within that time it announces only
/// the latest. `value` may be NULL if `value_len` is 0, for no value. The limit is that of `value` in `peers_config_t`. The
/// call copies the bytes. Legacy nodes do not receive it: a legacy beacon has no value.
///
/// Errors: PEERS_ERR_TOO_LARGE (the value does not fit beside the node's name and cluster; `peers_last_error` has
/// its length and the limit; the value stays as it was), PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED,
/// PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe; does not wait for the network.
///
/// # Safety
/// `value` is NULL or points to `value_len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_set_value(node: *mut peers_t, value: *const c_void, value_len: usize) -> i32 {
    crate::ffi::boundary("peers_set_value", || {
        let node = handle::get::<Peers>(node)?;
        // SAFETY: the caller vouches for the value.
        let value = unsafe { input::bytes(value, value_len, "value") }?;
        Ok(node.set_value(value)?)
    })
}

/// Replaces the keys of a node that was started with keys. No peer leaves by it.
///
/// `keys` has `keys_count` times 32 bytes, 1 to 8 keys. The first one seals from now on, and all open. To change the key of a
/// cluster, do three rounds over its nodes: the new key behind the old one; the new key before the old one; the new key only.
/// The call copies the bytes, and wipes its copies of the former keys.
///
/// Errors: PEERS_ERR_NULL (`keys`, with a count), PEERS_ERR_INVALID (no key, more than 8, a pointer without a count, or
/// the node was started without keys), PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. An
/// error changes no key. Thread-safe; does not wait for the network.
///
/// # Safety
/// `keys` is NULL or points to `keys_count` times 32 readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_set_keys(node: *mut peers_t, keys: *const c_void, keys_count: usize) -> i32 {
    crate::ffi::boundary("peers_set_keys", || {
        let node = handle::get::<Peers>(node)?;
        // SAFETY: the caller vouches for the keys.
        let keys = unsafe { input::keys(keys, keys_count) }?;
        Ok(node.set_keys(&keys)?)
    })
}

/// Replaces the seeds of a node that was started with `seeds`, or in a `mode` that has them.
///
/// `seeds` is a list as in `peers_config_t`; NULL or "" is none. The node queries new seeds at once. It sends nothing more to
/// seeds that are left out. A peer there expires, unless it has this node as a seed. The call copies the text.
///
/// Errors: PEERS_ERR_INVALID (one of the list is no `host:port`, there are more than 1024, the node takes no seeds, or one of a
/// node with PEERS_MANUAL_CLOCK has a name), PEERS_ERR_NULL, PEERS_ERR_UTF8, PEERS_ERR_HANDLE, PEERS_ERR_FORKED,
/// PEERS_ERR_FAILED, PEERS_ERR_STOPPED. An error changes no seed. Thread-safe; does not wait for the network, nor
/// for names to be resolved.
///
/// # Safety
/// `seeds` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_set_seeds(node: *mut peers_t, seeds: *const c_char) -> i32 {
    crate::ffi::boundary("peers_set_seeds", || {
        let node = handle::get::<Peers>(node)?;
        // SAFETY: the caller vouches for the text.
        let seeds = unsafe { input::optional_text(seeds, "seeds") }?.unwrap_or_default();
        Ok(node.set_seeds(&Seed::list(seeds)?)?)
    })
}

/// Advances the time of a node with PEERS_MANUAL_CLOCK by `ms` milliseconds.
///
/// It does all that is due in that time, in order, before it returns: announcements, probes, expiries. Each node has its own time.
/// A node that is not advanced sends nothing, and expires at the others.
///
/// Errors: PEERS_ERR_INVALID (the node runs on the system's clock), PEERS_ERR_NULL, PEERS_ERR_HANDLE,
/// PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn peers_advance(node: *mut peers_t, ms: u32) -> i32 {
    crate::ffi::boundary("peers_advance", || {
        Ok(handle::get::<Peers>(node)?.advance(Duration::from_millis(ms.into()))?)
    })
}

/// Ends the node: it sends a goodbye, ends its thread, and frees its memory and descriptors. NULL is a no-op.
///
/// Peers that receive the goodbye remove the node from their lists at once, with PEERS_LEFT_GOODBYE. Legacy nodes ignore it, and
/// list the node until it expires.
///
/// Later calls with the handle give PEERS_ERR_HANDLE, a second `peers_free` as well. Another thread's call that waits in
/// `peers_next_event`, `peers_wait` or `peers_subscription_next` returns PEERS_ERR_STOPPED. Lists and events stay valid. The
/// log function is not called after the return. A `peers_free` in the log function of the same node gives PEERS_ERR_DEADLOCK,
/// and the node runs on.
///
/// In a forked child it closes the child's copies of the node's descriptors, so that the child holds no port. It sends no
/// goodbye, and the parent's node runs on. Descriptors that a thread of the parent used at the fork stay open, and the memory
/// stays allocated.
///
/// Errors: PEERS_ERR_HANDLE, PEERS_ERR_DEADLOCK. Thread-safe; blocks until the node's thread has ended, which takes milliseconds,
/// and until a log function has returned.
#[unsafe(no_mangle)]
pub extern "C" fn peers_free(node: *mut peers_t) -> i32 {
    crate::ffi::boundary("peers_free", || {
        if node.is_null() {
            return Ok(());
        }
        handle::free_node(node)
    })
}
