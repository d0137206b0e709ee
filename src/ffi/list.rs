//! `peers_list_t`: one immutable snapshot of the registry.

use std::mem::size_of;

use crate::ffi::handle::{self, peers_t};
use crate::ffi::input;
use crate::ffi::snapshot_buffer::{self, SnapshotBuffer};
pub use crate::ffi::structs::{peers_list_t, peers_peer_t};

/// Takes a snapshot of the live peers: every entry that has not expired, ordered by name and then by id. The node
/// itself is not listed.
///
/// On success `*list` is a snapshot that the caller owns and frees with `peers_list_free`; it stays valid after
/// the node is freed.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe;
/// does not wait for the network.
///
/// # Safety
/// `list` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list(node: *mut peers_t, list: *mut *mut peers_list_t) -> i32 {
    crate::ffi::boundary(|| {
        let node = handle::get(node)?;
        input::not_null(list, "list")?;
        let buffer = node.read(|snapshot| {
            #[cfg(feature = "test-panic")]
            snapshot.iter().for_each(|peer| crate::fail_points::fail_point("export", peer.name.as_bytes()));
            SnapshotBuffer::copy_of(snapshot.iter(), snapshot.max_len(), snapshot.max_bytes())
        })?;
        let header =
            peers_list_t { len: buffer.len(), stride: size_of::<peers_peer_t>(), records: buffer.records() };
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { list.write(buffer.into_raw(header)) };
        Ok(())
    })
}

/// The record at `index` (from 0), or NULL when `index` is not below `list->len` or `list` is NULL.
///
/// The record and the texts in it belong to the snapshot and live until `peers_list_free`. Thread-safe.
///
/// # Safety
/// `list` is NULL or a snapshot from `peers_list` that was not freed.
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

/// Frees a snapshot. NULL is a no-op. Every record and text of it is gone afterwards. Each snapshot is freed
/// once, by any thread, before or after its node.
///
/// # Safety
/// `list` is NULL or a snapshot from `peers_list` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list_free(list: *mut peers_list_t) {
    // SAFETY: the caller vouches that `peers_list` returned it and that it was not freed.
    unsafe { snapshot_buffer::release(list) }
}
