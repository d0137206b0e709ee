//! `Events`: the queue of those that nobody has taken yet.

use std::collections::VecDeque;

use crate::event::Event;

/// The most events that wait for a reader. A thousand is many seconds of a busy network; a reader slower than
/// that is better served by the list.
pub const MAX_EVENTS: usize = 1024;

#[derive(Default)]
pub(crate) struct Events {
    queue: VecDeque<Event>,
    /// How many there were ever.
    total: u64,
    lost: u64,
}

impl Events {
    /// Adds an event. When the queue is full, all that wait are dropped for one [`Event::Resync`].
    pub fn push(&mut self, event: Event) {
        if self.queue.len() >= MAX_EVENTS {
            self.lost += self.queue.len() as u64;
            self.queue.clear();
            self.append(Event::Resync);
        }
        self.append(event);
    }

    fn append(&mut self, event: Event) {
        self.queue.push_back(event);
        self.total += 1;
    }

    /// Those that came after the first `seen`, as far as they are still here, and how many there were ever.
    pub fn after(&self, seen: u64) -> (impl Iterator<Item = &Event>, u64) {
        let updates = usize::try_from(self.total - seen).unwrap_or(usize::MAX).min(self.queue.len());
        (self.queue.range(self.queue.len() - updates..), self.total)
    }

    pub fn take(&mut self) -> Option<Event> {
        self.queue.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many were dropped.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
