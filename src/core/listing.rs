//! `Listing`: the order in which peers are listed: by name, then by id.
//!
//! It is kept until somebody comes or goes. A list is then one walk over the entries.

use std::cell::RefCell;
use std::time::Instant;

use super::event::PeerView;
use super::named::Named;
use super::natives::Natives;

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

/// Where an entry is kept, until the next one comes or goes.
#[derive(Clone, Copy)]
enum Place {
    Native(u32),
    Named(u32),
}

/// What decides most comparisons without a look at the entry: the first bytes of its name.
type Prefix = u128;

impl Listing {
    /// The live peers, in order.
    pub fn list<'a>(&self, natives: &'a Natives, named: &'a Named, now: Instant) -> Vec<PeerView<'a>> {
        let mut order = self.0.borrow_mut();
        let changes = (natives.changes(), named.changes());
        if order.changes != changes {
            *order = Order { places: sorted(natives, named), changes };
        }
        let view = |place: &Place| match *place {
            Place::Native(slot) => natives.view(slot, now),
            Place::Named(slot) => named.view(slot, now),
        };
        let mut views = Vec::with_capacity(order.places.len());
        views.extend(order.places.iter().filter_map(view));
        views
    }
}

fn sorted(natives: &Natives, named: &Named) -> Vec<Place> {
    let name_of = |place: Place| match place {
        Place::Native(slot) => natives.name_of(slot),
        Place::Named(slot) => named.name_of(slot),
    };
    let places = natives.slots().map(Place::Native).chain(named.slots().map(Place::Named));
    let mut order: Vec<(Prefix, Place)> = places.map(|place| (prefix(name_of(place).0), place)).collect();
    order.sort_unstable_by(|(prefix, place), (other_prefix, other)| {
        prefix.cmp(other_prefix).then_with(|| name_of(*place).cmp(&name_of(*other)))
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
