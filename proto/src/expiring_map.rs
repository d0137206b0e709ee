//! `ExpiringMap`: a map whose entries expire.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::deadline_queue::DeadlineQueue;

/// Maximum time to live: a century, which every clock can still add to its time.
const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A map with fewer slots keeps its memory.
const MIN_SLOTS: usize = 1024;

/// A map from keys to values in which each entry has a deadline of its own.
///
/// An entry is live while `now` is before its deadline. An entry past its deadline stays renewable until
/// [`handle_timeout`](Self::handle_timeout) removes it: a renewal that races the expiry wins. Methods without `now` return
/// both.
///
/// An entry keeps its slot until it is removed. A method that takes a slot panics if the slot is free. Keys are found in a
/// tree: no insertion takes as long as the growth of a hash table of 65,536 names, and keys from the network cannot collide.
pub struct ExpiringMap<K, V> {
    slots: BTreeMap<K, u32>,
    entries: Vec<Option<Entry<K, V>>>,
    free_slots: Vec<u32>,
    deadlines: DeadlineQueue,
    max_entries: usize,
    /// Number of renewals of entries past their deadline.
    revivals: u64,
}

struct Entry<K, V> {
    key: K,
    value: V,
    renewed_at: Instant,
}

/// Times of an entry, relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Time since the entry was inserted or renewed.
    pub age: Duration,
    /// Time until the deadline; zero for an entry past it.
    pub expires_in: Duration,
}

/// A removed entry.
#[derive(Debug, PartialEq, Eq)]
pub struct Removed<K, V> {
    /// The key.
    pub key: K,
    /// The last value.
    pub value: V,
    /// The time of the last insertion or renewal.
    pub renewed_at: Instant,
    /// The slot, which is free now.
    pub slot: u32,
}

/// The map holds its maximum number of entries, and the key is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl<K: Ord + Clone, V> ExpiringMap<K, V> {
    /// Returns an empty map for at most `max_entries` entries (and never more than 2^32 - 1).
    pub fn new(max_entries: usize) -> Self {
        ExpiringMap {
            slots: BTreeMap::new(),
            entries: Vec::new(),
            free_slots: Vec::new(),
            deadlines: DeadlineQueue::default(),
            max_entries: max_entries.min(u32::MAX as usize),
            revivals: 0,
        }
    }

    /// Inserts an entry that expires at `now + ttl`, and returns its slot. For a known key, replaces the value and renews the
    /// entry.
    pub fn insert(&mut self, key: K, value: V, ttl: Duration, now: Instant) -> Result<u32, Full> {
        if let Some(slot) = self.renew(&key, ttl, now) {
            *self.at_mut(slot) = value;
            return Ok(slot);
        }
        if self.len() >= self.max_entries {
            return Err(Full);
        }
        let entry = Entry { key: key.clone(), value, renewed_at: now };
        let slot = self.free_slots.pop().unwrap_or(self.entries.len() as u32);
        match self.entries.get_mut(slot as usize) {
            Some(free) => *free = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.slots.insert(key, slot);
        self.deadlines.set(slot, now + ttl.min(MAX_TTL));
        Ok(slot)
    }

    /// Moves the deadline of an entry to `now + ttl`, and returns its slot. `None` if the key is unknown.
    pub fn renew<Q: Ord + ?Sized>(&mut self, key: &Q, ttl: Duration, now: Instant) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        let slot = self.slot_of(key)?;
        self.renew_at(slot, ttl, now);
        Some(slot)
    }

    /// Moves the deadline of the entry in a slot to `now + ttl`.
    pub fn renew_at(&mut self, slot: u32, ttl: Duration, now: Instant) {
        self.entry_mut(slot).renewed_at = now;
        self.move_deadline(slot, ttl, now);
    }

    /// Moves the deadline of each entry for which `ttl` returns a time, given the slot, the value and the time of the last
    /// renewal. The age stays.
    pub fn extend_all(
        &mut self,
        now: Instant,
        mut ttl: impl FnMut(u32, &mut V, Instant) -> Option<Duration>,
    ) {
        for slot in 0..self.entries.len() as u32 {
            if let Some(entry) = &mut self.entries[slot as usize]
                && let Some(ttl) = ttl(slot, &mut entry.value, entry.renewed_at)
            {
                self.move_deadline(slot, ttl, now);
            }
        }
    }

    /// Returns the value of a live entry.
    pub fn live(&self, key: &K, now: Instant) -> Option<&V> {
        self.live_slot(key, now).map(|slot| self.at(slot))
    }

    /// Returns the slot of a live entry.
    pub fn live_slot<Q: Ord + ?Sized>(&self, key: &Q, now: Instant) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        self.slot_of(key).filter(|slot| now < self.deadline_at(*slot))
    }

    /// Returns the slot of an entry.
    pub fn slot_of<Q: Ord + ?Sized>(&self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        self.slots.get(key).copied()
    }

    /// Removes an entry.
    pub fn remove(&mut self, key: &K) -> Option<Removed<K, V>> {
        self.slot_of(key).map(|slot| self.remove_at(slot))
    }

    /// Removes the entry in a slot.
    pub fn remove_at(&mut self, slot: u32) -> Removed<K, V> {
        self.deadlines.remove(slot);
        let removed = self.free(slot);
        if self.is_empty() {
            self.shrink();
        }
        removed
    }

    /// Returns the live entries, in the order of keys.
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = (&K, &V, Times)> {
        let live = self.slots.iter().filter_map(move |(key, slot)| Some((key, self.live_at(*slot, now)?)));
        live.map(|(key, (value, times))| (key, value, times))
    }

    /// Returns the values of all entries.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().flatten().map(|entry| &entry.value)
    }

    /// Returns the slots of all entries, in the order of keys.
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.slots.values().copied()
    }

    /// Returns the value in a slot.
    pub fn at(&self, slot: u32) -> &V {
        &self.entry(slot).value
    }

    /// Returns the value in a slot, to change it.
    pub fn at_mut(&mut self, slot: u32) -> &mut V {
        &mut self.entry_mut(slot).value
    }

    /// Returns the value in a slot with its times, if the entry is live.
    pub fn live_at(&self, slot: u32, now: Instant) -> Option<(&V, Times)> {
        (now < self.deadline_at(slot)).then(|| (self.at(slot), self.times_at(slot, now)))
    }

    /// Returns when the entry in a slot was inserted or renewed.
    pub fn renewed_at(&self, slot: u32) -> Instant {
        self.entry(slot).renewed_at
    }

    /// Returns the times of the entry in a slot.
    pub fn times_at(&self, slot: u32, now: Instant) -> Times {
        Times {
            age: now.saturating_duration_since(self.renewed_at(slot)),
            expires_in: self.deadline_at(slot).saturating_duration_since(now),
        }
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns true if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns the number of entries past their deadline, and the number of such entries that were renewed until now. While both
    /// stay the same and no entry is inserted or removed, the live entries are the same.
    pub fn overdue(&self, now: Instant) -> (usize, u64) {
        (self.deadlines.overdue(now), self.revivals)
    }

    /// Returns the first deadline: when to call `handle_timeout` next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.poll_timeout()
    }

    /// Removes at most 256 entries whose deadline has passed, and returns them in the order of their deadlines.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Removed<K, V>> {
        let due = self.deadlines.take_due(now);
        let removed: Vec<_> = due.into_iter().map(|slot| self.free(slot)).collect();
        if !removed.is_empty() {
            self.shrink();
        }
        removed
    }

    /// Frees the memory of the last slots, if at most a quarter of all is before them. A map that many entries have left so needs
    /// no more than before they came.
    fn shrink(&mut self) {
        let slots = self.entries.len();
        if slots < MIN_SLOTS || self.len() > slots / 4 {
            return;
        }
        let used = self.entries.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        if used <= slots / 4 {
            self.entries.truncate(used);
            self.entries.shrink_to_fit();
            self.free_slots.retain(|slot| (*slot as usize) < used);
            self.free_slots.shrink_to_fit();
            self.deadlines.truncate(used);
        }
    }

    /// Removes the entry in a slot that is no longer in the queue.
    fn free(&mut self, slot: u32) -> Removed<K, V> {
        let entry = self.entries[slot as usize].take();
        let Entry { key, value, renewed_at } = entry.expect("the slot is taken");
        self.slots.remove(&key);
        self.free_slots.push(slot);
        Removed { key, value, renewed_at, slot }
    }

    fn move_deadline(&mut self, slot: u32, ttl: Duration, now: Instant) {
        self.revivals += u64::from(self.deadline_at(slot) <= now);
        self.deadlines.set(slot, now + ttl.min(MAX_TTL));
    }

    fn deadline_at(&self, slot: u32) -> Instant {
        self.deadlines.get(slot).expect("the slot is taken")
    }

    fn entry(&self, slot: u32) -> &Entry<K, V> {
        self.entries[slot as usize].as_ref().expect("the slot is taken")
    }

    fn entry_mut(&mut self, slot: u32) -> &mut Entry<K, V> {
        self.entries[slot as usize].as_mut().expect("the slot is taken")
    }
}

impl<K, V> Removed<K, V> {
    /// Returns the times of the entry, which has no time left.
    pub fn times(&self, now: Instant) -> Times {
        Times { age: now.saturating_duration_since(self.renewed_at), expires_in: Duration::ZERO }
    }
}
