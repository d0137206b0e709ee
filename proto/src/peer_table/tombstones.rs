//! `Departed`: the instances that are known to be gone, for as long as datagrams of theirs may still be under way.

use std::time::{Duration, Instant};

use crate::expiring_map::ExpiringRegistry;
use crate::peer_table::index::LineKey;
use crate::wire::InstanceId;

/// No datagram is under way for longer than this on a local network.
/// And for so long an answer to a challenge may be sent again.
const SHORTEST_MEMORY: Duration = Duration::from_secs(10);

struct Departure {
    sequence: u64,
    was_unreachable: bool,
}

pub(crate) struct Departed {
    /// The sequence number of each one's last message. A later one shows that it is not gone after all.
    instances: ExpiringRegistry<InstanceId, Departure>,
    /// Legacy beacons that are theirs.
    lines: ExpiringRegistry<LineKey, ()>,
    memory: Duration,
}

impl Departed {
    /// Remembers at most `max_entries` instances, each for the time of `memory` or a while.
    pub fn new(max_entries: usize, memory: Duration, now: Instant) -> Self {
        Departed {
            instances: ExpiringRegistry::new(max_entries, now),
            lines: ExpiringRegistry::new(max_entries, now),
            memory: memory.max(SHORTEST_MEMORY),
        }
    }

    pub fn note(&mut self, id: InstanceId, sequence: u64, was_unreachable: bool, now: Instant) {
        // One that finds no room is not remembered: then a latecomer of it may be listed until it expires.
        let _ = self.instances.register(id, Departure { sequence, was_unreachable }, self.memory, now);
    }

    pub fn note_line(&mut self, line: LineKey, now: Instant) {
        let _ = self.lines.register(line, (), self.memory, now);
    }

    /// True if the message was sent before the instance was gone.
    pub fn is_latecomer(&self, id: &InstanceId, sequence: u64) -> bool {
        self.instances.get(id).is_some_and(|departure| sequence <= departure.sequence)
    }

    /// True if the instance was taken for gone because its system said so.
    pub fn was_unreachable(&self, id: &InstanceId) -> bool {
        self.instances.get(id).is_some_and(|departure| departure.was_unreachable)
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
