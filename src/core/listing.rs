//! `Listing`: the order in which peers are listed: by name, then by id.
//!
//! It is kept, and follows those that come and go. A list is then one walk over the entries.

use std::cell::RefCell;
use std::hint::black_box;
use std::slice;
use std::time::Instant;

use super::event::{PeerView, Times};
use super::instance::Instance;
use super::named::{self, Named};
use super::natives::Natives;
use super::registry::Live;
use super::wire::InstanceId;

/// So many entries are fetched at a time.
const FETCHED: usize = 32;

#[derive(Default)]
pub(super) struct Listing(
    // To list is to look, and changes nothing that anybody could see.
    RefCell<Order>,
);

#[derive(Default)]
struct Order {
    places: Vec<Place>,
    /// How often somebody had come or gone when the order was made.
    changes: (u64, u64),
}

/// Where an entry is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Native(u32),
    Named(u32),
}

/// The live peers in their order, lent by the registry.
#[derive(Clone)]
pub struct Walk<'a> {
    places: slice::Iter<'a, Place>,
    /// How many of them, the last ones, have not been fetched.
    unfetched: usize,
    natives: Live<'a, InstanceId, Instance>,
    named: Live<'a, Box<str>, named::Entry>,
    now: Instant,
    /// Bytes of all names and values.
    held: usize,
}

#[derive(Clone, Copy)]
struct Entries<'a> {
    natives: &'a Natives,
    named: &'a Named,
}

/// What decides most comparisons without a look at the entry: the first bytes of its name.
type Prefix = u128;

impl Listing {
    /// What `read` makes of the live peers, in order.
    pub fn read<R>(
        &self,
        natives: &Natives,
        named: &Named,
        now: Instant,
        read: impl FnOnce(Walk<'_>) -> R,
    ) -> R {
        let mut order = self.0.borrow_mut();
        let entries = Entries { natives, named };
        order.follow(entries);
        read(Walk {
            places: order.places.iter(),
            unfetched: order.places.len(),
            natives: natives.live(now),
            named: named.live(now),
            now,
            held: natives.held() + named.held(),
        })
    }
}

impl<'a> Walk<'a> {
    /// How many there are still, those included that are not live any more.
    pub fn most(&self) -> usize {
        self.places.len()
    }

    /// How many bytes their names and values have, those included that are not live any more.
    pub fn most_bytes(&self) -> usize {
        self.held
    }

    /// Of each live peer what changes without an event, in the same order.
    pub fn times(&self) -> impl Iterator<Item = Times> {
        self.places.as_slice().chunks(FETCHED).flat_map(|places| {
            self.fetch(places);
            places.iter().filter_map(|place| self.times_at(*place))
        })
    }

    /// Looks at entries that are about to be read, one after another and at nothing else: so memory brings many at a time. They
    /// lie in the order in which they came, which is not that of their names, and would be waited for each in its turn.
    fn fetch(&self, places: &[Place]) {
        for (name, value, heard_at) in self.fetched(places) {
            black_box((name.len(), value.len(), heard_at));
        }
    }

    /// As [`fetch`](Self::fetch), with their texts, which lie elsewhere: of most the first and the last byte are in all the cache
    /// lines there are.
    fn fetch_texts(&self, places: &[Place]) {
        self.fetch(places);
        for (name, value, _) in self.fetched(places) {
            black_box((name.as_bytes().first().copied(), value.first().copied(), value.last().copied()));
        }
    }

    fn fetch_next(&mut self) {
        let places = self.places.as_slice();
        let next = &places[..places.len().min(FETCHED)];
        self.fetch_texts(next);
        self.unfetched = places.len() - next.len();
    }

    fn fetched(&self, places: &[Place]) -> impl Iterator<Item = (&'a str, &'a [u8], Instant)> {
        places.iter().filter_map(|place| match *place {
            Place::Native(slot) => {
                self.natives.at(slot).map(|(_, peer, _)| (&*peer.name, &*peer.value, peer.heard_at))
            }
            Place::Named(slot) => {
                self.named.at(slot).map(|(name, entry, _)| (&**name, &*entry.value, entry.heard_at))
            }
        })
    }

    fn times_at(&self, place: Place) -> Option<Times> {
        let ((age, interface), expires_in) = match place {
            Place::Native(slot) => {
                self.natives.at(slot).map(|(_, peer, left)| (peer.hearing(self.now), left))
            }
            Place::Named(slot) => self.named.at(slot).map(|(_, entry, left)| (entry.hearing(self.now), left)),
        }?;
        Some(Times { age, expires_in, interface })
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = PeerView<'a>;

    fn next(&mut self) -> Option<PeerView<'a>> {
        if self.places.len() <= self.unfetched {
            self.fetch_next();
        }
        let (natives, named, now) = (self.natives, self.named, self.now);
        self.places.find_map(|place| match *place {
            Place::Native(slot) => {
                let (id, instance, expires_in) = natives.at(slot)?;
                Some(instance.view(*id, expires_in, now))
            }
            Place::Named(slot) => {
                let (name, entry, expires_in) = named.at(slot)?;
                Some(entry.view(name, expires_in, now))
            }
        })
    }
}

impl Order {
    /// Puts in who has come since the order was made, and takes out who has gone.
    fn follow(&mut self, entries: Entries<'_>) {
        let changes = (entries.natives.changes(), entries.named.changes());
        if self.changes == changes {
            return;
        }
        match entries.changed_since(self.changes) {
            Some(changed) => self.update(changed, entries),
            None => self.places = sorted(entries.all(), entries),
        }
        self.changes = changes;
    }

    /// Brings those places up to date at which somebody came or went.
    fn update(&mut self, changed: Vec<Place>, entries: Entries<'_>) {
        let marks = Marks::of(&changed);
        self.places.retain(|place| !marks.has(*place));
        let came = sorted(changed.into_iter().filter(|place| entries.has(*place)), entries);
        // From the last to the first, so that each one that is there moves once.
        let mut end = self.places.len();
        self.places.extend(&came);
        for (before, newcomer) in came.into_iter().enumerate().rev() {
            let name = entries.name_of(newcomer);
            let begin = self.places[..end].partition_point(|place| entries.name_of(*place) < name);
            self.places.copy_within(begin..end, begin + before + 1);
            self.places[begin + before] = newcomer;
            end = begin;
        }
    }
}

impl<'a> Entries<'a> {
    fn all(self) -> impl Iterator<Item = Place> {
        self.natives.slots().map(Place::Native).chain(self.named.slots().map(Place::Named))
    }

    /// Where somebody came or went after so many had; `None` if that is not known any more.
    fn changed_since(self, seen: (u64, u64)) -> Option<Vec<Place>> {
        let natives = each_once(self.natives.changed_since(seen.0)?).map(Place::Native);
        let named = each_once(self.named.changed_since(seen.1)?).map(Place::Named);
        Some(natives.chain(named).collect())
    }

    fn has(self, place: Place) -> bool {
        match place {
            Place::Native(slot) => self.natives.has(slot),
            Place::Named(slot) => self.named.has(slot),
        }
    }

    fn name_of(self, place: Place) -> (&'a str, Option<InstanceId>) {
        match place {
            Place::Native(slot) => self.natives.name_of(slot),
            Place::Named(slot) => self.named.name_of(slot),
        }
    }
}

/// A set of places: to look for one takes no longer than to look at it.
#[derive(Default)]
struct Marks {
    natives: Vec<bool>,
    named: Vec<bool>,
}

impl Marks {
    fn of(places: &[Place]) -> Self {
        let mut marks = Marks::default();
        for place in places {
            let (marks, slot) = match place {
                Place::Native(slot) => (&mut marks.natives, *slot as usize),
                Place::Named(slot) => (&mut marks.named, *slot as usize),
            };
            marks.resize(marks.len().max(slot + 1), false);
            marks[slot] = true;
        }
        marks
    }

    fn has(&self, place: Place) -> bool {
        let (marks, slot) = match place {
            Place::Native(slot) => (&self.natives, slot),
            Place::Named(slot) => (&self.named, slot),
        };
        marks.get(slot as usize).is_some_and(|is_marked| *is_marked)
    }
}

fn each_once(slots: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let mut slots: Vec<u32> = slots.collect();
    slots.sort_unstable();
    slots.dedup();
    slots.into_iter()
}

fn sorted(places: impl Iterator<Item = Place>, entries: Entries<'_>) -> Vec<Place> {
    let mut order: Vec<(Prefix, Place)> =
        places.map(|place| (prefix(entries.name_of(place).0), place)).collect();
    order.sort_unstable_by(|(prefix, place), (other_prefix, other)| {
        prefix.cmp(other_prefix).then_with(|| entries.name_of(*place).cmp(&entries.name_of(*other)))
    });
    order.into_iter().map(|(_, place)| place).collect()
}

/// Names have no NUL, so a shorter one comes before those that it begins.
fn prefix(name: &str) -> Prefix {
    let mut bytes = [0; size_of::<Prefix>()];
    let len = name.len().min(bytes.len());
    bytes[..len].copy_from_slice(&name.as_bytes()[..len]);
    Prefix::from_be_bytes(bytes)
}
