//! Which peer gives way to a validated newcomer when the list is full.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use super::PeerTable;
use crate::event::LeaveReason;
use crate::wire::InstanceId;

/// One source IP address keeps at least so many entries, ...
const MIN_SHARE: usize = 256;

/// ... or this part of all.
const SHARES: usize = 16;

/// Maximum number of passes through all entries in a second. Each takes about a millisecond with 65,536 entries.
pub(super) const MAX_PASSES: usize = 20;

impl PeerTable {
    /// Returns when the newest peer that was never validated was listed.
    pub fn newest_unvalidated(&self) -> Option<Instant> {
        self.unvalidated.last().map(|(listed_at, _)| *listed_at)
    }

    /// Evicts a peer for a validated newcomer from `ip`: the newest that was never validated, or else the newest of the IP
    /// address that has the most, if that is too many. Returns false if there is none.
    pub fn evict_for(&mut self, ip: IpAddr, max_peers: usize, now: Instant) -> bool {
        let newest = self.unvalidated.last().map(|(_, slot)| self.peers.at(*slot).id);
        let victim = newest.or_else(|| self.newest_of_crowd(ip, max_peers, now));
        if let Some(id) = victim {
            self.remove(id, LeaveReason::Expired, now);
        }
        victim.is_some()
    }

    fn newest_of_crowd(&mut self, ip: IpAddr, max_peers: usize, now: Instant) -> Option<InstanceId> {
        if !self.eviction_passes.try_take((), now) {
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
        of_crowd.max_by_key(|entry| entry.listed_at).map(|entry| entry.id)
    }
}
