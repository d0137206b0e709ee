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
use crate::peer_table::PeerTable;
use crate::peer_table::entry::PeerEntry;
use crate::snapshot::splice::Splice;
use crate::static_entries::{StaticEntries, StaticEntry};
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
    peer_table: Live<'a, PeerEntry>,
    static_entries: Live<'a, StaticEntry>,
    /// Bytes of all names and values.
    held: usize,
}

#[derive(Clone, Copy)]
struct Entries<'a> {
    peer_table: &'a PeerTable,
    static_entries: &'a StaticEntries,
}

/// What decides most comparisons without a look at the entry: the first bytes of its name.
type Prefix = u128;

impl Listing {
    /// What `read` makes of the live peers, in order.
    pub fn read<R>(
        &self,
        peer_table: &PeerTable,
        static_entries: &StaticEntries,
        now: Instant,
        read: impl FnOnce(Walk<'_>) -> R,
    ) -> R {
        let Kept { order, terms } = &mut *self.0.borrow_mut();
        order.follow(Entries { peer_table, static_entries });
        read(Walk {
            order,
            places: order.places.iter(),
            unfetched: order.places.len(),
            peer_table: peer_table.live(&mut terms.0, now),
            static_entries: static_entries.live(&mut terms.1, now),
            held: peer_table.bytes_used() + static_entries.bytes_used(),
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
            Place::Native(slot) => self.peer_table.standing_at(slot),
            Place::Named(slot) => self.static_entries.standing_at(slot),
        })
    }

    fn view(&self, place: Place) -> Option<PeerView<'a>> {
        match place {
            Place::Native(slot) => self.peer_table.at(slot).map(|(entry, standing)| entry.view(standing)),
            Place::Named(slot) => self.static_entries.at(slot).map(|(entry, standing)| entry.view(standing)),
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
            Place::Native(slot) => self.peer_table.at(slot).map(|(peer, _)| (&*peer.name, &*peer.value)),
            Place::Named(slot) => {
                self.static_entries.at(slot).map(|(entry, _)| (&*entry.name, &*entry.value))
            }
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
        let changes = (entries.peer_table.changes(), entries.static_entries.changes());
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
        self.peer_table.slots().map(Place::Native).chain(self.static_entries.slots().map(Place::Named))
    }

    /// Where somebody came, went or changed after so many had; `None` if that is not known any more.
    fn changed_since(self, seen: (u64, u64)) -> Option<Vec<Place>> {
        let peer_table = each_once(self.peer_table.changed_since(seen.0)?).map(Place::Native);
        let static_entries = each_once(self.static_entries.changed_since(seen.1)?).map(Place::Named);
        Some(peer_table.chain(static_entries).collect())
    }

    fn has(self, place: Place) -> bool {
        match place {
            Place::Native(slot) => self.peer_table.has(slot),
            Place::Named(slot) => self.static_entries.has(slot),
        }
    }

    fn name_of(self, place: Place) -> (&'a str, Option<InstanceId>) {
        match place {
            Place::Native(slot) => self.peer_table.name_of(slot),
            Place::Named(slot) => self.static_entries.name_of(slot),
        }
    }
}

/// A set of places: to look for one takes no longer than to look at it.
#[derive(Default)]
struct Marks {
    peer_table: Vec<bool>,
    static_entries: Vec<bool>,
}

impl Marks {
    fn of(places: &[Place]) -> Self {
        let mut marks = Marks::default();
        for place in places {
            let (marks, slot) = match place {
                Place::Native(slot) => (&mut marks.peer_table, *slot as usize),
                Place::Named(slot) => (&mut marks.static_entries, *slot as usize),
            };
            marks.resize(marks.len().max(slot + 1), false);
            marks[slot] = true;
        }
        marks
    }

    fn has(&self, place: Place) -> bool {
        let (marks, slot) = match place {
            Place::Native(slot) => (&self.peer_table, slot),
            Place::Named(slot) => (&self.static_entries, slot),
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
