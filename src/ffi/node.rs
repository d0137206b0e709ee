//! A node's life, and the calls that act on it.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use crate::ffi::config::{self, peers_config_t};
use crate::ffi::entry::{self, peers_entry_t};
use crate::ffi::handle::{self, peers_t};
use crate::ffi::input;
use crate::peers::Peers;
use crate::seed::Seed;

/// The version of the library that is running, for example "0.1.0". Compare with `PEERS_VERSION`, the version of
/// the header the caller was compiled with.
///
/// The text is static; do not free it. Thread-safe. Needs no node.
#[unsafe(no_mangle)]
pub extern "C" fn peers_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Starts a node: it announces itself at once and then every interval, and lists the peers whose messages it receives.
/// With its first announcement it queries the group. The other nodes reply, so the list fills within milliseconds.
///
/// `config` may be NULL for defaults in everything. On success `*node` is a handle that the caller ends with
/// `peers_free`. A machine without a network is no error: the node is degraded (see `peers_health`) until one
/// comes up.
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

/// Lists a local entry, of which nothing is sent to other nodes. It raises events as a peer does, and it expires
/// after `ttl_ms` milliseconds unless it is registered again. A second registration of a key replaces the value and
/// renews the entry; `peers_unregister` removes it. For an entry with an address or a port see `peers_register_at`.
///
/// `key` is the name the entry is listed under: NUL-terminated UTF-8, 1 to 255 bytes, no control characters, not
/// the node's own name. `value` is `value_len` bytes, at most 1024, and may be NULL when that is 0. `ttl_ms` 0
/// means the node's expiry. Everything is copied.
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

/// Lists a local entry that may have an address and a port, of which nothing is sent to other nodes; otherwise as
/// `peers_register`. A second registration of a key replaces value, address and port, and renews the entry.
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

/// Removes an entry that `peers_register` or `peers_register_at` listed. It raises PEERS_EVENT_LEFT with
/// PEERS_LEFT_UNREGISTERED. Nothing is sent.
///
/// `key` is NUL-terminated UTF-8, as in the registration. If legacy beacons of that name arrive as well, the next one lists the entry
/// again.
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

/// Replaces the value that the node announces: that of `value` in `peers_config_t`, or of an earlier call. The other
/// nodes raise PEERS_EVENT_UPDATED.
///
/// The node announces it at once, or 100 ms after the last change; of several changes within that time it announces
/// only the latest. `value` may be NULL if `value_len` is 0, for no value. The limit is that of `value` in
/// `peers_config_t`. The bytes are copied. Legacy nodes do not receive it: a legacy beacon has no value.
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

/// Replaces the keys of a node that was started with keys, without an outage: `keys_count` times 32 bytes, 1 to 8 keys, as
/// in `peers_config_t`. From now on the first seals and all open.
///
/// To change the key of a cluster, do three rounds over its nodes: give each the new key behind the old one, then the new
/// one before the old one, then the new one alone. The bytes are copied, and the copies of the former keys wiped.
///
/// Errors: PEERS_ERR_NULL (`keys`, with a count), PEERS_ERR_INVALID (no key, more than 8, a pointer without a count, or
/// the node was started without keys), PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. After an
/// error the keys are as they were. Thread-safe; does not wait for the network.
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

/// Replaces the seeds of a node that was started with `seeds`, or in a `mode` that has them: a list as in `peers_config_t`;
/// NULL or "" for none.
///
/// The node queries new seeds at once. It sends nothing more to those that are left out; a peer there expires, unless
/// it has this node as a seed. The text is copied.
///
/// Errors: PEERS_ERR_INVALID (one of the list is no `host:port`, there are more than 1024, the node takes no seeds, or one of a
/// node with PEERS_MANUAL_CLOCK has a name), PEERS_ERR_NULL, PEERS_ERR_UTF8, PEERS_ERR_HANDLE, PEERS_ERR_FORKED,
/// PEERS_ERR_FAILED, PEERS_ERR_STOPPED. After an error the seeds are as they were. Thread-safe; does not wait for the
/// network, nor for names to be resolved.
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

/// Advances the time of a node with PEERS_MANUAL_CLOCK by `ms` milliseconds, and does all that falls due meanwhile,
/// in order: announcements, probes, expiries. When it returns, all of it has happened.
///
/// Each node has a time of its own: one that is not advanced sends nothing, and expires at the others.
///
/// Errors: PEERS_ERR_INVALID (the node runs on the system's clock), PEERS_ERR_NULL, PEERS_ERR_HANDLE,
/// PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn peers_advance(node: *mut peers_t, ms: u32) -> i32 {
    crate::ffi::boundary("peers_advance", || {
        Ok(handle::get::<Peers>(node)?.advance(Duration::from_millis(ms.into()))?)
    })
}

/// Ends the node: it sends a goodbye, its thread ends, and all it holds is released. NULL is a no-op.
///
/// The peers that receive the goodbye remove the node from their lists at once, with PEERS_LEFT_GOODBYE. Legacy
/// nodes ignore it, and keep the name until it expires. So do all nodes after a process that ended without this call.
///
/// The handle is dead at once: later calls with it, a second `peers_free` among them, give PEERS_ERR_HANDLE.
/// Calls that other threads have under way end first; one that waits in `peers_next_event`, `peers_wait` or
/// `peers_subscription_next` returns PEERS_ERR_STOPPED. Snapshots and events stay valid. The log function of the node is not called any more when this
/// returns; in a call of it, `peers_free` of the same node gives PEERS_ERR_DEADLOCK, and the node lives on.
///
/// In a forked child it closes the child's copies of the node's descriptors, so that the child holds no port, and nothing more: it
/// sends no goodbye, and the parent's node runs on. What a thread of the parent used at the moment of the fork stays open, and
/// memory stays allocated.
///
/// Errors: PEERS_ERR_HANDLE, PEERS_ERR_DEADLOCK. Thread-safe; blocks for as long as the node's thread needs to end,
/// which is milliseconds, and a log function that is under way.
#[unsafe(no_mangle)]
pub extern "C" fn peers_free(node: *mut peers_t) -> i32 {
    crate::ffi::boundary("peers_free", || {
        if node.is_null() {
            return Ok(());
        }
        handle::free_node(node)
    })
}
