//! `Listing`: the order in which peers are listed: by name, then by id.
//!
//! It is kept, and follows those that come and go. A list is then one walk over the entries.

pub mod splice;

use std::cell::RefCell;
use std::hint::black_box;
use std::slice;
use std::time::Instant;

use crate::event::PeerView;
use crate::expiring_map::agenda::Term;
use crate::expiring_map::{Live, Standing};
use crate::peer_table::Natives;
use crate::peer_table::entry::Instance;
use crate::snapshot::splice::Splice;
use crate::static_entries::{self, Named};
use crate::wire::InstanceId;

/// So many entries are fetched at a time.
const FETCHED: usize = 32;

#[derive(Default)]
pub(crate) struct Listing(
    // To list is to look, and changes nothing that anybody could see.
    RefCell<Kept>,
);

#[derive(Default)]
struct Kept {
    order: Order,
    /// Room for the terms of all entries.
    terms: (Vec<Term>, Vec<Term>),
}

#[derive(Default)]
struct Order {
    places: Vec<Place>,
    /// How often somebody had come, gone or changed when the order was made.
    changes: (u64, u64),
    /// How often it was made anew, and how the last time, if that is known: by what was to be done with the order before.
    version: u64,
    splice: Option<Splice>,
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
    order: &'a Order,
    places: slice::Iter<'a, Place>,
    /// How many of them, the last ones, have not been fetched.
    unfetched: usize,
    natives: Live<'a, Instance>,
    named: Live<'a, static_entries::Entry>,
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
        let Kept { order, terms } = &mut *self.0.borrow_mut();
        order.follow(Entries { natives, named });
        read(Walk {
            order,
            places: order.places.iter(),
            unfetched: order.places.len(),
            natives: natives.live(&mut terms.0, now),
            named: named.live(&mut terms.1, now),
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

    /// Which version of the peers it is: of two walks with the same, only the times differ, and who is live still.
    pub fn version(&self) -> u64 {
        self.order.version
    }

    /// What is to be done with the peers of the version before to have this one, if it is known.
    pub fn splice(&self) -> Option<&'a Splice> {
        self.order.splice.as_ref()
    }

    /// The peer at a place of the order, if it is live.
    pub fn peer(&self, at: usize) -> Option<PeerView<'a>> {
        self.view(self.order.places[at])
    }

    /// How each peer stands, in order. `None` for one that is not live any more.
    pub fn standings(&self) -> impl Iterator<Item = Option<Standing>> {
        self.order.places.iter().map(|place| match *place {
            Place::Native(slot) => self.natives.standing_at(slot),
            Place::Named(slot) => self.named.standing_at(slot),
        })
    }

    fn view(&self, place: Place) -> Option<PeerView<'a>> {
        match place {
            Place::Native(slot) => self.natives.at(slot).map(|(instance, standing)| instance.view(standing)),
            Place::Named(slot) => self.named.at(slot).map(|(entry, standing)| entry.view(standing)),
        }
    }

    /// Looks at entries that are about to be read, one after another and at nothing else: so memory brings many at a time. They
    /// lie in the order in which they came, which is not that of their names, and would be waited for each in its turn. First
    /// at the entries, then at their texts, which lie elsewhere: of most the first and the last byte are in all the cache lines
    /// there are.
    fn fetch_next(&mut self) {
        let places = self.places.as_slice();
        let next = &places[..places.len().min(FETCHED)];
        for (name, value) in self.texts(next) {
            black_box((name.len(), value.len()));
        }
        for (name, value) in self.texts(next) {
            black_box((name.as_bytes().first().copied(), value.first().copied(), value.last().copied()));
        }
        self.unfetched = places.len() - next.len();
    }

    fn texts(&self, places: &[Place]) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        places.iter().filter_map(|place| match *place {
            Place::Native(slot) => self.natives.at(slot).map(|(peer, _)| (&*peer.name, &*peer.value)),
            Place::Named(slot) => self.named.at(slot).map(|(entry, _)| (&*entry.name, &*entry.value)),
        })
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = PeerView<'a>;

    fn next(&mut self) -> Option<PeerView<'a>> {
        loop {
            if self.places.len() <= self.unfetched {
                self.fetch_next();
            }
            let place = *self.places.next()?;
            if let Some(peer) = self.view(place) {
                return Some(peer);
            }
        }
    }
}

impl Order {
    /// Puts in who has come since the order was made, and takes out who has gone.
    fn follow(&mut self, entries: Entries<'_>) {
        let changes = (entries.natives.changes(), entries.named.changes());
        if self.changes == changes {
            return;
        }
        self.splice = entries.changed_since(self.changes).map(|changed| self.update(changed, entries));
        if self.splice.is_none() {
            self.places = sorted(entries.all(), entries);
        }
        self.version += 1;
        self.changes = changes;
    }

    /// Brings those places up to date at which somebody came, went or changed, and says how.
    fn update(&mut self, changed: Vec<Place>, entries: Entries<'_>) -> Splice {
        let marks = Marks::of(&changed);
        let mut at = 0;
        let mut gone = Vec::new();
        self.places.retain(|place| {
            let is_kept = !marks.has(*place);
            if !is_kept {
                gone.push(at);
            }
            at += 1;
            is_kept
        });
        let newcomers = sorted(changed.into_iter().filter(|place| entries.has(*place)), entries);
        let mut came = vec![0; newcomers.len()];
        // From the last to the first, so that each one that is there moves once.
        let mut end = self.places.len();
        self.places.extend(&newcomers);
        for (before, newcomer) in newcomers.into_iter().enumerate().rev() {
            let name = entries.name_of(newcomer);
            let begin = self.places[..end].partition_point(|place| entries.name_of(*place) < name);
            self.places.copy_within(begin..end, begin + before + 1);
            came[before] = begin + before;
            self.places[came[before]] = newcomer;
            end = begin;
        }
        Splice { before: at, gone, came }
    }
}

impl<'a> Entries<'a> {
    fn all(self) -> impl Iterator<Item = Place> {
        self.natives.slots().map(Place::Native).chain(self.named.slots().map(Place::Named))
    }

    /// Where somebody came, went or changed after so many had; `None` if that is not known any more.
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
