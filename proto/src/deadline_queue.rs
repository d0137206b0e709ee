//! `DeadlineQueue`: which slots are due, and when the next one is.

use std::collections::BTreeSet;
use std::time::Instant;

/// Maximum number of slots that one call takes out. The caller does a few microseconds of work for each.
pub(crate) const MAX_DUE: usize = 256;

#[derive(Default)]
pub(crate) struct DeadlineQueue {
    order: BTreeSet<(Instant, u32)>,
    /// Deadlines by slot. `None` for a slot that is not in the queue.
    deadlines: Vec<Option<Instant>>,
}

impl DeadlineQueue {
    /// Returns the deadline of a slot, if the slot is in the queue.
    pub fn get(&self, slot: u32) -> Option<Instant> {
        self.deadlines.get(slot as usize).copied().flatten()
    }

    /// Sets the deadline of a slot, and puts the slot in if it is not in the queue.
    pub fn set(&mut self, slot: u32, deadline: Instant) {
        let index = slot as usize;
        if index >= self.deadlines.len() {
            self.deadlines.resize(index + 1, None);
        }
        if let Some(former) = self.deadlines[index].replace(deadline) {
            self.order.remove(&(former, slot));
        }
        self.order.insert((deadline, slot));
    }

    /// Takes a slot out, if it is in the queue. An empty queue gives its memory back.
    pub fn remove(&mut self, slot: u32) {
        if let Some(deadline) = self.deadlines.get_mut(slot as usize).and_then(Option::take) {
            self.order.remove(&(deadline, slot));
        }
        if self.order.is_empty() && self.deadlines.len() >= MAX_DUE {
            *self = DeadlineQueue::default();
        }
    }

    /// Returns the first deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.order.first().map(|(deadline, _)| *deadline)
    }

    /// Takes out at most [`MAX_DUE`] slots whose deadline has passed, in the order of their deadlines.
    pub fn take_due(&mut self, now: Instant) -> Vec<u32> {
        let due: Vec<u32> = self.due(now).take(MAX_DUE).collect();
        due.iter().for_each(|slot| self.remove(*slot));
        due
    }

    /// Returns the slots whose deadline has passed.
    pub fn due(&self, now: Instant) -> impl Iterator<Item = u32> {
        self.order.range(..=(now, u32::MAX)).map(|(_, slot)| *slot)
    }

    /// Frees the memory of the slots from this one on, which are not in the queue.
    pub fn truncate(&mut self, slots: usize) {
        self.deadlines.truncate(slots);
        self.deadlines.shrink_to_fit();
    }
}
