//! `Departed`: the instances that are known to be gone, for as long as datagrams of theirs may still be under way.

use std::time::{Duration, Instant};

use super::index::LineKey;
use super::registry::ExpiringRegistry;
use super::wire::InstanceId;

pub(super) struct Departed {
    /// The sequence number of each one's last message. A later one shows that it is not gone after all.
    instances: ExpiringRegistry<InstanceId, u64>,
    /// The ancestor's lines that are theirs.
    lines: ExpiringRegistry<LineKey, ()>,
    memory: Duration,
}

impl Departed {
    /// Remembers at most `max_entries` instances, each for the time of `memory`.
    pub fn new(max_entries: usize, memory: Duration, now: Instant) -> Self {
        Departed {
            instances: ExpiringRegistry::new(max_entries, now),
            lines: ExpiringRegistry::new(max_entries, now),
            memory,
        }
    }

    pub fn note(&mut self, id: InstanceId, sequence: u64, now: Instant) {
        // One that finds no room is not remembered: then a latecomer of it may be listed until it expires.
        let _ = self.instances.register(id, sequence, self.memory, now);
    }

    pub fn note_line(&mut self, line: LineKey, now: Instant) {
        let _ = self.lines.register(line, (), self.memory, now);
    }

    /// True if the message was sent before the instance was gone.
    pub fn is_latecomer(&self, id: &InstanceId, sequence: u64) -> bool {
        self.instances.get(id).is_some_and(|last| sequence <= *last)
    }

    pub fn is_line_of_one(&self, line: &LineKey) -> bool {
        self.lines.get(line).is_some()
    }

    /// Forgets those whose datagrams have all arrived by now.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.instances.handle_timeout(now);
        self.lines.handle_timeout(now);
    }
}
