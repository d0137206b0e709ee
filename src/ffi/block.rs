//! `Block`: the one allocation in which a header, records and all their bytes are handed to C.
//!
//! Layout: `Prefix | header | records ... | room for more | bytes of names, values and addresses ... | room for more`. The
//! caller holds a pointer to the header; the prefix before it remembers how much to free, and how many hold the allocation.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::mem::{align_of, size_of};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ffi::peer::{millis, peers_peer_t, source_code};
use crate::sys::host;
use peers_proto::{PeerView, Splice, Standing};

/// A header that `Block` may hand out and `free` may free.
///
/// Only for `repr(C)` structs without a destructor, handed to C nowhere but from a `Block`.
pub(super) unsafe trait Packed {}

/// Before each header. As wide as the strictest alignment in the allocation.
#[repr(C, align(16))]
struct Prefix {
    /// Of the whole allocation.
    size: usize,
    /// How often it is to be freed until it is.
    references: AtomicUsize,
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

/// An allocation that is being written. It has a reference of its own, which is given back when it is dropped; nothing but its
/// header is written while somebody else has one.
pub(super) struct Block<H: Packed> {
    prefix: *mut Prefix,
    /// Records that are written, and that there is room for.
    len: usize,
    most: usize,
    /// Where the next bytes go.
    place: *mut u8,
    left: usize,
    header: PhantomData<H>,
}

impl<H: Packed> Block<H> {
    /// Copies of `peers`.
    ///
    /// # Panics
    /// If they are more than there is `room` for.
    pub fn pack<'a>(peers: impl Iterator<Item = PeerView<'a>> + Clone, room: Room) -> Self {
        let mut block = Block::new(room, USUAL_ADDRESS);
        if !block.fill(peers.clone()) {
            block = Block::new(room, LONGEST_ADDRESS);
            assert!(block.fill(peers), "there is room for the longest addresses");
        }
        block
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Hands it out, behind the header that `header` makes of the first record and their number. It is given back by
    /// [`free`], and is not to be written before that.
    pub fn hand_out(&self, header: impl FnOnce(*const peers_peer_t, usize) -> H) -> *mut H {
        debug_assert!(!self.is_shared());
        let header = header(self.record(0), self.len);
        let place = self.prefix.wrapping_add(1).cast::<H>();
        // SAFETY: its place is behind the prefix, and nobody else has it.
        unsafe { place.write(header) };
        self.references().fetch_add(1, Ordering::Relaxed);
        place
    }

    /// True if somebody else has it.
    pub fn is_shared(&self) -> bool {
        // Only who has a reference can make another, so if this one is the only one it stays so; and all that others have read
        // was before they gave theirs back.
        self.references().load(Ordering::Acquire) != 1
    }

    /// Makes of its peers those of the next version: `peer` gives the ones at the places where some came. False if there is no
    /// room, or one is not to be had: then it holds no peers that could be handed out.
    pub fn splice<'a>(&mut self, splice: &Splice, peer: impl Fn(usize) -> Option<PeerView<'a>>) -> bool {
        debug_assert!(!self.is_shared());
        if splice.before != self.len || splice.after() > self.most {
            return false;
        }
        for (from, to) in splice.moves() {
            // SAFETY: both are below `most`, of which each has been written up to `before`; nobody else has the records.
            unsafe { self.record(from.start).copy_to(self.record(to), from.len()) };
        }
        self.len = splice.after();
        let mut writer = Writer::default();
        splice.came.iter().all(|at| peer(*at).is_some_and(|peer| writer.write(self, *at, &peer)))
    }

    /// Writes their times anew. False if one is not live any more, or they are not as many: then it holds nothing that could be
    /// handed out.
    pub fn set_times(&mut self, standings: impl Iterator<Item = Option<Standing>>) -> bool {
        debug_assert!(!self.is_shared());
        let mut written = 0;
        for standing in standings {
            let Some(standing) = standing.filter(|_| written < self.len) else { return false };
            // SAFETY: below the number of records; and nobody else has them.
            let record = unsafe { &mut *self.record(written) };
            record.age_ms = millis(standing.age);
            record.expires_in_ms = millis(standing.left);
            written += 1;
        }
        written == self.len
    }

    /// For so many records with their names and values, and an address of that length for each.
    fn new(room: Room, address: usize) -> Self {
        const { assert!(align_of::<H>() <= align_of::<Prefix>()) };
        const { assert!(align_of::<peers_peer_t>() <= align_of::<Prefix>()) };

        let bytes_at = Self::RECORDS_AT + room.count * size_of::<peers_peer_t>();
        // There is a NUL behind each name and each value.
        let left = room.bytes + room.count * (2 + address);
        let layout = layout(bytes_at + left);
        // SAFETY: the layout's size is not zero, for the prefix is in it, which is written where the allocation begins.
        unsafe {
            let base = alloc(layout);
            if base.is_null() {
                handle_alloc_error(layout);
            }
            let prefix: *mut Prefix = base.cast();
            prefix.write(Prefix { size: layout.size(), references: AtomicUsize::new(1) });
            Block { prefix, len: 0, most: room.count, place: base.add(bytes_at), left, header: PhantomData }
        }
    }

    /// Bytes from the prefix to the records.
    const RECORDS_AT: usize =
        (size_of::<Prefix>() + size_of::<H>()).next_multiple_of(align_of::<peers_peer_t>());

    /// Where a record is. Up to `most` of them are in the allocation.
    fn record(&self, at: usize) -> *mut peers_peer_t {
        self.prefix.wrapping_byte_add(Self::RECORDS_AT).cast::<peers_peer_t>().wrapping_add(at)
    }

    fn references(&self) -> &AtomicUsize {
        // SAFETY: its own reference keeps the allocation, at whose begin the prefix is.
        unsafe { &(*self.prefix).references }
    }

    /// Writes the records. False if there is no room for all their bytes.
    fn fill<'a>(&mut self, mut peers: impl Iterator<Item = PeerView<'a>>) -> bool {
        let mut writer = Writer::default();
        peers.all(|peer| {
            assert!(self.len < self.most, "there are no more peers than was said");
            self.len += 1;
            writer.write(self, self.len - 1, &peer)
        })
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
}

impl<H: Packed> Drop for Block<H> {
    fn drop(&mut self) {
        // SAFETY: it has its own reference.
        unsafe { give_back(self.prefix) }
    }
}

// SAFETY: it is memory that may be read and freed by any thread, and is written by who has the block.
unsafe impl<H: Packed> Send for Block<H> {}

/// Frees what a block has handed out, once nobody else has it. NULL is a no-op.
///
/// `header` is NULL or was handed out by a `Block`, and is freed as often as it was.
pub(super) unsafe fn free<H: Packed>(header: *mut H) {
    if !header.is_null() {
        // SAFETY: the prefix is right before the header.
        unsafe { give_back(header.cast::<Prefix>().sub(1)) }
    }
}

/// Gives back one of the references to an allocation, which there is.
unsafe fn give_back(prefix: *mut Prefix) {
    // SAFETY: the caller has a reference, so it is there. It was allocated with this size and the same layout. Whoever frees
    // last sees all that the others did before.
    unsafe {
        if (*prefix).references.fetch_sub(1, Ordering::AcqRel) == 1 {
            dealloc(prefix.cast(), layout((*prefix).size));
        }
    }
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, align_of::<Prefix>()).expect("a snapshot is smaller than the address space")
}

/// Writes records, one after another.
#[derive(Default)]
struct Writer {
    /// Names of interfaces, each looked up once.
    zones: BTreeMap<u32, Option<String>>,
    address: String,
}

impl Writer {
    /// Writes a record at a place below `most`, with its bytes. False if there is no room for these.
    fn write<H: Packed>(&mut self, block: &mut Block<H>, at: usize, peer: &PeerView<'_>) -> bool {
        self.address.clear();
        let zone_name = |index| self.zones.entry(index).or_insert_with(|| host::zone_of(index)).clone();
        peer.write_address(&mut self.address, zone_name);
        let texts = [peer.name.as_bytes(), peer.value, self.address.as_bytes()].map(|bytes| block.put(bytes));
        let [Some(name), Some(value), Some(address)] = texts else { return false };
        let record = peers_peer_t {
            name: name.cast(),
            value: value.cast(),
            value_len: peer.value.len(),
            address: address.cast(),
            age_ms: millis(peer.age),
            expires_in_ms: millis(peer.expires_in),
            source: source_code(peer.source),
            interface_index: peer.interface,
            port: peer.port,
            id: peer.id.unwrap_or_default(),
        };
        // SAFETY: there is room for `most` records, of which this is one, and nobody else has them.
        unsafe { block.record(at).write(record) };
        true
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::time::Duration;

    use super::*;
    use peers_proto::Source;

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
            source: Source::Multicast,
            age: Duration::ZERO,
            expires_in: Duration::ZERO,
        };
        let room = Room { count: 100, bytes: 100 * (peer.name.len() + peer.value.len()) };
        let block = Block::pack([peer; 100].into_iter(), room);
        let header = block.hand_out(|records, len| Header { records, len });
        // SAFETY: the block has made it, with so many records, whose texts end with a NUL.
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
