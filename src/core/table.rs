//! `SlotTable`: slots by the hash of their key.
//!
//! Open addressing in chunks, in each of which the tags of six slots lie beside the slots and are compared at once: one look into
//! memory finds a slot, and the processor, which goes ahead and begins the next search meanwhile, has seldom guessed wrong how
//! many looks it takes. How many were put in farther on because a chunk was full is counted there, so that taking one out moves
//! no other (Bronson and Shi, "Open-sourcing F14 for faster, more memory-efficient hash tables", 2019).
//!
//! It is in parts that grow one at a time: a table of a million that grows at once takes as long as thousands of datagrams.

const PARTS: usize = 64;
const LEAST_CHUNKS: usize = 2;

/// The slots of a chunk. With the word of their tags they fill half of a cache line.
const ROOM: usize = 6;

/// The lowest bit, and the highest, in each tag of a word.
const LOW: u64 = 0x0101_0101_0101;
const HIGH: u64 = LOW << 7;

/// One more that had to go past a chunk.
const PASSED: u64 = 1 << 48;

pub(super) struct SlotTable([Part; PARTS]);

#[derive(Default)]
struct Part {
    /// None, or a power of two of them, of whose room a quarter at least is empty.
    chunks: Box<[Chunk]>,
    len: usize,
}

#[derive(Clone, Copy, Default)]
#[repr(C, align(32))]
struct Chunk {
    /// A tag for each slot, from the lowest byte on, and zero where there is none. The upper two bytes count those that had to
    /// go past this chunk, which of keys that nobody could choose for their hashes are never very many.
    tags: u64,
    slots: [u32; ROOM],
}

/// Where a slot is in a part: the chunk, and the place in it.
type Place = (usize, usize);

impl SlotTable {
    pub fn new() -> Self {
        SlotTable(std::array::from_fn(|_| Part::default()))
    }

    /// The slot of this hash that `is_it`.
    #[inline]
    pub fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let part = &self.0[part_of(hash)];
        part.find(hash, is_it).map(|(chunk, place)| part.chunks[chunk].slots[place])
    }

    /// Puts in a slot that is not there. Those that are there may be asked for the hash of their key.
    pub fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(u32) -> u64) {
        let part = &mut self.0[part_of(hash)];
        if (part.len + 1) * 4 > part.chunks.len() * ROOM * 3 {
            part.grow(hash_of);
        }
        part.insert(hash, slot);
    }

    /// Takes out a slot, if it is there.
    pub fn remove(&mut self, hash: u64, slot: u32) {
        let part = &mut self.0[part_of(hash)];
        if let Some(place) = part.find(hash, |candidate| candidate == slot) {
            part.remove(hash, place);
        }
    }
}

impl Part {
    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<Place> {
        let (mut at, tag) = (self.home(hash), tag_of(hash));
        // Each of them may have been full once, and have been passed by one that is still there.
        for _ in 0..self.chunks.len() {
            let chunk = &self.chunks[at];
            let mut candidates = chunk.candidates(tag);
            while candidates != 0 {
                let place = first(candidates);
                if is_it(chunk.slots[place]) {
                    return Some((at, place));
                }
                candidates &= candidates - 1;
            }
            if chunk.tags < PASSED {
                break;
            }
            at = self.after(at);
        }
        None
    }

    fn grow(&mut self, hash_of: impl Fn(u32) -> u64) {
        let count = (self.chunks.len() * 2).max(LEAST_CHUNKS);
        let former = std::mem::replace(&mut self.chunks, vec![Chunk::default(); count].into());
        self.len = 0;
        former.iter().flat_map(Chunk::taken).for_each(|slot| self.insert(hash_of(slot), slot));
    }

    fn insert(&mut self, hash: u64, slot: u32) {
        let mut at = self.home(hash);
        while self.chunks[at].empty() == 0 {
            self.chunks[at].tags += PASSED;
            at = self.after(at);
        }
        self.chunks[at].put(tag_of(hash), slot);
        self.len += 1;
    }

    fn remove(&mut self, hash: u64, (chunk, place): Place) {
        let mut at = self.home(hash);
        while at != chunk {
            self.chunks[at].tags -= PASSED;
            at = self.after(at);
        }
        self.chunks[chunk].tags &= !(0xff << (place * 8));
        self.len -= 1;
    }

    /// Where the search for a hash begins.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        self.wrapped((hash >> 32) as usize)
    }

    fn after(&self, at: usize) -> usize {
        self.wrapped(at + 1)
    }

    fn wrapped(&self, at: usize) -> usize {
        at & self.chunks.len().wrapping_sub(1)
    }
}

impl Chunk {
    /// The high bits of the tags that may be this one: of all that are, and seldom of another.
    #[inline]
    fn candidates(&self, tag: u64) -> u64 {
        // What is equal is zero, and zero is what borrows (Mycroft's test; Anderson, "Bit Twiddling Hacks").
        let differences = self.tags ^ (tag * LOW);
        differences.wrapping_sub(LOW) & !differences & HIGH
    }

    /// The high bits of the tags that are not there.
    fn empty(&self) -> u64 {
        !self.tags & HIGH
    }

    fn put(&mut self, tag: u64, slot: u32) {
        let place = first(self.empty());
        self.tags |= tag << (place * 8);
        self.slots[place] = slot;
    }

    fn taken(&self) -> impl Iterator<Item = u32> {
        let (empty, slots) = (self.empty(), self.slots);
        slots
            .into_iter()
            .enumerate()
            .filter(move |(place, _)| empty & (0x80 << (place * 8)) == 0)
            .map(|(_, slot)| slot)
    }
}

/// The place of the first tag of those whose high bits these are.
#[inline]
fn first(high_bits: u64) -> usize {
    // Of six places; nobody has to look whether it is one.
    (high_bits.trailing_zeros() as usize / 8).min(ROOM - 1)
}

fn part_of(hash: u64) -> usize {
    hash as usize % PARTS
}

/// Its high bit is set: it is there.
fn tag_of(hash: u64) -> u64 {
    (hash >> 6) & 0x7f | 0x80
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Hashes of one part that begin their search at few places and have few tags, so that they are in each other's way; those
    /// that differ in the lowest bit of the tag are taken for each other at first.
    fn hash(slot: u32) -> u64 {
        let slot = u64::from(slot);
        // The last chunks go on with the first.
        ((slot % 7 + 29) << 32) | (slot % 3) << 6 | 5
    }

    #[test]
    fn it_agrees_with_a_plain_map_where_all_collide() {
        agrees_with_a_plain_map(100, 100);
    }

    /// Two chunks have room for nine. With those that come and go each is full at times, and passed by.
    #[test]
    fn one_that_is_not_there_is_not_searched_for_without_end_where_all_chunks_were_full() {
        agrees_with_a_plain_map(40, 9);
    }

    /// So many different slots come and go, of which at most so many are there at a time.
    fn agrees_with_a_plain_map(slots: u32, most: usize) {
        let mut random = fastrand::Rng::with_seed(3);
        let (mut table, mut model) = (SlotTable::new(), HashSet::new());
        for _ in 0..20_000 {
            let slot = random.u32(0..slots);
            if model.remove(&slot) {
                table.remove(hash(slot), slot);
            } else if model.len() < most {
                table.insert(hash(slot), slot, hash);
                model.insert(slot);
            }
            for slot in 0..slots {
                let found = table.find(hash(slot), |candidate| candidate == slot);
                assert_eq!(found.is_some(), model.contains(&slot));
            }
        }
        model.iter().for_each(|slot| table.remove(hash(*slot), *slot));
        let mut chunks = table.0.iter().flat_map(|part| part.chunks.iter());
        assert!(chunks.all(|chunk| chunk.tags == 0), "who is gone is not searched for farther on");
    }
}
