//! `DeadlineQueue`: which slots are due, and when the next one is.
//!
//! A later deadline leaves the heap as it is: the item is corrected when it reaches the top. So a renewal writes one time and no
//! more. An earlier deadline adds an item, and the former item is void. A void item is dropped at the top, or when more than
//! half of the heap is void.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::time::Instant;

/// Maximum number of slots that one call takes out. The caller does a few microseconds of work for each.
pub(crate) const MAX_DUE: usize = 256;

/// Maximum number of heap items that one call corrects or drops, each in less than a microsecond.
const MAX_CORRECTIONS: usize = 2048;

/// Number of void items that are not worth a rebuild.
const MIN_VOID: usize = 64;

#[derive(Default)]
pub(crate) struct DeadlineQueue {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    /// Times by slot. `None` for a slot that is not in the queue.
    times: Vec<Option<Times>>,
    len: usize,
    /// Time of the last `take_due`. `poll_timeout` returns nothing earlier.
    last_taken: Option<Instant>,
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
                self.schedule(slot, deadline);
            }
        }
    }

    /// Takes a slot out, if it is in the queue. An empty queue gives its memory back.
    pub fn remove(&mut self, slot: u32) {
        let entry = self.times.get_mut(slot as usize).and_then(Option::take);
        self.len -= usize::from(entry.is_some());
        if self.len == 0 && self.times.len() >= MAX_DUE {
            (self.times, self.heap) = Default::default();
        }
    }

    /// Returns when to call `take_due` next. A later deadline since the last call may have left it too early, never too late.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let Reverse((scheduled, _)) = self.heap.peek()?;
        Some(self.last_taken.map_or(*scheduled, |taken| taken.max(*scheduled)))
    }

    /// Takes out at most [`MAX_DUE`] slots whose deadline has passed, in the order of their deadlines. If more may be due,
    /// `poll_timeout` is `now`.
    pub fn take_due(&mut self, now: Instant) -> Vec<u32> {
        self.last_taken = Some(now);
        let mut due = Vec::new();
        let mut corrections = MAX_CORRECTIONS;
        while due.len() < MAX_DUE
            && let Some((deadline, slot)) = self.first(&mut corrections)
            && deadline <= now
        {
            self.heap.pop();
            self.remove(slot);
            due.push(slot);
        }
        due
    }

    /// Returns the number of slots whose deadline has passed and that were not taken out.
    pub fn overdue(&self, now: Instant) -> usize {
        // No deadline comes before the first item of the heap.
        let may_be_due = self.heap.peek().is_some_and(|Reverse((first, _))| *first <= now);
        match may_be_due {
            true => self.times.iter().flatten().filter(|times| times.deadline <= now).count(),
            false => 0,
        }
    }

    /// Makes `poll_timeout` exact, unless very many items need a correction.
    pub fn correct(&mut self) {
        let mut corrections = MAX_CORRECTIONS;
        self.first(&mut corrections);
    }

    /// Returns the slot with the earliest deadline. `None` if there is none, or after so many corrections.
    fn first(&mut self, corrections: &mut usize) -> Option<(Instant, u32)> {
        loop {
            let mut top = self.heap.peek_mut()?;
            let Reverse((scheduled, slot)) = *top;
            match &mut self.times[slot as usize] {
                Some(times) if times.deadline == scheduled => return Some((scheduled, slot)),
                _ if *corrections == 0 => return None,
                Some(times) if times.scheduled == scheduled => {
                    times.scheduled = times.deadline;
                    top.0.0 = times.deadline;
                }
                _ => drop(PeekMut::pop(top)),
            }
            *corrections -= 1;
        }
    }

    fn schedule(&mut self, slot: u32, deadline: Instant) {
        if self.heap.len() < 2 * self.len + MIN_VOID {
            self.heap.push(Reverse((deadline, slot)));
        } else {
            self.rebuild();
        }
    }

    /// Forgets the slots from this one on, which are not in the queue, and frees their memory.
    pub fn truncate(&mut self, slots: usize) {
        self.times.truncate(slots);
        self.times.shrink_to_fit();
        self.rebuild();
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn the_queue_agrees_with_a_plain_map_and_stays_small() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut now = Instant::now();
        let (mut queue, mut model) = (DeadlineQueue::default(), BTreeMap::new());
        for _ in 0..100_000 {
            let slot = random.u32(0..50);
            match random.u32(0..20) {
                0..=15 => {
                    let deadline = now + Duration::from_millis(random.u64(0..1000));
                    queue.set(slot, deadline);
                    model.insert(slot, deadline);
                }
                16..=18 => {
                    queue.remove(slot);
                    model.remove(&slot);
                }
                _ => {
                    now += Duration::from_millis(random.u64(0..50));
                    let overdue = model.values().filter(|deadline| **deadline <= now).count();
                    assert_eq!(queue.overdue(now), overdue);
                    let mut due: Vec<_> = model.extract_if(.., |_, deadline| *deadline <= now).collect();
                    due.sort_by_key(|(slot, deadline)| (*deadline, *slot));
                    assert_eq!(queue.take_due(now), due.iter().map(|(slot, _)| *slot).collect::<Vec<_>>());
                    assert_eq!(queue.poll_timeout(), model.values().min().copied());
                }
            }
            let next = model.values().min().copied();
            assert!(next.is_none() || queue.poll_timeout() <= next.map(|next| next.max(now)));
            assert_eq!((queue.get(slot), queue.len), (model.get(&slot).copied(), model.len()));
            assert!(queue.heap.len() <= 2 * 50 + MIN_VOID, "{}", queue.heap.len());
        }
    }
}
