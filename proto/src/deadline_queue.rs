//! `DeadlineQueue`: which slots are due, and when the next one is.
//!
//! A later deadline does not change the heap: the item is corrected when it reaches the top. So most renewals write one time and
//! no more. An earlier deadline adds an item, and the former item is void.

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
    /// Times by slot. `None` for a slot that is not in the queue.
    times: Vec<Option<Times>>,
    len: usize,
}

#[derive(Clone, Copy)]
struct Times {
    deadline: Instant,
    /// Time of the slot's heap item, at most `deadline`. The slot's other items are void.
    scheduled: Instant,
}

impl DeadlineQueue {
    /// Returns the deadline of a slot, if the slot is in the queue.
    pub fn get(&self, slot: u32) -> Option<Instant> {
        let times = self.times.get(slot as usize)?.as_ref()?;
        Some(times.deadline)
    }

    /// Sets the deadline of a slot, and puts the slot in if it is not in the queue.
    pub fn set(&mut self, slot: u32, deadline: Instant) {
        let index = slot as usize;
        if index >= self.times.len() {
            self.times.resize(index + 1, None);
        }
        match &mut self.times[index] {
            Some(times) if times.scheduled <= deadline => times.deadline = deadline,
            entry => {
                self.len += usize::from(entry.is_none());
                *entry = Some(Times { deadline, scheduled: deadline });
                self.heap.push(Reverse((deadline, slot)));
            }
        }
        self.settle();
    }

    /// Takes a slot out, if it is in the queue. An empty queue gives its memory back.
    pub fn remove(&mut self, slot: u32) {
        let entry = self.times.get_mut(slot as usize).and_then(Option::take);
        self.len -= usize::from(entry.is_some());
        if self.len == 0 && self.times.len() >= MAX_DUE {
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
                self.times.iter().flatten().filter(|times| times.deadline <= now).count()
            }
            _ => 0,
        }
    }

    /// Forgets the slots from this one on, which are not in the queue, and frees their memory.
    pub fn truncate(&mut self, slots: usize) {
        self.times.truncate(slots);
        self.times.shrink_to_fit();
        self.rebuild();
    }

    /// Corrects or drops the first items of the heap until one is at its slot's deadline.
    fn settle(&mut self) {
        if self.heap.len() > 2 * self.len + MIN_VOID {
            self.rebuild();
        }
        while let Some(mut top) = self.heap.peek_mut() {
            let Reverse((scheduled, slot)) = *top;
            match &mut self.times[slot as usize] {
                Some(times) if times.deadline == scheduled => break,
                Some(times) if times.scheduled == scheduled => {
                    times.scheduled = times.deadline;
                    top.0.0 = times.deadline;
                }
                _ => drop(PeekMut::pop(top)),
            }
        }
    }

    /// Makes a heap with one item for each slot.
    fn rebuild(&mut self) {
        let mut items = Vec::with_capacity(self.len);
        for (slot, entry) in (0..).zip(&mut self.times) {
            if let Some(times) = entry {
                times.scheduled = times.deadline;
                items.push(Reverse((times.deadline, slot)));
            }
        }
        self.heap = items.into();
    }
}
