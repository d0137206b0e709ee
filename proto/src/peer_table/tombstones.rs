//! `Tombstones`: instances that have left, for as long as datagrams of theirs may still arrive.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::expiring_map::ExpiringMap;
use crate::wire::InstanceId;

/// Minimum time to remember an instance. No datagram stays longer in a local network, and no recorded echo is valid for
/// longer.
const MIN_MEMORY: Duration = Duration::from_secs(10);

/// What is remembered of an instance that has left.
#[derive(Clone, Copy)]
pub(crate) struct Tombstone {
    /// Number of the last message. A later message shows that the instance runs.
    pub sequence: u64,
    /// When the last message came.
    pub received_at: Instant,
    /// True if ICMP reports removed the instance.
    pub was_unreachable: bool,
}

pub(crate) struct Tombstones {
    instances: ExpiringMap<InstanceId, Tombstone>,
    /// The senders of their legacy beacons: a hash of the name, keyed at random, and the port.
    legacy_senders: ExpiringMap<(u64, u16), ()>,
    hasher: RandomState,
    memory: Duration,
}

impl Tombstones {
    /// Returns an empty set of at most `max_entries` tombstones, each kept for `memory` or [`MIN_MEMORY`].
    pub fn new(max_entries: usize, memory: Duration) -> Self {
        Tombstones {
            instances: ExpiringMap::new(max_entries),
            legacy_senders: ExpiringMap::new(max_entries),
            hasher: RandomState::new(),
            memory: memory.max(MIN_MEMORY),
        }
    }

    /// Remembers an instance, for `at_least` or longer.
    pub fn add(&mut self, id: InstanceId, tombstone: Tombstone, at_least: Duration, now: Instant) {
        // Without room there is no tombstone, and a stale message may list the instance until it expires.
        let _ = self.instances.insert(id, tombstone, self.memory.max(at_least), now);
    }

    pub fn add_legacy_sender(&mut self, name: &str, port: u16, now: Instant) {
        let sender = (self.hasher.hash_one(name), port);
        let _ = self.legacy_senders.insert(sender, (), self.memory, now);
    }

    pub fn get(&self, id: &InstanceId, now: Instant) -> Option<&Tombstone> {
        self.instances.live(id, now)
    }

    pub fn has_legacy_sender(&self, name: &str, port: u16, now: Instant) -> bool {
        self.legacy_senders.live(&(self.hasher.hash_one(name), port), now).is_some()
    }

    /// Counts the time to remember each from now on: what was received during a suspend is dated to before that.
    pub fn on_resume(&mut self, now: Instant) {
        let memory = self.memory;
        self.instances.extend_all(now, |_, _, _| Some(memory));
        self.legacy_senders.extend_all(now, |_, _, _| Some(memory));
    }

    /// Removes expired tombstones.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.instances.handle_timeout(now);
        self.legacy_senders.handle_timeout(now);
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.instances.poll_timeout(), self.legacy_senders.poll_timeout()].into_iter().flatten().min()
    }
}
