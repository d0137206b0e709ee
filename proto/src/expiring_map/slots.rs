//! `Slots`: values at places that stay theirs until they are taken out.

use std::ops::{Index, IndexMut};

use crate::expiring_map::chunked::Chunked;

pub(crate) struct Slots<T> {
    slots: Chunked<Slot<T>>,
    /// The vacant one that is taken next.
    vacant: Option<u32>,
    len: usize,
}

enum Slot<T> {
    Taken(T),
    /// With the one that is taken after it.
    Vacant(Option<u32>),
}

impl<T> Slots<T> {
    pub fn new() -> Self {
        Slots { slots: Chunked::default(), vacant: None, len: 0 }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No value is at this place or beyond.
    pub fn end(&self) -> usize {
        self.slots.len()
    }

    /// Puts in a value, and returns its place.
    pub fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        match self.vacant {
            Some(slot) => {
                let place = &mut self.slots[slot as usize];
                if let Slot::Vacant(next) = std::mem::replace(place, Slot::Taken(value)) {
                    self.vacant = next;
                }
                slot
            }
            None => {
                self.slots.push(Slot::Taken(value));
                self.slots.len() as u32 - 1
            }
        }
    }

    /// Takes out the value at a place.
    ///
    /// # Panics
    /// If there is none.
    pub fn remove(&mut self, slot: u32) -> T {
        let place = &mut self.slots[slot as usize];
        match std::mem::replace(place, Slot::Vacant(self.vacant)) {
            Slot::Taken(value) => {
                self.vacant = Some(slot);
                self.len -= 1;
                value
            }
            Slot::Vacant(_) => panic!("{NO_VALUE}"),
        }
    }

    pub fn contains(&self, slot: u32) -> bool {
        matches!(self.slots.get(slot as usize), Some(Slot::Taken(_)))
    }

    /// The values with their places.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(self.slots.iter()).filter_map(|(slot, place)| match place {
            Slot::Taken(value) => Some((slot, value)),
            Slot::Vacant(_) => None,
        })
    }

    /// As [`iter`](Self::iter), to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        (0..).zip(self.slots.iter_mut()).filter_map(|(slot, place)| match place {
            Slot::Taken(value) => Some((slot, value)),
            Slot::Vacant(_) => None,
        })
    }
}

const NO_VALUE: &str = "there is a value at the place";

impl<T> Index<u32> for Slots<T> {
    type Output = T;

    #[inline]
    fn index(&self, slot: u32) -> &T {
        match &self.slots[slot as usize] {
            Slot::Taken(value) => value,
            Slot::Vacant(_) => panic!("{NO_VALUE}"),
        }
    }
}

impl<T> IndexMut<u32> for Slots<T> {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        match &mut self.slots[slot as usize] {
            Slot::Taken(value) => value,
            Slot::Vacant(_) => panic!("{NO_VALUE}"),
        }
    }
}
