//! `peers_peer_t`, and the one allocation in which a header, records and all their bytes are handed to C.
//!
//! Layout: `Prefix | header | records ... | bytes of the first record | bytes of the second | ...`. The caller holds
//! a pointer to the header; the prefix before it remembers how much to free, and how many hold such a pointer.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ffi::{c_char, c_void};
use std::mem::{align_of, size_of};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::address::Zones;
use crate::core::{PeerView, Source, Times};

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

/// Before each header. As wide as the strictest alignment in the allocation.
#[repr(C, align(16))]
struct Prefix {
    /// Of the whole allocation.
    size: usize,
    /// How often it is to be freed until it is.
    references: AtomicUsize,
}

/// Whole milliseconds, for a C record.
pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis().into())
}

/// How much is to be allocated for some peers.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// The most records.
    pub count: usize,
    /// The most bytes of all names and values.
    pub bytes: usize,
}

/// What most addresses have as text, with a NUL.
const USUAL_ADDRESS: usize = "255.255.255.255".len() + 1;

/// What no address exceeds: the name of an interface has up to 15 bytes, of which each may become three.
const LONGEST_ADDRESS: usize = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%".len() + 3 * 15 + 1;

/// Copies `peers` behind a header made by `header(first record, number of records)`, in one allocation that
/// `free` takes back.
///
/// # Panics
/// If they are more than there is `room` for.
pub(super) fn pack<'a, H: Packed>(
    peers: impl Iterator<Item = PeerView<'a>> + Clone,
    room: Room,
    header: impl FnOnce(*const peers_peer_t, usize) -> H,
) -> *mut H {
    let mut block = Block::new(room, USUAL_ADDRESS);
    if !block.fill(peers.clone()) {
        block = Block::new(room, LONGEST_ADDRESS);
        assert!(block.fill(peers), "there is room for the longest addresses");
    }
    block.finish(header)
}

/// Frees what `pack` returned, once nobody else has it. NULL is a no-op.
///
/// `header` is NULL or came from `pack` or `Kept::again`, and is freed as often as it did.
pub(super) unsafe fn free<H: Packed>(header: *mut H) {
    if header.is_null() {
        return;
    }
    // SAFETY: `pack` put a prefix right before the header, with the size it allocated with the same layout. Whoever frees
    // last sees all that the others did before.
    unsafe {
        let prefix = prefix_of(header);
        if (*prefix).references.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let size = (*prefix).size;
        dealloc(prefix.cast(), layout(size));
    }
}

/// One reference to what `pack` has returned, to use it again when nobody else has it any more.
pub(super) struct Kept<H: Packed> {
    header: *mut H,
    count: usize,
}

impl<H: Packed> Kept<H> {
    /// Keeps what `pack` has just returned, with its number of records.
    ///
    /// # Safety
    /// It was not freed, and has so many.
    pub unsafe fn new(header: *mut H, count: usize) -> Self {
        // SAFETY: by the above there is a prefix before it.
        unsafe { (*prefix_of(header)).references.fetch_add(1, Ordering::Relaxed) };
        Kept { header, count }
    }

    /// The same again, as new from `pack`, if it is to tell of as many `peers`, of whom nothing is new but their times and the
    /// interfaces they are heard through. `None` if somebody still reads it.
    pub fn again(&mut self, peers: impl Iterator<Item = Times>) -> Option<*mut H> {
        // SAFETY: this reference keeps it. Only who has one can make another, so if it is the only one it stays so; and all
        // that others have read was before they gave theirs back.
        let references = unsafe { &(*prefix_of(self.header)).references };
        if references.load(Ordering::Acquire) != 1 {
            return None;
        }
        let mut written = 0;
        for Times { age, expires_in, interface } in peers {
            if written == self.count {
                return None;
            }
            // SAFETY: below the number of records; and nobody else has them.
            let record = unsafe { &mut *records_of(self.header).add(written) };
            record.age_ms = millis(age);
            record.expires_in_ms = millis(expires_in);
            record.interface_index = interface;
            written += 1;
        }
        (written == self.count).then(|| {
            references.fetch_add(1, Ordering::Relaxed);
            self.header
        })
    }
}

impl<H: Packed> Drop for Kept<H> {
    fn drop(&mut self) {
        // SAFETY: it has its own reference.
        unsafe { free(self.header) }
    }
}

// SAFETY: what `pack` returns may be read and freed by any thread.
unsafe impl<H: Packed> Send for Kept<H> {}

/// Where the prefix of a header is that came from `pack`.
fn prefix_of<H: Packed>(header: *mut H) -> *mut Prefix {
    header.cast::<Prefix>().wrapping_sub(1)
}

/// Where the records behind a header are.
fn records_of<H: Packed>(header: *mut H) -> *mut peers_peer_t {
    prefix_of(header).wrapping_byte_add(records_at::<H>()).cast()
}

/// Bytes from the prefix to the records.
const fn records_at<H: Packed>() -> usize {
    (size_of::<Prefix>() + size_of::<H>()).next_multiple_of(align_of::<peers_peer_t>())
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, align_of::<Prefix>()).expect("a snapshot is smaller than the address space")
}

/// What is allocated for a header, records and bytes, until the header is written.
struct Block<H: Packed> {
    header: *mut H,
    written: usize,
    room: Room,
    /// Where the next bytes go.
    place: *mut u8,
    left: usize,
}

impl<H: Packed> Block<H> {
    /// For so many records with their names and values, and an address of that length for each.
    fn new(room: Room, address: usize) -> Self {
        const { assert!(align_of::<H>() <= align_of::<Prefix>()) };
        const { assert!(align_of::<peers_peer_t>() <= align_of::<Prefix>()) };

        let bytes_at = records_at::<H>() + room.count * size_of::<peers_peer_t>();
        // There is a NUL behind each name and each value.
        let left = room.bytes + room.count * (2 + address);
        let layout = layout(bytes_at + left);
        // SAFETY: the layout's size is not zero, for the prefix is in it, which is written where the allocation begins.
        unsafe {
            let base = alloc(layout);
            if base.is_null() {
                handle_alloc_error(layout);
            }
            base.cast::<Prefix>().write(Prefix { size: layout.size(), references: AtomicUsize::new(1) });
            let header = base.add(size_of::<Prefix>()).cast();
            Block { header, written: 0, room, place: base.add(bytes_at), left }
        }
    }

    /// Writes the records. False if there is no room for all their bytes.
    fn fill<'a>(&mut self, peers: impl Iterator<Item = PeerView<'a>>) -> bool {
        let (mut zones, mut address) = (Zones::default(), String::new());
        for peer in peers {
            address.clear();
            zones.write_address(&mut address, &peer);
            if self.write(&peer, &address).is_none() {
                return false;
            }
        }
        true
    }

    fn write(&mut self, peer: &PeerView<'_>, address: &str) -> Option<()> {
        assert!(self.written < self.room.count, "there are no more peers than was said");
        let record = peers_peer_t {
            name: self.put(peer.name.as_bytes())?.cast(),
            value: self.put(peer.value)?.cast(),
            value_len: peer.value.len(),
            address: self.put(address.as_bytes())?.cast(),
            age_ms: millis(peer.age),
            expires_in_ms: millis(peer.expires_in),
            source: source_code(peer.source),
            interface_index: peer.interface,
            port: peer.port,
            id: peer.id.unwrap_or_default(),
        };
        // SAFETY: there is room for `count` records, of which this is one.
        unsafe { records_of(self.header).add(self.written).write(record) };
        self.written += 1;
        Some(())
    }

    /// Copies `bytes` and a NUL, and returns where they are. `None` if there is no room.
    fn put(&mut self, bytes: &[u8]) -> Option<*const u8> {
        let start = self.place;
        self.left = self.left.checked_sub(bytes.len() + 1)?;
        // SAFETY: there is room, and nobody else has what was just allocated.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
            start.add(bytes.len()).write(0);
            self.place = start.add(bytes.len() + 1);
        }
        Some(start)
    }

    /// Writes the header, and hands all of it out.
    fn finish(self, header: impl FnOnce(*const peers_peer_t, usize) -> H) -> *mut H {
        let header = header(records_of(self.header), self.written);
        // SAFETY: its place is behind the prefix.
        unsafe { self.header.write(header) };
        std::mem::ManuallyDrop::new(self).header
    }
}

impl<H: Packed> Drop for Block<H> {
    fn drop(&mut self) {
        // SAFETY: nobody else has it, and `free` looks at nothing but the prefix.
        unsafe { free(self.header) }
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

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[repr(C)]
    struct Header {
        records: *const peers_peer_t,
        len: usize,
    }

    // SAFETY: it is handed to nobody.
    unsafe impl Packed for Header {}

    #[test]
    fn there_is_room_for_addresses_that_are_longer_than_most() {
        let address = "2001:db8:1111:2222:3333:4444:5555:6666";
        let peer = PeerView {
            name: "peer",
            value: b"value",
            address: Some(address.parse().expect("it is an address")),
            interface: 2,
            port: 80,
            id: None,
            source: Source::Beacon,
            age: Duration::ZERO,
            expires_in: Duration::ZERO,
        };
        let room = Room { count: 100, bytes: 100 * (peer.name.len() + peer.value.len()) };
        let header = pack([peer; 100].into_iter(), room, |records, len| Header { records, len });
        // SAFETY: `pack` has made it, with so many records, whose texts end with a NUL.
        unsafe {
            assert_eq!((*header).len, 100);
            for at in 0..100 {
                let record = &*(*header).records.add(at);
                assert_eq!(CStr::from_ptr(record.name), c"peer");
                assert_eq!(CStr::from_ptr(record.address).to_str(), Ok(address));
            }
            free(header);
        }
    }
}
