//! `peers_list_t`: one immutable snapshot of the registry.

use std::mem::size_of;

use crate::ffi::block::{self, Block, Packed, Room};
use crate::ffi::handle;
use crate::ffi::input;
use crate::ffi::node::peers_t;
use crate::ffi::peer::peers_peer_t;
use crate::runtime::state::Kept;
use peers_proto::Walk;

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
    crate::ffi::boundary(|| {
        input::not_null(node, "node")?;
        input::not_null(list, "list")?;
        let node = handle::get(node)?;
        let snapshot = node.list_with(|peers, kept| {
            #[cfg(feature = "test-panic")]
            peers.clone().for_each(|peer| crate::test_panic::at("export", peer.name.as_bytes()));
            list_of(&peers, kept)
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
    // SAFETY: the caller vouches that it was handed out and is freed once.
    unsafe { block::free(list) }
}

/// The last list, which is used again for the next if its reader has freed it by then.
struct Last {
    block: Block<peers_list_t>,
    /// See [`Walk::version`].
    version: u64,
}

impl Last {
    /// A list of its own. There is some room, so that those who come need no new one.
    fn new(peers: &Walk<'_>) -> Self {
        let (count, bytes) = (peers.most(), peers.most_bytes());
        let room = Room { count: count + count / 8 + 8, bytes: bytes + bytes / 8 + 1024 };
        Last { block: Block::pack(peers.clone(), room), version: peers.version() }
    }

    /// Makes it the list of these peers, if it is the one before, or they differ in their times alone. If it cannot be, false: it
    /// is good for nothing then.
    fn follow(&mut self, peers: &Walk<'_>) -> bool {
        !self.block.is_shared() && self.take_changes(peers) && self.block.set_times(peers.standings())
    }

    fn take_changes(&mut self, peers: &Walk<'_>) -> bool {
        if self.version == peers.version() {
            return true;
        }
        let is_before = self.version + 1 == peers.version();
        self.version = peers.version();
        let splice = peers.splice().filter(|_| is_before);
        splice.is_some_and(|splice| self.block.splice(splice, |at| peers.peer(at)))
    }

    fn hand_out(&self) -> *mut peers_list_t {
        let stride = size_of::<peers_peer_t>();
        self.block.hand_out(|records, len| peers_list_t { len, stride, records })
    }
}

/// The list of these peers, made of the last one or of its own; it is kept for the next.
fn list_of(peers: &Walk<'_>, kept: &mut Kept) -> *mut peers_list_t {
    let last = kept.as_mut().and_then(|kept| kept.downcast_mut::<Last>());
    if let Some(last) = last
        && last.follow(peers)
    {
        return last.hand_out();
    }
    // What is freed now may be what is allocated next.
    *kept = None;
    let list = Last::new(peers);
    let handed_out = list.hand_out();
    // One whose time has run out is not in it, and may be back without a change.
    if list.block.len() == peers.most() {
        *kept = Some(Box::new(list));
    }
    handed_out
}

// SAFETY: what the block hands out is the struct itself.
unsafe impl Packed for peers_list_t {}
