//! `Events`: the queue of events that are not yet taken.

use std::collections::VecDeque;

use crate::event::Event;

/// Maximum number of events in the queue. A thousand is many seconds of a busy network; a slower reader is better served
/// by the list.
pub const MAX_EVENTS: usize = 1024;

/// The events that a reader has not taken yet: at most [`MAX_EVENTS`].
#[derive(Debug, Default)]
pub struct Events {
    queue: VecDeque<Event>,
    /// Number of all events ever.
    total: u64,
    lost: u64,
}

impl Events {
    /// Adds an event. If the queue is full, all its events are dropped for one [`Event::Resync`].
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

    /// Returns the number of all events that were added.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Takes the first event.
    pub fn take(&mut self) -> Option<Event> {
        self.queue.pop_front()
    }

    /// Returns true if there is no event to take.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns the number of dropped events.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
