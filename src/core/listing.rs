//! `Listing`: the order in which peers are listed: by name, then by id.
//!
//! It is kept, and follows those that come and go. A list is then one walk over the entries.

use std::cell::RefCell;
use std::collections::HashSet;
use std::slice;
use std::time::Instant;

use foldhash::fast::RandomState;

use super::event::PeerView;
use super::named::Named;
use super::natives::Natives;
use super::wire::InstanceId;

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
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Native(u32),
    Named(u32),
}

/// The live peers in their order, lent by the registry.
#[derive(Clone)]
pub struct Walk<'a> {
    places: slice::Iter<'a, Place>,
    entries: Entries<'a>,
    now: Instant,
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
        read(Walk { places: order.places.iter(), entries, now })
    }
}

impl Walk<'_> {
    /// How many there are still, those included that are not live any more.
    pub fn most(&self) -> usize {
        self.places.len()
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = PeerView<'a>;

    // Who asks for the texts alone is not to pay for the times.
    #[inline]
    fn next(&mut self) -> Option<PeerView<'a>> {
        self.places.find_map(|place| self.entries.view(*place, self.now))
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
    fn update(&mut self, changed: HashSet<Place, RandomState>, entries: Entries<'_>) {
        self.places.retain(|place| !changed.contains(place));
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
    fn changed_since(self, seen: (u64, u64)) -> Option<HashSet<Place, RandomState>> {
        let natives = self.natives.changed_since(seen.0)?.map(Place::Native);
        let named = self.named.changed_since(seen.1)?.map(Place::Named);
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

    #[inline]
    fn view(self, place: Place, now: Instant) -> Option<PeerView<'a>> {
        match place {
            Place::Native(slot) => self.natives.view(slot, now),
            Place::Named(slot) => self.named.view(slot, now),
        }
    }
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
