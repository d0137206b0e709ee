//! `Tombstones`: instances that have left, for as long as datagrams of theirs may still arrive.

use std::time::{Duration, Instant};

use crate::expiring_map::ExpiringMap;
use crate::peer_table::index::LegacyKey;
use crate::wire::InstanceId;

/// Minimum lifetime of a tombstone. No datagram stays longer in a local network, and no recorded answer to a challenge is valid
/// for longer.
const MIN_MEMORY: Duration = Duration::from_secs(10);

struct Tombstone {
    sequence: u64,
    was_unreachable: bool,
}

pub(crate) struct Tombstones {
    /// With the sequence number of the last message. A later message shows that the instance runs.
    instances: ExpiringMap<InstanceId, Tombstone>,
    /// Senders of legacy beacons that belong to them.
    legacy_keys: ExpiringMap<LegacyKey, ()>,
    memory: Duration,
}

impl Tombstones {
    /// Returns an empty set of at most `max_entries` tombstones, each kept for `memory` or [`MIN_MEMORY`].
    pub fn new(max_entries: usize, memory: Duration) -> Self {
        Tombstones {
            instances: ExpiringMap::new(max_entries),
            legacy_keys: ExpiringMap::new(max_entries),
            memory: memory.max(MIN_MEMORY),
        }
    }

    pub fn add(&mut self, id: InstanceId, sequence: u64, was_unreachable: bool, now: Instant) {
        // Without room there is no tombstone, and a stale message may list the instance until it expires.
        let _ = self.instances.insert(id, Tombstone { sequence, was_unreachable }, self.memory, now);
    }

    pub fn add_legacy_key(&mut self, key: LegacyKey, now: Instant) {
        let _ = self.legacy_keys.insert(key, (), self.memory, now);
    }

    /// Returns true if the message was sent before the instance left.
    pub fn is_stale(&self, id: &InstanceId, sequence: u64) -> bool {
        self.instances.get(id).is_some_and(|tombstone| sequence <= tombstone.sequence)
    }

    /// Returns true if the instance was removed because of ICMP reports.
    pub fn was_unreachable(&self, id: &InstanceId) -> bool {
        self.instances.get(id).is_some_and(|tombstone| tombstone.was_unreachable)
    }

    pub fn has_legacy_key(&self, key: &LegacyKey) -> bool {
        self.legacy_keys.get(key).is_some()
    }

    /// Removes expired tombstones.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.instances.handle_timeout(now);
        self.legacy_keys.handle_timeout(now);
    }
}
