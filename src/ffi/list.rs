//! `peers_list_t`: one immutable snapshot of the registry.

use std::mem::size_of;

use super::handle;
use super::input;
use super::node::peers_t;
use super::packed::{self, Kept, Packed, Room, peers_peer_t};
use crate::core::Walk;
use crate::driver;

/// A snapshot of the registry, ordered by name and then by id. It does not change; free it with
/// `peers_list_free`.
#[repr(C)]
pub struct peers_list_t {
    /// Number of records.
    pub len: usize,
    /// Bytes from one record to the next, at least `sizeof(peers_peer_t)` of the library's version.
    pub stride: usize,
    /// The first record. Use `peers_list_at`, which keeps to `stride`.
    pub records: *const peers_peer_t,
}

/// A snapshot of the peers that are live now: every entry whose time has not run out, ordered by name and then
/// by id. The node itself is not listed.
///
/// On success `*list` is a snapshot that the caller owns and frees with `peers_list_free`; it stays valid after
/// the node is freed.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED, PEERS_ERR_FAILED, PEERS_ERR_STOPPED. Thread-safe;
/// does not wait for the network.
///
/// `list` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list(node: *mut peers_t, list: *mut *mut peers_list_t) -> i32 {
    super::boundary(|| {
        input::not_null(node, "node")?;
        input::not_null(list, "list")?;
        let node = handle::get(node)?;
        let snapshot = node.list_with(|peers, events, kept| {
            #[cfg(feature = "test-panic")]
            peers.clone().for_each(|peer| crate::test_panic::at("export", peer.name.as_bytes()));
            let last = kept.as_mut().and_then(|kept| kept.downcast_mut::<Last>());
            last.and_then(|last| last.again(&peers, events)).unwrap_or_else(|| copy(&peers, events, kept))
        })?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { list.write(snapshot) };
        Ok(())
    })
}

/// The record at `index` (from 0), or NULL when `index` is not below `list->len` or `list` is NULL.
///
/// The record and the texts in it belong to the snapshot and live until `peers_list_free`. Thread-safe.
///
/// `list` is NULL or a snapshot from `peers_list` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list_at(list: *const peers_list_t, index: usize) -> *const peers_peer_t {
    // SAFETY: the caller vouches for a live snapshot, if it is one.
    let Some(list) = (unsafe { list.as_ref() }) else { return std::ptr::null() };
    if index >= list.len {
        return std::ptr::null();
    }
    // SAFETY: `index` is below `len`, so the record lies inside the snapshot's allocation.
    unsafe { list.records.byte_add(index * list.stride) }
}

/// Frees a snapshot. NULL is a no-op. Every record and text of it is gone afterwards. Each snapshot is freed
/// once, by any thread, before or after its node.
///
/// `list` is NULL or a snapshot from `peers_list` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_list_free(list: *mut peers_list_t) {
    // SAFETY: the caller vouches that it came from `pack` and is freed once.
    unsafe { packed::free(list) }
}

/// The last list, which is used again for the next if its reader has freed it by then: with new ages, if no peer has changed
/// otherwise.
struct Last {
    list: Kept<peers_list_t>,
    /// How many events there had been.
    events: u64,
    /// How many peers it has; all that there were.
    len: usize,
}

impl Last {
    fn again(&mut self, peers: &Walk<'_>, events: u64) -> Option<*mut peers_list_t> {
        let is_of_the_same = self.events == events && self.len == peers.most();
        if is_of_the_same { self.list.again(peers.times()) } else { None }
    }
}

/// A list of its own, which the next may use.
fn copy(peers: &Walk<'_>, events: u64, kept: &mut driver::Kept) -> *mut peers_list_t {
    // What is freed now may be what is allocated next.
    *kept = None;
    let stride = size_of::<peers_peer_t>();
    let mut len = 0;
    let room = Room { count: peers.most(), bytes: peers.most_bytes() };
    let list = packed::pack(peers.clone(), room, |records, count| {
        len = count;
        peers_list_t { len, stride, records }
    });
    // One whose time has run out may be back without an event.
    if len == peers.most() {
        // SAFETY: it is new, and `pack` has said how many records it has.
        let list = unsafe { Kept::new(list, len) };
        *kept = Some(Box::new(Last { list, events, len }));
    }
    list
}

// SAFETY: the header `pack` was given is the struct itself.
unsafe impl Packed for peers_list_t {}
