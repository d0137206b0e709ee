//! `ExpiringRegistry`: a map whose entries are gone when their time runs out.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash};
use std::time::{Duration, Instant};

use foldhash::quality::RandomState;
use slab::Slab;

use super::agenda::Agenda;
use super::table::SlotTable;

/// The most changes that are remembered, for who has looked at the entries before.
const MAX_CHANGES: usize = 1024;

/// A map from keys to values in which each entry has a deadline of its own.
///
/// An entry is live while `now` is before its deadline. One whose deadline has passed is never shown by
/// [`registrations`](Self::registrations), but stays renewable until [`handle_timeout`](Self::handle_timeout) takes
/// it out: a registration that races the expiry wins.
///
/// Registering and renewing are O(1), with no allocation for a known key: a renewal stores the new deadline, and
/// the agenda learns of it only when the old one has come. The hash is seeded at random, because keys come
/// from the network: who does not see the table cannot tell which of them collide. (SipHash holds even against who does, and takes
/// more than half of the time of a renewal.)
pub struct ExpiringRegistry<K, V> {
    entries: Slab<Entry<K, V>>,
    /// Slots in `entries`, by the hash of their key. Keys live in the entries alone.
    index: SlotTable,
    hasher: RandomState,
    agenda: Agenda,
    max_entries: usize,
    /// How often an entry was put in or taken out, and the places of the last of them.
    changes: u64,
    changed: VecDeque<u32>,
}

struct Entry<K, V> {
    key: K,
    value: V,
    deadline: u64,
}

/// The entries that are live at one moment.
pub(super) struct Live<'a, K, V> {
    entries: &'a Slab<Entry<K, V>>,
    now: u64,
}

/// An entry whose time ran out.
#[derive(Debug, PartialEq, Eq)]
pub struct Expired<K, V> {
    /// The key it was registered with.
    pub key: K,
    /// Its last value.
    pub value: V,
    /// When its time ran out.
    pub deadline: Instant,
}

/// The registry holds as many entries as it may; the newcomer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl<K: Hash + Eq, V> ExpiringRegistry<K, V> {
    /// An empty registry for at most `max_entries` entries (and never more than 2^32 - 2), in which time begins
    /// at `now`.
    pub fn new(max_entries: usize, now: Instant) -> Self {
        ExpiringRegistry {
            entries: Slab::new(),
            index: SlotTable::new(),
            hasher: RandomState::default(),
            agenda: Agenda::new(now),
            max_entries: max_entries.min(u32::MAX as usize - 1),
            changes: 0,
            changed: VecDeque::new(),
        }
    }

    /// Puts an entry in the registry until `now + ttl`. Replaces the value of a key that is there, which is
    /// returned, and renews it; refuses a new key when the registry is full.
    pub fn register(&mut self, key: K, value: V, ttl: Duration, now: Instant) -> Result<Option<V>, Full> {
        if let Some(current) = self.renew(&key, ttl, now) {
            return Ok(Some(std::mem::replace(current, value)));
        }
        if self.entries.len() >= self.max_entries {
            return Err(Full);
        }
        let deadline = self.agenda.deadline(ttl, now);
        let hash = self.hasher.hash_one(&key);
        let slot = self.entries.insert(Entry { key, value, deadline }) as u32;
        self.index.insert(hash, slot, |slot| self.hasher.hash_one(&self.entries[slot as usize].key));
        self.agenda.insert(slot, deadline);
        self.note_change(slot);
        Ok(None)
    }

    /// Gives an entry until `now + ttl`, from now on, and returns its value. `None` if there is no such entry.
    #[inline]
    pub fn renew<Q>(&mut self, key: &Q, ttl: Duration, now: Instant) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // First, so that the search need not carry what it is made of.
        let deadline = self.agenda.deadline(ttl, now);
        let slot = self.slot_of(key)?;
        Some(self.set_deadline(slot, deadline))
    }

    /// As [`renew`](Self::renew), for the entry at a place.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn renew_at(&mut self, slot: u32, ttl: Duration, now: Instant) -> &mut V {
        let deadline = self.agenda.deadline(ttl, now);
        self.set_deadline(slot, deadline)
    }

    #[inline]
    fn set_deadline(&mut self, slot: u32, deadline: u64) -> &mut V {
        let entry = &mut self.entries[slot as usize];
        let before = std::mem::replace(&mut entry.deadline, deadline);
        self.agenda.change(slot, before, deadline);
        &mut entry.value
    }

    /// The value of an entry, whether its time has run out or not.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Some(&self.entries[self.slot_of(key)? as usize].value)
    }

    /// Takes an entry out, whether its time has run out or not.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let slot = self.slot_of(key)?;
        self.agenda.remove(slot);
        Some(self.take_out(slot).value)
    }

    /// The live entries with their deadlines, in no particular order.
    pub fn registrations(&self, now: Instant) -> impl Iterator<Item = (&K, &V, Instant)> {
        let now = self.agenda.nanos(now);
        let live = self.entries.iter().map(|(_, entry)| entry).filter(move |entry| now < entry.deadline);
        live.map(|entry| (&entry.key, &entry.value, self.agenda.instant(entry.deadline)))
    }

    /// The entries, for who goes through many of them at one moment.
    pub(super) fn live(&self, now: Instant) -> Live<'_, K, V> {
        Live { entries: &self.entries, now: self.agenda.nanos(now) }
    }

    /// How often an entry was put in or taken out.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The places at which entries were put in or taken out after the first `seen` changes, in no particular order and
    /// some perhaps repeatedly. `None` if those are too many to be remembered.
    pub fn changed_since(&self, seen: u64) -> Option<impl Iterator<Item = u32>> {
        let news = usize::try_from(self.changes - seen).ok()?;
        let first = self.changed.len().checked_sub(news)?;
        Some(self.changed.range(first..).copied())
    }

    /// The place of an entry, whether its time has run out or not: good until it is taken out.
    #[inline]
    pub fn slot_of<Q>(&self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        self.index
            .find(hash, |slot| self.entries.get(slot as usize).is_some_and(|entry| entry.key.borrow() == key))
    }

    /// The places of all entries, those included whose time has run out.
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|(slot, _)| slot as u32)
    }

    /// True if there is an entry at a place.
    pub fn has(&self, slot: u32) -> bool {
        self.entries.contains(slot as usize)
    }

    /// The entry at a place, with its deadline, which may have passed.
    ///
    /// # Panics
    /// If there is none.
    pub fn at(&self, slot: u32) -> (&K, &V, Instant) {
        let entry = &self.entries[slot as usize];
        (&entry.key, &entry.value, self.agenda.instant(entry.deadline))
    }

    /// The value at a place, to change it. Its deadline stays.
    ///
    /// # Panics
    /// If there is none.
    pub fn at_mut(&mut self, slot: u32) -> &mut V {
        &mut self.entries[slot as usize].value
    }

    /// Number of entries, those included whose time has run out and that `handle_timeout` has not taken out yet.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// When to call `handle_timeout` next. Exact after a `handle_timeout` that had something to do; a renewal or removal
    /// since then may have left it too early, never too late.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.agenda.poll_timeout()
    }

    /// Looks for the earliest deadline anew, for which it has to look at each entry that may come first. So whoever is awake
    /// now and then anyway need not wake for the deadlines of entries that were renewed.
    pub fn look_anew(&mut self) {
        self.agenda.look(|slot| self.entries[slot as usize].deadline);
    }

    /// Takes out the entries whose time has run out by `now`, and returns them in the order of their deadlines: at most 256 at a
    /// time, and then `poll_timeout` is `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Expired<K, V>> {
        let due = self.agenda.take_due(now, |slot| self.entries[slot as usize].deadline);
        due.into_iter().map(|slot| self.expire(slot)).collect()
    }

    fn expire(&mut self, slot: u32) -> Expired<K, V> {
        let Entry { key, value, deadline } = self.take_out(slot);
        Expired { key, value, deadline: self.agenda.instant(deadline) }
    }

    /// Removes a slot that the agenda no longer holds from the entries and the index.
    fn take_out(&mut self, slot: u32) -> Entry<K, V> {
        let entry = self.entries.remove(slot as usize);
        self.index.remove(self.hasher.hash_one(&entry.key), slot);
        self.note_change(slot);
        entry
    }

    fn note_change(&mut self, slot: u32) {
        self.changes += 1;
        if self.changed.len() == MAX_CHANGES {
            self.changed.pop_front();
        }
        self.changed.push_back(slot);
    }
}

impl<'a, K, V> Live<'a, K, V> {
    /// The entry at a place, with the time that is left to it, if it is live.
    ///
    /// # Panics
    /// If there is none at all.
    pub fn at(&self, slot: u32) -> Option<(&'a K, &'a V, Duration)> {
        let entry = &self.entries[slot as usize];
        let left = entry.deadline.checked_sub(self.now).filter(|left| *left > 0)?;
        Some((&entry.key, &entry.value, Duration::from_nanos(left)))
    }
}

// Not derived: neither keys nor values need be copied.
impl<K, V> Clone for Live<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Live<'_, K, V> {}
