//! `ExpiringRegistry`: a map whose entries are gone when their time runs out.

pub(crate) mod agenda;
mod chunked;
mod heads;
mod slots;
mod timers;

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::Hash;
use std::time::{Duration, Instant};

use crate::expiring_map::agenda::{Agenda, Term};
use crate::expiring_map::heads::{Head, Heads};
use crate::expiring_map::slots::Slots;

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
    /// All that a renewal looks at.
    heads: Heads<K>,
    /// The rest, at places that stay the same when the table of heads grows.
    entries: Slots<Entry<V>>,
    agenda: Agenda,
    max_entries: usize,
    /// How often an entry was put in, taken out or changed, and the places of the last of them.
    changes: u64,
    changed: VecDeque<u32>,
}

struct Entry<V> {
    /// Of its key, by which its head is found.
    hash: u64,
    value: V,
}

/// The entries that are live at one moment.
pub(crate) struct Live<'a, V> {
    entries: &'a Slots<Entry<V>>,
    /// By the places of the entries.
    terms: &'a [Term],
    now: u64,
}

/// How an entry stands at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The time since it was registered or renewed.
    pub age: Duration,
    /// The time until it is gone.
    pub left: Duration,
}

/// An entry that was taken out.
#[derive(Debug, PartialEq, Eq)]
pub struct Removed<K, V> {
    /// The key it was registered with.
    pub key: K,
    /// Its last value.
    pub value: V,
    /// When it was registered or renewed last.
    pub renewed: Instant,
    /// Until when it was to be live.
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
            heads: Heads::new(),
            entries: Slots::new(),
            agenda: Agenda::new(now),
            max_entries: max_entries.min(u32::MAX as usize - 1),
            changes: 0,
            changed: VecDeque::new(),
        }
    }

    /// Puts an entry in the registry until `now + ttl`. Replaces the value of a key that is there, which is
    /// returned, and renews it; refuses a new key when the registry is full.
    pub fn register(&mut self, key: K, value: V, ttl: Duration, now: Instant) -> Result<Option<V>, Full> {
        if let Some(slot) = self.renew(&key, ttl, now) {
            return Ok(Some(std::mem::replace(self.at_mut(slot), value)));
        }
        if self.entries.len() >= self.max_entries {
            return Err(Full);
        }
        let hash = self.heads.hash_of(&key);
        let slot = self.entries.insert(Entry { hash, value });
        let term = self.agenda.term(ttl, now);
        self.heads.insert(hash, Head { key, term, slot });
        self.agenda.insert(slot, term.deadline);
        self.note_change(slot);
        Ok(None)
    }

    /// Gives an entry until `now + ttl`, from now on, and returns its place. `None` if there is no such entry.
    #[inline(always)] // a call of so many arguments takes a fifth of its time
    pub fn renew<Q>(&mut self, key: &Q, ttl: Duration, now: Instant) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // First, so that the search need not carry what it is made of.
        let term = self.agenda.term(ttl, now);
        let head = self.heads.find_mut(key)?;
        let before = std::mem::replace(&mut head.term, term);
        self.agenda.change(head.slot, before.deadline, term.deadline);
        Some(head.slot)
    }

    /// As [`renew`](Self::renew), for the entry at a place.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn renew_at(&mut self, slot: u32, ttl: Duration, now: Instant) {
        let term = self.agenda.term(ttl, now);
        let head = self.heads.at_mut(self.entries[slot].hash, slot);
        let before = std::mem::replace(&mut head.term, term);
        self.agenda.change(slot, before.deadline, term.deadline);
    }

    /// Gives each entry until `now` and what `ttl` makes of its value and of when it was renewed, if it makes something. Nothing
    /// was heard of them: their age stays.
    pub fn extend_all(&mut self, now: Instant, mut ttl: impl FnMut(&mut V, Instant) -> Option<Duration>) {
        let mut terms = Vec::new();
        self.read_terms(&mut terms);
        for (slot, entry) in self.entries.iter_mut() {
            let term = &mut terms[slot as usize];
            if let Some(ttl) = ttl(&mut entry.value, self.agenda.instant(term.begin)) {
                let Term { deadline, .. } = self.agenda.term(ttl, now);
                let before = std::mem::replace(&mut term.deadline, deadline);
                self.agenda.change(slot, before, deadline);
            }
        }
        for head in self.heads.iter_mut() {
            head.term = terms[head.slot as usize];
        }
    }

    /// The value of an entry, whether its time has run out or not.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Some(self.at(self.slot_of(key)?))
    }

    /// Takes an entry out, whether its time has run out or not.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<Removed<K, V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let slot = self.slot_of(key)?;
        self.agenda.remove(slot);
        Some(self.take_out(slot))
    }

    /// The live entries with their deadlines, in no particular order.
    pub fn registrations(&self, now: Instant) -> impl Iterator<Item = (&K, &V, Instant)> {
        let now = self.agenda.nanos(now);
        let live = self.heads.iter().filter(move |head| now < head.term.deadline);
        live.map(|head| (&head.key, self.at(head.slot), self.agenda.instant(head.term.deadline)))
    }

    /// The entries, for who goes through many of them at one moment.
    pub(crate) fn live<'a>(&'a self, terms: &'a mut Vec<Term>, now: Instant) -> Live<'a, V> {
        self.read_terms(terms);
        Live { entries: &self.entries, terms, now: self.agenda.nanos(now) }
    }

    /// Notes the terms of all entries by their places. The heads are read in the order in which they lie in memory: to look for
    /// each when its entry is read takes longer.
    fn read_terms(&self, terms: &mut Vec<Term>) {
        terms.resize(self.entries.end(), Term::default());
        for head in self.heads.iter() {
            terms[head.slot as usize] = head.term;
        }
    }

    /// How often an entry was put in, taken out or [changed](Self::note_change).
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The places at which entries were put in, taken out or changed after the first `seen` changes, in no particular order and
    /// some perhaps repeatedly. `None` if those are too many to be remembered.
    pub fn changed_since(&self, seen: u64) -> Option<impl Iterator<Item = u32>> {
        let news = usize::try_from(self.changes - seen).ok()?;
        let first = self.changed.len().checked_sub(news)?;
        Some(self.changed.range(first..).copied())
    }

    /// Takes note that the entry at a place is new to who has looked at it before.
    pub fn note_change(&mut self, slot: u32) {
        self.changes += 1;
        if self.changed.len() == MAX_CHANGES {
            self.changed.pop_front();
        }
        self.changed.push_back(slot);
    }

    /// The place of an entry, whether its time has run out or not: good until it is taken out.
    #[inline]
    pub fn slot_of<Q>(&self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.heads.find(key).map(|head| head.slot)
    }

    /// The places of all entries, those included whose time has run out.
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|(slot, _)| slot)
    }

    /// True if there is an entry at a place.
    pub fn has(&self, slot: u32) -> bool {
        self.entries.contains(slot)
    }

    /// The value at a place, whether its time has run out or not.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn at(&self, slot: u32) -> &V {
        &self.entries[slot].value
    }

    /// The value at a place, to change it. Its deadline stays.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn at_mut(&mut self, slot: u32) -> &mut V {
        &mut self.entries[slot].value
    }

    /// When the entry at a place was registered or renewed last.
    ///
    /// # Panics
    /// If there is none.
    pub fn renewed_at(&self, slot: u32) -> Instant {
        self.agenda.instant(self.term_at(slot).begin)
    }

    /// How the entry at a place stands; one whose time has run out has none left.
    ///
    /// # Panics
    /// If there is none.
    pub fn standing_at(&self, slot: u32, now: Instant) -> Standing {
        standing(self.term_at(slot), self.agenda.nanos(now))
    }

    /// Number of entries, those included whose time has run out and that `handle_timeout` has not taken out yet.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// When to call `handle_timeout` next. Exact after a `handle_timeout` that had something to do; a renewal or removal
    /// since then may have left it too early, never too late.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.agenda.poll_timeout()
    }

    /// Looks for the earliest deadline anew, for which it has to look at each entry that may come first. So whoever is awake
    /// now and then anyway need not wake for the deadlines of entries that were renewed.
    pub fn look_anew(&mut self) {
        self.agenda.look(|slot| term_at(&self.heads, &self.entries, slot).deadline);
    }

    /// Takes out the entries whose time has run out by `now`, and returns them in the order of their deadlines: at most 256 at a
    /// time, and then `poll_timeout` is `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Removed<K, V>> {
        let due = self.agenda.take_due(now, |slot| term_at(&self.heads, &self.entries, slot).deadline);
        due.into_iter().map(|slot| self.take_out(slot)).collect()
    }

    fn term_at(&self, slot: u32) -> Term {
        term_at(&self.heads, &self.entries, slot)
    }

    /// Removes an entry that the agenda no longer holds.
    fn take_out(&mut self, slot: u32) -> Removed<K, V> {
        let Entry { hash, value } = self.entries.remove(slot);
        self.note_change(slot);
        let Head { key, term, .. } = self.heads.remove(hash, slot);
        let [renewed, deadline] = [term.begin, term.deadline].map(|nanos| self.agenda.instant(nanos));
        Removed { key, value, renewed, deadline }
    }
}

/// The term of the entry at a place, for who has the agenda meanwhile.
fn term_at<K: Hash + Eq, V>(heads: &Heads<K>, entries: &Slots<Entry<V>>, slot: u32) -> Term {
    heads.at(entries[slot].hash, slot).term
}

/// How an entry of this term stands when so many nanoseconds have passed.
fn standing(term: Term, now: u64) -> Standing {
    let [age, left] = [now.saturating_sub(term.begin), term.deadline.saturating_sub(now)];
    Standing { age: Duration::from_nanos(age), left: Duration::from_nanos(left) }
}

impl<K, V> Removed<K, V> {
    /// How it stands, now that it has no time left.
    pub fn standing(&self, now: Instant) -> Standing {
        Standing { age: now.saturating_duration_since(self.renewed), left: Duration::ZERO }
    }
}

impl<'a, V> Live<'a, V> {
    /// The entry at a place, and how it stands, if it is live.
    ///
    /// # Panics
    /// If there is none at all.
    pub fn at(&self, slot: u32) -> Option<(&'a V, Standing)> {
        Some((&self.entries[slot].value, self.standing_at(slot)?))
    }

    /// How the entry at a place stands, if it is live.
    #[inline]
    pub fn standing_at(&self, slot: u32) -> Option<Standing> {
        let term = self.terms[slot as usize];
        (self.now < term.deadline).then(|| standing(term, self.now))
    }
}

// Not derived: values need not be copied.
impl<V> Clone for Live<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Live<'_, V> {}
