//! `peers_peer_t`, and the one allocation in which a header, records and all their bytes are handed to C.
//!
//! Layout: `Prefix | header | records ... | bytes of the first record | bytes of the second | ...`. The caller holds
//! a pointer to the header; the prefix before it remembers how much to free.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ffi::{c_char, c_void};
use std::mem::{align_of, size_of};
use std::time::Duration;

use crate::address::Zones;
use crate::core::{PeerView, Source};

/// Source: heard by a message of the native protocol.
pub const PEERS_SOURCE_BEACON: u32 = 1;
/// Source: heard by a line of the ancestor's protocol, "multitastic:NAME".
pub const PEERS_SOURCE_ANCESTOR: u32 = 2;
/// Source: put there by `peers_register`.
pub const PEERS_SOURCE_REGISTERED: u32 = 3;
/// Source: heard by a message of the native protocol that came to this node alone, and not yet by multicast: it is a seed, or
/// has this node for one.
pub const PEERS_SOURCE_SEED: u32 = 4;
/// Source: a member of the cluster, as the SWIM protocol has it (PEERS_MODE_SWIM).
pub const PEERS_SOURCE_MEMBER: u32 = 5;

/// One peer, as it was when the snapshot was taken or the event raised. Read-only; lives as long as the snapshot
/// or the event it is part of.
#[repr(C)]
pub struct peers_peer_t {
    /// Its name, NUL-terminated UTF-8. Two peers may have the same; `id` tells them apart.
    pub name: *const c_char,
    /// Its value: `value_len` bytes, then a NUL that does not count. Never NULL.
    pub value: *const c_void,
    /// Number of bytes in `value`.
    pub value_len: usize,
    /// The IP address it was heard from, as text ("192.0.2.7", "2001:db8::7"); "" for one that was only registered. A
    /// peer that is heard from several has the one it was first heard from, for as long as it is heard from it.
    pub address: *const c_char,
    /// Milliseconds since it was last heard or registered.
    pub age_ms: u64,
    /// Milliseconds until it is gone unless it is heard again; 0 in an event of one that left.
    pub expires_in_ms: u64,
    /// PEERS_SOURCE_*: what last told of it.
    pub source: u32,
    /// Index of the interface it was heard through (see if_indextoname), the scope of a link-local address; 0 when
    /// unknown or only registered.
    pub interface_index: u32,
    /// The port at which it offers its service; 0 when it announces none.
    pub port: u16,
    /// The random id of this run of it; all zero when unknown, as with the ancestor's nodes and registered entries.
    pub id: [u8; 16],
}

/// A header that `pack` may allocate and `free` may free.
///
/// Only for `repr(C)` structs without a destructor, handed to C nowhere but from `pack`.
pub(super) unsafe trait Packed {}

/// Before each header: the size of the whole allocation. As wide as the strictest alignment in it.
#[repr(C, align(16))]
struct Prefix {
    size: usize,
}

/// Whole milliseconds, for a C record.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Copies `peers` behind a header made by `header(first record, number of records)`, in one allocation that
/// `free` takes back.
pub(super) fn pack<H: Packed>(
    peers: &[PeerView<'_>],
    header: impl FnOnce(*const peers_peer_t, usize) -> H,
) -> *mut H {
    const { assert!(align_of::<H>() <= align_of::<Prefix>()) };
    const { assert!(align_of::<peers_peer_t>() <= align_of::<Prefix>()) };

    let addresses = Addresses::of(peers);
    let text_bytes: usize = peers.iter().map(|peer| peer.name.len() + 1 + peer.value.len() + 1).sum();
    let records_at = (size_of::<Prefix>() + size_of::<H>()).next_multiple_of(align_of::<peers_peer_t>());
    let bytes_at = records_at + peers.len() * size_of::<peers_peer_t>();
    let layout = layout(bytes_at + text_bytes + addresses.text.len());

    // SAFETY: the layout's size is not zero, for the prefix is in it. Every write below lies inside the
    // allocation: header and records by the offsets above, bytes by the sums above.
    unsafe {
        let base = alloc(layout);
        if base.is_null() {
            handle_alloc_error(layout);
        }
        base.cast::<Prefix>().write(Prefix { size: layout.size() });
        let records = base.add(records_at).cast::<peers_peer_t>();
        let mut cursor = Cursor(base.add(bytes_at));
        for (index, (peer, address)) in peers.iter().zip(addresses.iter()).enumerate() {
            records.add(index).write(peers_peer_t {
                name: cursor.put(peer.name.as_bytes()).cast(),
                value: cursor.put(peer.value).cast(),
                value_len: peer.value.len(),
                address: cursor.put(address.as_bytes()).cast(),
                age_ms: millis(peer.age),
                expires_in_ms: millis(peer.expires_in),
                source: source_code(peer.source),
                interface_index: peer.interface,
                port: peer.port,
                id: peer.id.unwrap_or_default(),
            });
        }
        let place = base.add(size_of::<Prefix>()).cast::<H>();
        place.write(header(records, peers.len()));
        place
    }
}

/// Frees what `pack` returned. NULL is a no-op.
///
/// `header` is NULL or came from `pack` and is freed once.
pub(super) unsafe fn free<H: Packed>(header: *mut H) {
    if header.is_null() {
        return;
    }
    // SAFETY: `pack` put a prefix right before the header, with the size it allocated with the same layout.
    unsafe {
        let base = header.cast::<u8>().sub(size_of::<Prefix>());
        let size = base.cast::<Prefix>().read().size;
        dealloc(base, layout(size));
    }
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, align_of::<Prefix>()).expect("a snapshot is smaller than the address space")
}

/// Writes byte strings one behind the other.
struct Cursor(*mut u8);

impl Cursor {
    /// Copies `bytes` and a NUL, and returns where they are.
    ///
    /// # Safety
    /// `bytes.len() + 1` bytes are left in the allocation.
    unsafe fn put(&mut self, bytes: &[u8]) -> *const u8 {
        let start = self.0;
        // SAFETY: the caller vouches for the room, and a fresh allocation overlaps nothing.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
            start.add(bytes.len()).write(0);
            self.0 = start.add(bytes.len() + 1);
        }
        start
    }
}

/// The addresses of all peers as text, NUL after each, in one string.
struct Addresses {
    text: String,
}

impl Addresses {
    fn of(peers: &[PeerView<'_>]) -> Self {
        let mut text = String::with_capacity(peers.len() * "255.255.255.255\0".len());
        let mut zones = Zones::default();
        for peer in peers {
            zones.write_address(&mut text, peer);
            text.push('\0');
        }
        Addresses { text }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.text.split_terminator('\0')
    }
}

fn source_code(source: Source) -> u32 {
    match source {
        Source::Beacon => PEERS_SOURCE_BEACON,
        Source::Seed => PEERS_SOURCE_SEED,
        Source::Member => PEERS_SOURCE_MEMBER,
        Source::Ancestor => PEERS_SOURCE_ANCESTOR,
        Source::Registered => PEERS_SOURCE_REGISTERED,
    }
}
