//! `Heads`: what a renewal needs of an entry, side by side in a table that is searched by key.
//!
//! The table is in parts that grow one after another: one of a million that grows at once takes as long as thousands of
//! datagrams.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::expiring_map::agenda::Term;

const PARTS: usize = 64;

pub(crate) struct Heads<K> {
    parts: [HashTable<Head<K>>; PARTS],
    hasher: RandomState,
}

/// An entry's key, from when it was renewed last until when it is live, and where the rest of it is.
pub(crate) struct Head<K> {
    pub key: K,
    pub term: Term,
    pub slot: u32,
}

impl<K: Hash + Eq> Heads<K> {
    pub fn new() -> Self {
        Heads { parts: std::array::from_fn(|_| HashTable::new()), hasher: RandomState::default() }
    }

    #[inline]
    pub fn hash_of<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    #[inline]
    pub fn find<Q>(&self, key: &Q) -> Option<&Head<K>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash_of(key);
        self.parts[part_of(hash)].find(hash, |head| head.key.borrow() == key)
    }

    #[inline(always)] // it is all of a renewal
    pub fn find_mut<Q>(&mut self, key: &Q) -> Option<&mut Head<K>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash_of(key);
        self.parts[part_of(hash)].find_mut(hash, |head| head.key.borrow() == key)
    }

    /// Puts in one whose key, of this hash, is not there.
    pub fn insert(&mut self, hash: u64, head: Head<K>) {
        let hasher = |head: &Head<K>| self.hasher.hash_one(&head.key);
        let number = part_of(hash);
        let part = &mut self.parts[number];
        // They all have about as many: the first ones grow a bit early, for not all to do it at the same time.
        if part.len() * 8 * PARTS >= part.capacity() * (7 * PARTS + number) {
            part.reserve(part.capacity() - part.len() + 1, hasher);
        }
        part.insert_unique(hash, head, hasher);
    }

    /// The one of this slot, whose key has this hash.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn at(&self, hash: u64, slot: u32) -> &Head<K> {
        self.parts[part_of(hash)].find(hash, |head| head.slot == slot).expect("each entry has a head")
    }

    /// As [`at`](Self::at), to change it.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn at_mut(&mut self, hash: u64, slot: u32) -> &mut Head<K> {
        self.parts[part_of(hash)].find_mut(hash, |head| head.slot == slot).expect("each entry has a head")
    }

    /// Takes out the one of this slot, whose key has this hash.
    ///
    /// # Panics
    /// If there is none.
    pub fn remove(&mut self, hash: u64, slot: u32) -> Head<K> {
        match self.parts[part_of(hash)].find_entry(hash, |head| head.slot == slot) {
            Ok(entry) => entry.remove().0,
            Err(_) => panic!("each entry has a head"),
        }
    }

    /// All, in no particular order: as they lie in memory.
    pub fn iter(&self) -> impl Iterator<Item = &Head<K>> {
        self.parts.iter().filter(|part| !part.is_empty()).flatten()
    }

    /// As [`iter`](Self::iter), to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Head<K>> {
        self.parts.iter_mut().flatten()
    }
}

/// Of bits by which no part is searched: those begin at the lowest, and are the seven highest.
fn part_of(hash: u64) -> usize {
    (hash >> 48) as usize % PARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_parts_grow_one_after_another() {
        let mut heads = Heads::new();
        // Each part has room for 7168, until about here all have grown.
        let full = PARTS as u32 * 7168;
        let mut growths = Vec::new();
        for slot in 0..full + full / 32 {
            let part = part_of(heads.hash_of(&slot));
            let before = heads.parts[part].capacity();
            heads.insert(heads.hash_of(&slot), Head { key: slot, term: Term::default(), slot });
            if slot > full / 2 + full / 4 && heads.parts[part].capacity() > before {
                growths.push(slot);
            }
        }
        let [first, .., last] = growths[..] else { panic!("{growths:?}") };
        assert_eq!(growths.len(), PARTS);
        assert!(last - first > full / 11, "{first} to {last}");
        assert!((0..full).all(|slot| heads.find(&slot).is_some_and(|head| head.slot == slot)));
    }
}
