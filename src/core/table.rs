//! `SlotTable`: slots by the hash of their key.
//!
//! Open addressing with linear probing (Knuth, volume 3, section 6.4, algorithms L and R): one look into memory finds a slot,
//! where a table with its tags apart takes two. It keeps half of each hash, so it grows without a look at the keys; and it is in
//! parts that grow one at a time, for a table of a million that grows at once takes as long as thousands of datagrams.

const PARTS: usize = 64;
const LEAST_BUCKETS: usize = 8;

/// No slot has this number.
const EMPTY: Bucket = Bucket { tag: 0, slot: u32::MAX };

pub(super) struct SlotTable([Part; PARTS]);

#[derive(Default)]
struct Part {
    /// None, or a power of two of them, of which a quarter at least is empty.
    buckets: Box<[Bucket]>,
    len: usize,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// The upper half of the hash.
    tag: u32,
    slot: u32,
}

impl SlotTable {
    pub fn new() -> Self {
        SlotTable(std::array::from_fn(|_| Part::default()))
    }

    /// The slot of this hash that `is_it`.
    pub fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (part, tag) = place(hash);
        let part = &self.0[part];
        part.find(tag, is_it).map(|at| part.buckets[at].slot)
    }

    /// Puts in a slot that is not there.
    pub fn insert(&mut self, hash: u64, slot: u32) {
        let (part, tag) = place(hash);
        self.0[part].insert(Bucket { tag, slot });
    }

    /// Takes out a slot, if it is there.
    pub fn remove(&mut self, hash: u64, slot: u32) {
        let (part, tag) = place(hash);
        let part = &mut self.0[part];
        if let Some(at) = part.find(tag, |candidate| candidate == slot) {
            part.remove(at);
        }
    }
}

impl Part {
    /// Where the slot of this tag is that `is_it`.
    fn find(&self, tag: u32, is_it: impl Fn(u32) -> bool) -> Option<usize> {
        let mut at = self.home(tag);
        loop {
            let bucket = self.buckets.get(at).filter(|bucket| bucket.slot != EMPTY.slot)?;
            if bucket.tag == tag && is_it(bucket.slot) {
                return Some(at);
            }
            at = self.after(at);
        }
    }

    fn insert(&mut self, bucket: Bucket) {
        if (self.len + 1) * 4 > self.buckets.len() * 3 {
            self.grow();
        }
        self.put(bucket);
        self.len += 1;
    }

    fn grow(&mut self) {
        let count = (self.buckets.len() * 2).max(LEAST_BUCKETS);
        let former = std::mem::replace(&mut self.buckets, vec![EMPTY; count].into());
        former.iter().filter(|bucket| bucket.slot != EMPTY.slot).for_each(|bucket| self.put(*bucket));
    }

    fn put(&mut self, bucket: Bucket) {
        let mut at = self.home(bucket.tag);
        while self.buckets[at].slot != EMPTY.slot {
            at = self.after(at);
        }
        self.buckets[at] = bucket;
    }

    /// Empties a bucket, and moves up those behind it that would not be found any more.
    fn remove(&mut self, mut hole: usize) {
        let mut at = self.after(hole);
        while self.buckets[at].slot != EMPTY.slot {
            let from_home = self.distance(self.home(self.buckets[at].tag), at);
            if self.distance(hole, at) <= from_home {
                self.buckets[hole] = self.buckets[at];
                hole = at;
            }
            at = self.after(at);
        }
        self.buckets[hole] = EMPTY;
        self.len -= 1;
    }

    /// Where the search for a tag begins.
    fn home(&self, tag: u32) -> usize {
        self.wrapped(tag as usize)
    }

    fn after(&self, at: usize) -> usize {
        self.wrapped(at + 1)
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        self.wrapped(to.wrapping_sub(from))
    }

    fn wrapped(&self, at: usize) -> usize {
        at & self.buckets.len().wrapping_sub(1)
    }
}

/// The part for a hash, and its tag there.
fn place(hash: u64) -> (usize, u32) {
    (hash as usize % PARTS, (hash >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Hashes of one part that begin their search at few places, so that they are in each other's way.
    #[test]
    fn it_agrees_with_a_plain_map_where_all_collide() {
        let mut random = fastrand::Rng::with_seed(3);
        let (mut table, mut model) = (SlotTable::new(), HashMap::new());
        for _ in 0..20_000 {
            let slot = random.u32(0..100);
            // The last buckets go on with the first.
            let hash = ((u64::from(slot) % 7 + 125) << 32) | 5;
            match model.remove(&slot) {
                Some(hash) => table.remove(hash, slot),
                None => {
                    table.insert(hash, slot);
                    model.insert(slot, hash);
                }
            }
            for slot in 0..100 {
                let hash = ((u64::from(slot) % 7 + 125) << 32) | 5;
                let found = table.find(hash, |candidate| candidate == slot);
                assert_eq!(found.is_some(), model.contains_key(&slot));
            }
        }
    }
}
