//! `peers_list_t`: one immutable snapshot of the registry.

use std::mem::size_of;

use crate::ffi::handle::{self, peers_t};
use crate::ffi::input;
use crate::ffi::snapshot_buffer::{self, SnapshotBuffer};
pub use crate::ffi::structs::{peers_list_t, peers_peer_t};
use crate::peers::Peers;

/// Returns a snapshot of the live peers, ordered by name and then by id. The node itself is not listed.
///
/// On success `*list` is a snapshot that the caller owns and frees with `peers_list_free`. It stays valid after the node is
/// freed.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe;
/// does not wait for the network.
///
/// # Safety
/// `list` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list(node: *mut peers_t, list: *mut *mut peers_list_t) -> i32 {
    crate::ffi::boundary("peers_list", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(list, "list")?;
        let (version, buffer) = node.read(|version, snapshot| {
            #[cfg(feature = "test-panic")]
            snapshot.iter().for_each(|peer| crate::fail_points::fail_point("export", peer.name.as_bytes()));
            (version, SnapshotBuffer::copy_of(snapshot.iter(), snapshot.max_len(), snapshot.max_bytes()))
        })?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { list.write(pack_list(buffer, version)) };
        Ok(())
    })
}

fn pack_list(buffer: SnapshotBuffer, version: u64) -> *mut peers_list_t {
    let (len, records) = (buffer.len(), buffer.records());
    let header = peers_list_t { len, stride: size_of::<peers_peer_t>(), records, version };
    snapshot_buffer::into_raw(header, buffer)
}

/// Returns the node's own record, as a list of one: its name, id, value and port, as it announces them.
///
/// Its source is PEERS_SOURCE_SELF. Its `addresses` are those of all interfaces in use, link-local ones last. On success
/// `*list` is a snapshot that the caller owns and frees with `peers_list_free`. Its `version` is 0: `peers_wait` does not
/// wait for changes of it.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe;
/// does not wait for the network.
///
/// # Safety
/// `list` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_self(node: *mut peers_t, list: *mut *mut peers_list_t) -> i32 {
    crate::ffi::boundary("peers_self", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(list, "list")?;
        let own = node.own_record()?;
        let buffer = SnapshotBuffer::copy_of([own.view()].into_iter(), 1, own.name.len() + own.value.len());
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { list.write(pack_list(buffer, 0)) };
        Ok(())
    })
}

/// Returns the record at `index` (from 0), or NULL if `index` is not below `list->len` or `list` is NULL.
///
/// The record and its texts belong to the snapshot, and are valid until `peers_list_free`. Thread-safe.
///
/// # Safety
/// `list` is NULL or a snapshot from `peers_list` or `peers_self` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list_at(list: *const peers_list_t, index: usize) -> *const peers_peer_t {
    // SAFETY: the caller vouches for a live snapshot, if it is one.
    let Some(list) = (unsafe { list.as_ref() }) else { return std::ptr::null() };
    if index >= list.len {
        return std::ptr::null();
    }
    // SAFETY: `index` is below `len`, so the record lies in the snapshot's buffer.
    unsafe { list.records.byte_add(index * list.stride) }
}

/// Waits until the version of the node's list differs from `version`, the `version` of an earlier list.
///
/// The version rises when a peer joins, is updated or leaves, and when an entry passes its deadline. A renewal does not
/// change it. The call takes no event, and any number of threads may wait. A loop that misses no change:
///
/// ```c
/// uint64_t version = 0;
/// while (peers_wait(node, version, -1, &version) == PEERS_OK) {
///     peers_list_t *list = NULL;
///     if (peers_list(node, &list) != PEERS_OK) break;
///     version = list->version;
///     use(list);
///     peers_list_free(list);
/// }
/// ```
///
/// With `version` 0 the call returns at once. `timeout_ms`: 0 does not wait, a negative number waits without limit. The wait is in
/// real time, also on a node with a manual clock, which another thread advances meanwhile. On success `*now` is the present
/// version.
///
/// Errors: PEERS_ERR_TIMEOUT if the version stayed the same; PEERS_ERR_STOPPED if the node is freed meanwhile; PEERS_ERR_NULL,
/// PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED. Thread-safe; blocks up to `timeout_ms`.
///
/// # Safety
/// `now` is NULL or points to a writable number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_wait(node: *mut peers_t, version: u64, timeout_ms: i32, now: *mut u64) -> i32 {
    crate::ffi::boundary("peers_wait", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(now, "now")?;
        let version = node.wait(version, input::timeout(timeout_ms))?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { now.write(version) };
        Ok(())
    })
}

/// Frees a snapshot with its records and texts. NULL is a no-op. Free each snapshot once, on any thread, before or after its
/// node.
///
/// # Safety
/// `list` is NULL or a snapshot from `peers_list` or `peers_self` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list_free(list: *mut peers_list_t) {
    // SAFETY: the caller vouches that a call of this library returned it and that it was not freed.
    unsafe { snapshot_buffer::release::<_, SnapshotBuffer>(list) }
}
