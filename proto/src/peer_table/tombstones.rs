//! `Tombstones`: the instances that are known to be gone, for as long as datagrams of theirs may still be under way.

use std::time::{Duration, Instant};

use crate::expiring_map::ExpiringRegistry;
use crate::peer_table::index::LegacyKey;
use crate::wire::InstanceId;

/// No datagram is under way for longer than this on a local network.
/// And for so long an answer to a challenge may be sent again.
const SHORTEST_MEMORY: Duration = Duration::from_secs(10);

struct Tombstone {
    sequence: u64,
    was_unreachable: bool,
}

pub(crate) struct Tombstones {
    /// The sequence number of each one's last message. A later one shows that it is not gone after all.
    instances: ExpiringRegistry<InstanceId, Tombstone>,
    /// Legacy beacons that are theirs.
    legacy_keys: ExpiringRegistry<LegacyKey, ()>,
    memory: Duration,
}

impl Tombstones {
    /// Remembers at most `max_entries` instances, each for the time of `memory` or a while.
    pub fn new(max_entries: usize, memory: Duration, now: Instant) -> Self {
        Tombstones {
            instances: ExpiringRegistry::new(max_entries, now),
            legacy_keys: ExpiringRegistry::new(max_entries, now),
            memory: memory.max(SHORTEST_MEMORY),
        }
    }

    pub fn add(&mut self, id: InstanceId, sequence: u64, was_unreachable: bool, now: Instant) {
        // One that finds no room is not remembered: then a latecomer of it may be listed until it expires.
        let _ = self.instances.register(id, Tombstone { sequence, was_unreachable }, self.memory, now);
    }

    pub fn add_legacy_key(&mut self, key: LegacyKey, now: Instant) {
        let _ = self.legacy_keys.register(key, (), self.memory, now);
    }

    /// True if the message was sent before the instance was gone.
    pub fn is_stale(&self, id: &InstanceId, sequence: u64) -> bool {
        self.instances.get(id).is_some_and(|tombstone| sequence <= tombstone.sequence)
    }

    /// True if the instance was taken for gone because its system said so.
    pub fn was_unreachable(&self, id: &InstanceId) -> bool {
        self.instances.get(id).is_some_and(|tombstone| tombstone.was_unreachable)
    }

    pub fn has_legacy_key(&self, key: &LegacyKey) -> bool {
        self.legacy_keys.get(key).is_some()
    }

    /// Forgets those whose datagrams have all arrived by now.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.instances.handle_timeout(now);
        self.legacy_keys.handle_timeout(now);
    }
}
