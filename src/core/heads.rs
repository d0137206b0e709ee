//! `Heads`: what a renewal needs of an entry, side by side in a table that is searched by key.
//!
//! The table is in parts that grow one at a time: one of a million that grows at once takes as long as thousands of datagrams.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

const PARTS: usize = 64;

pub(super) struct Heads<K> {
    parts: [HashTable<Head<K>>; PARTS],
    hasher: RandomState,
}

/// An entry's key, its times in nanoseconds, and where the rest of it is.
pub(super) struct Head<K> {
    pub key: K,
    pub deadline: u64,
    pub renewed: u64,
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

    #[inline]
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
        let hasher = &self.hasher;
        self.parts[part_of(hash)].insert_unique(hash, head, |head| hasher.hash_one(&head.key));
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
