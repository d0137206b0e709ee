//! `DeadlineQueue`: which slots are due, and when the next one is.
//!
//! A later deadline does not change the heap: the item is corrected when it reaches the top. So most renewals write one time and
//! no more. An earlier deadline adds an item. Each slot has an item at its deadline or before; its further items are void.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::time::Instant;

/// Maximum number of slots that one call takes out. The caller does a few microseconds of work for each.
pub(crate) const MAX_DUE: usize = 256;

/// Number of void items that are not worth a rebuild.
const MIN_VOID: usize = 64;

/// The first item of the heap is at its slot's deadline after each call.
#[derive(Default)]
pub(crate) struct DeadlineQueue {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    /// By slot. `None` for a slot that is not in the queue.
    deadlines: Vec<Option<Instant>>,
    len: usize,
}

impl DeadlineQueue {
    /// Returns the deadline of a slot, if the slot is in the queue.
    pub fn get(&self, slot: u32) -> Option<Instant> {
        *self.deadlines.get(slot as usize)?
    }

    /// Sets the deadline of a slot, and puts the slot in if it is not in the queue.
    pub fn set(&mut self, slot: u32, deadline: Instant) {
        let index = slot as usize;
        if index >= self.deadlines.len() {
            self.deadlines.resize(index + 1, None);
        }
        let former = self.deadlines[index].replace(deadline);
        self.len += usize::from(former.is_none());
        if former.is_none_or(|former| deadline < former) {
            self.heap.push(Reverse((deadline, slot)));
        }
        self.settle();
    }

    /// Takes a slot out, if it is in the queue. An empty queue gives its memory back.
    pub fn remove(&mut self, slot: u32) {
        let entry = self.deadlines.get_mut(slot as usize).and_then(Option::take);
        self.len -= usize::from(entry.is_some());
        if self.len == 0 && self.deadlines.len() >= MAX_DUE {
            *self = DeadlineQueue::default();
        }
        self.settle();
    }

    /// Returns the first deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((deadline, _))| *deadline)
    }

    /// Takes out at most [`MAX_DUE`] slots whose deadline has passed, in the order of their deadlines.
    pub fn take_due(&mut self, now: Instant) -> Vec<u32> {
        let mut due = Vec::new();
        while due.len() < MAX_DUE
            && let Some(Reverse((deadline, slot))) = self.heap.peek().copied()
            && deadline <= now
        {
            self.remove(slot);
            due.push(slot);
        }
        due
    }

    /// Returns the number of slots whose deadline has passed.
    pub fn overdue(&self, now: Instant) -> usize {
        match self.poll_timeout() {
            Some(first) if first <= now => {
                self.deadlines.iter().flatten().filter(|deadline| **deadline <= now).count()
            }
            _ => 0,
        }
    }

    /// Forgets the slots from this one on, which are not in the queue, and frees their memory.
    pub fn truncate(&mut self, slots: usize) {
        self.deadlines.truncate(slots);
        self.deadlines.shrink_to_fit();
        self.rebuild();
    }

    /// Corrects or drops the first items of the heap until one is at its slot's deadline.
    fn settle(&mut self) {
        if self.heap.len() > 2 * self.len + MIN_VOID {
            self.rebuild();
        }
        while let Some(mut top) = self.heap.peek_mut() {
            let Reverse((at, slot)) = *top;
            match self.deadlines[slot as usize] {
                Some(deadline) if deadline == at => break,
                Some(deadline) if deadline > at => top.0.0 = deadline,
                _ => drop(PeekMut::pop(top)),
            }
        }
    }

    /// Makes a heap with one item for each slot.
    fn rebuild(&mut self) {
        let items = (0..).zip(&self.deadlines);
        self.heap = items.filter_map(|(slot, deadline)| Some(Reverse(((*deadline)?, slot)))).collect();
    }
}
