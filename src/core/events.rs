//! `Events`: the queue of those that nobody has taken yet.

use std::collections::VecDeque;

use super::event::Event;

/// The most events that wait for a reader. A thousand is many seconds of a busy network; a reader slower than
/// that is better served by the list.
pub const MAX_EVENTS: usize = 1024;

#[derive(Default)]
pub(super) struct Events {
    queue: VecDeque<Event>,
    lost: u64,
}

impl Events {
    /// Adds an event. When the queue is full, all that wait are dropped for one [`Event::Resync`].
    pub fn tell(&mut self, event: Event) {
        if self.queue.len() >= MAX_EVENTS {
            self.lost += self.queue.len() as u64;
            self.queue.clear();
            self.queue.push_back(Event::Resync);
        }
        self.queue.push_back(event);
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
