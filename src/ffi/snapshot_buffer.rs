//! `SnapshotBuffer`: copies of peers, in the form in which C reads and frees them.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::ptr;

use crate::ffi::peer::{millis, peers_peer_t, source_code};
use crate::sys::host;
use peers_proto::{PeerAddress, PeerView};

/// Length of the longest IPv4 address as text, with its NUL.
const USUAL_ADDRESS: usize = "255.255.255.255".len() + 1;

/// Records, and the texts they point to.
pub(super) struct SnapshotBuffer {
    records: Vec<peers_peer_t>,
    /// The addresses of each record, one record after the other.
    #[expect(dead_code, reason = "the records point into it")]
    addresses: Vec<*const c_char>,
    /// Names, values and addresses, each with a NUL behind it.
    #[expect(dead_code, reason = "the records and the addresses point into it")]
    text: Vec<u8>,
}

/// The allocation that C owns: it holds a pointer to the header.
#[repr(C)]
struct Owned<H, C> {
    header: H,
    contents: C,
}

/// Moves what a header points into behind it, and leaves both to the caller, who passes the header to [`release`].
pub(super) fn into_raw<H, C>(header: H, contents: C) -> *mut H {
    Box::into_raw(Box::new(Owned { header, contents })).cast()
}

/// Frees a header with its contents. NULL is a no-op.
///
/// # Safety
/// `header` is NULL or comes from [`into_raw`] with the same types, and was not released.
pub(super) unsafe fn release<H, C>(header: *mut H) {
    if !header.is_null() {
        // SAFETY: the caller passes what `into_raw` returned: the pointer to an `Owned`, of which the header is the first field.
        drop(unsafe { Box::from_raw(header.cast::<Owned<H, C>>()) });
    }
}

impl SnapshotBuffer {
    /// Copies `peers`. With at most `len` peers, and `bytes` bytes of names and values, few or no allocations grow.
    pub fn copy_of<'a>(peers: impl Iterator<Item = PeerView<'a>>, len: usize, bytes: usize) -> Self {
        let mut writer = Writer {
            records: Vec::with_capacity(len),
            addresses: Vec::with_capacity(len),
            text: Vec::with_capacity(bytes + len * (2 + USUAL_ADDRESS)),
            address: String::new(),
            zones: BTreeMap::new(),
        };
        peers.for_each(|peer| writer.write(&peer));
        writer.finish()
    }

    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns the first record, if there is one. It stays in place until the buffer is released.
    pub fn records(&self) -> *const peers_peer_t {
        self.records.as_ptr()
    }
}

/// Writes records one after another. Until text and addresses have their final places, pointers are offsets in them.
struct Writer {
    records: Vec<peers_peer_t>,
    addresses: Vec<*const c_char>,
    text: Vec<u8>,
    /// Reused from one address to the next.
    address: String,
    /// Names of interfaces, each looked up once.
    zones: BTreeMap<u32, Option<String>>,
}

impl Writer {
    fn write(&mut self, peer: &PeerView<'_>) {
        let name = append(&mut self.text, peer.name.as_bytes());
        let value = append(&mut self.text, peer.value);
        let first = self.addresses.len();
        peer.addresses().for_each(|address| self.write_address(&address));
        let address = self.addresses.get(first).copied();
        self.records.push(peers_peer_t {
            name: name.cast(),
            value: value.cast(),
            value_len: peer.value.len(),
            address: address.unwrap_or_else(|| append(&mut self.text, b"").cast()),
            age_ms: millis(peer.age),
            expires_in_ms: millis(peer.expires_in),
            source: source_code(peer.source),
            interface_index: peer.interface,
            port: peer.port,
            id: peer.id.unwrap_or_default(),
            addresses: ptr::without_provenance(first),
            addresses_len: self.addresses.len() - first,
            addresses_validated: peer.addresses_validated,
        });
    }

    fn write_address(&mut self, address: &PeerAddress) {
        let zone_name = |index| self.zones.entry(index).or_insert_with(|| host::zone_of(index)).clone();
        self.address.clear();
        address.write(&mut self.address, zone_name);
        self.addresses.push(append(&mut self.text, self.address.as_bytes()).cast());
    }

    fn finish(self) -> SnapshotBuffer {
        let Writer { mut records, mut addresses, text, .. } = self;
        let start = text.as_ptr();
        for address in &mut addresses {
            *address = start.wrapping_add(address.addr()).cast();
        }
        let first = addresses.as_ptr();
        for record in &mut records {
            record.name = start.wrapping_add(record.name.addr()).cast();
            record.value = start.wrapping_add(record.value.addr()).cast();
            record.address = start.wrapping_add(record.address.addr()).cast();
            record.addresses = match record.addresses_len {
                0 => ptr::null(),
                _ => first.wrapping_add(record.addresses.addr()),
            };
        }
        SnapshotBuffer { records, addresses, text }
    }
}

/// Appends bytes and a NUL, and returns their offset.
fn append(text: &mut Vec<u8>, bytes: &[u8]) -> *const u8 {
    let offset = ptr::without_provenance(text.len());
    text.extend_from_slice(bytes);
    text.push(0);
    offset
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::net::IpAddr;
    use std::time::Duration;

    use super::*;
    use peers_proto::Source;

    #[repr(C)]
    struct Header {
        records: *const peers_peer_t,
        len: usize,
    }

    fn peer<'a>(name: &'a str, value: &'a [u8], address: &str) -> PeerView<'a> {
        PeerView {
            name,
            value,
            address: Some(ip(address)),
            further_addresses: &[],
            addresses_validated: 1,
            interface: 2,
            port: 80,
            id: Some([7; 16]),
            source: Source::Multicast,
            age: Duration::from_millis(5),
            expires_in: Duration::from_secs(30),
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("it is an address")
    }

    /// Passes copies of the peers to C and back, and checks them in between.
    fn check(peers: &[PeerView<'_>], len: usize, bytes: usize) {
        let buffer = SnapshotBuffer::copy_of(peers.iter().copied(), len, bytes);
        let (records, len) = (buffer.records(), buffer.len());
        let header = into_raw(Header { records, len }, buffer);
        // SAFETY: `header` was just made, with `len` records, whose texts end with a NUL.
        unsafe {
            assert_eq!((*header).len, peers.len());
            for (at, peer) in peers.iter().enumerate() {
                let record = &*(*header).records.add(at);
                assert_eq!(CStr::from_ptr(record.name).to_str(), Ok(peer.name));
                let value = std::slice::from_raw_parts(record.value.cast::<u8>(), record.value_len + 1);
                assert_eq!(value.split_last(), Some((&0, peer.value)));
                let expected: Vec<_> = peer.addresses().map(|address| address.text(|_| None)).collect();
                assert_eq!(
                    CStr::from_ptr(record.address).to_str(),
                    Ok(expected.first().map_or("", |first| first))
                );
                assert_eq!(record.addresses.is_null(), expected.is_empty());
                assert_eq!(record.addresses_len, expected.len());
                for (at, address) in expected.iter().enumerate() {
                    assert_eq!(CStr::from_ptr(*record.addresses.add(at)).to_str(), Ok(&**address));
                }
                assert_eq!(record.addresses_validated, peer.addresses_validated);
                assert_eq!((record.age_ms, record.expires_in_ms), (5, 30_000));
                assert_eq!((record.interface_index, record.port, record.id), (2, 80, [7; 16]));
            }
            release::<_, SnapshotBuffer>(header);
        }
    }

    #[test]
    fn records_point_to_copies_of_all_texts() {
        let peers = [peer("lamp", b"", "192.0.2.7"), peer("printer", b"a\0b", "2001:db8::7")];
        check(&peers, 2, 14);
        check(&[], 0, 0);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri cannot look up the name of an interface")]
    fn a_record_has_each_address_or_none() {
        // No system has an interface of this index, so the index is the zone.
        let interface = 4_000_000_000;
        let further = ["10.0.0.7", "fe80::7"].map(|address| PeerAddress { address: ip(address), interface });
        let many = PeerView {
            further_addresses: &further,
            addresses_validated: 2,
            ..peer("many", b"", "192.0.2.7")
        };
        let none = PeerView { address: None, addresses_validated: 0, ..peer("none", b"", "192.0.2.8") };
        check(&[many, none, many, peer("one", b"", "192.0.2.9")], 4, 14);
    }

    #[test]
    fn a_buffer_grows_beyond_the_expected_size() {
        let address = "2001:db8:1111:2222:3333:4444:5555:6666";
        let peers = [peer("peer", b"value", address); 10];
        check(&peers, 10, 10 * "peervalue".len());
        check(&peers, 0, 0);
    }
}
