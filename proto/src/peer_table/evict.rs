//! Which peer gives way to a validated newcomer when the list is full.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::PeerTable;
use crate::event::LeaveReason;
use crate::event::queue::Events;
use crate::rate_limit::RateLimit;
use crate::wire::InstanceId;

/// One source IP address keeps at least so many entries, ...
const MIN_SHARE: usize = 256;

/// ... or this part of all.
const SHARES: usize = 16;

/// Maximum number of passes through all entries in a second. Each takes about a millisecond with 65,536 entries.
const MAX_PASSES: usize = 20;

pub(super) struct Evictions {
    /// The peers in the order of listing, by their serial numbers and slots. Those that left or were validated are dropped
    /// when they are met.
    by_age: Vec<(u64, u32)>,
    passes: RateLimit,
}

impl Evictions {
    pub fn new() -> Self {
        Evictions { by_age: Vec::new(), passes: RateLimit::new(MAX_PASSES, Duration::from_secs(1)) }
    }

    pub fn on_listed(&mut self, serial: u64, slot: u32) {
        self.by_age.push((serial, slot));
    }
}

impl PeerTable {
    /// Evicts a peer for a validated newcomer from `ip`: the newest that was never validated, or else the newest of the IP
    /// address that has the most, if that is too many. Returns false if there is none.
    pub fn evict_for(&mut self, ip: IpAddr, max_peers: usize, events: &mut Events, now: Instant) -> bool {
        let victim = self.newest_unvalidated().or_else(|| self.newest_of_crowd(ip, max_peers, now));
        if let Some(id) = victim {
            self.remove(id, LeaveReason::Expired, events, now);
        }
        victim.is_some()
    }

    /// Drops what is superfluous in the order of listing.
    pub(super) fn tidy_evictions(&mut self) {
        if self.evictions.by_age.len() > 2 * self.peers.len() + MIN_SHARE {
            let by_age = std::mem::take(&mut self.evictions.by_age);
            self.evictions.by_age =
                by_age.into_iter().filter(|item| self.unvalidated(item).is_some()).collect();
        }
    }

    fn newest_unvalidated(&mut self) -> Option<InstanceId> {
        while let Some(newest) = self.evictions.by_age.last() {
            let found = self.unvalidated(newest);
            if found.is_some() {
                return found;
            }
            self.evictions.by_age.pop();
        }
        None
    }

    /// Returns the peer that was listed with this number in this slot, if it is there still and was never validated.
    fn unvalidated(&self, (serial, slot): &(u64, u32)) -> Option<InstanceId> {
        let entry = self.peers.try_at(*slot)?;
        (entry.serial == *serial && !entry.was_validated).then_some(entry.id)
    }

    fn newest_of_crowd(&mut self, ip: IpAddr, max_peers: usize, now: Instant) -> Option<InstanceId> {
        if !self.evictions.passes.try_take((), now) {
            return None;
        }
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for entry in self.peers.values() {
            *counts.entry(entry.paths.listed().ip()).or_default() += 1;
        }
        let own = counts.get(&ip).copied().unwrap_or_default();
        let fair = own.max(MIN_SHARE.max(max_peers / SHARES));
        let (crowd, _) =
            counts.into_iter().filter(|(_, count)| *count > fair).max_by_key(|(_, count)| *count)?;
        let of_crowd = self.peers.values().filter(|entry| entry.paths.listed().ip() == crowd);
        of_crowd.max_by_key(|entry| entry.serial).map(|entry| entry.id)
    }
}
