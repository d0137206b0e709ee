//! The Bloom filter of known answers in the padding of a query (key 7; compare RFC 6762, section 7.1).
//!
//! The sender of a query to the group sets the bits of each instance that it has received since its burst began. An instance
//! whose bits are all set does not answer that query.

use super::InstanceId;

/// Minimum length of a filter in bytes. Shorter padding is no filter.
pub const MIN_FILTER_LEN: usize = 8;

/// Number of positions of one instance. With 8 bits for each instance, 2.4 % of those not in the filter have all of theirs
/// set; the next query has other positions.
const POSITIONS: u32 = 4;

/// Adds ids to the filter of the query with this sequence number: at most one for each byte.
pub fn insert(filter: &mut [u8], sequence: u64, ids: impl Iterator<Item = InstanceId>) {
    if filter.len() < MIN_FILTER_LEN {
        return;
    }
    for id in ids.take(filter.len()) {
        for bit in positions(&id, sequence, filter.len()) {
            filter[bit / 8] |= 1 << (bit % 8);
        }
    }
}

/// Returns true if the filter of the query with this sequence number has all positions of an id.
pub fn contains(filter: &[u8], sequence: u64, id: &InstanceId) -> bool {
    filter.len() >= MIN_FILTER_LEN
        && positions(id, sequence, filter.len()).all(|bit| filter[bit / 8] & 1 << (bit % 8) != 0)
}

fn positions(id: &InstanceId, sequence: u64, len: usize) -> impl Iterator<Item = usize> {
    let hash = hash(id, sequence);
    (0..POSITIONS).map(move |position| (hash >> (16 * position)) as usize % 0x10000 % (8 * len))
}

/// Returns the FNV-1a hash of 64 bits.
pub(crate) fn fnv1a<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.fold(0xcbf2_9ce4_8422_2325, step)
}

/// FNV-1a over the id and the sequence number, highest byte first; then one round of mixing, because the low bits of FNV-1a
/// depend on few bits of its input.
fn hash(id: &InstanceId, sequence: u64) -> u64 {
    let hash = fnv1a(id.iter().chain(&sequence.to_be_bytes()));
    let mixed = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}
