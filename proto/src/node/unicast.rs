//! What a node sends by unicast to the peers that multicast does not reach: its seeds, and the peers that have it for a seed.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Instant;

use crate::event::Transmit;
use crate::node::Node;
use crate::path::Path;
use crate::wire::{Announcement, InstanceId, Kind};

/// Maximum number of peers that get copies without being seeds. A full mesh by unicast is meant for about 200 nodes.
const MAX_COPIES: usize = 1024;

impl Node {
    /// Returns true if the node's mode is one that has seeds.
    pub fn takes_seeds(&self) -> bool {
        self.settings.mode.allows_off_link()
    }

    /// Replaces the seeds, and queries the new ones at once. Has no effect if the node takes no seeds.
    pub fn set_seeds(&mut self, seeds: &[SocketAddr], now: Instant) {
        self.seeds.set(seeds, &mut self.timers, now);
        self.bootstrap(now);
        self.update_timers(now);
    }

    /// Queries the seeds that are new and have not replied yet.
    pub(crate) fn bootstrap(&mut self, now: Instant) {
        let mut due = self.seeds.take_due(&mut self.timers, now);
        if due.is_empty() || !self.takes_seeds() {
            return;
        }
        if self.is_member_of_cluster() {
            due.retain(|seed| !self.is_at_member(seed));
            return self.join_cluster(due, now);
        }
        let listed = self.listed_seeds(now);
        due.retain(|seed| !listed.contains(seed));
        self.query_seeds(due, now);
    }

    /// Returns true if a path, or another one of the instance's, is that of a seed.
    pub(crate) fn is_seed(&self, path: &Path, id: &InstanceId) -> bool {
        self.seeds.contains(&path.address) || self.seeds.heard().any(|(_, heard)| heard == id)
    }

    /// Sends copies of a message to the seeds, and to the peers that have this node for a seed. A seed from which no peer is
    /// listed gets a query instead of an announce, so that a node that starts there later is listed by its reply. Returns the
    /// datagrams.
    pub(crate) fn send_unicast_copies(&mut self, kind: Kind, sequence: u64, now: Instant) -> Vec<Transmit> {
        let listed = self.listed_seeds(now);
        let is_queried = |seed: &SocketAddr| kind == Kind::Announce && !listed.contains(seed);
        let is_mirror = |seed: &SocketAddr| self.identity.is_mirror(seed);
        let seeds = self.seeds.addresses().iter().copied().filter(|seed| !is_mirror(seed));
        // New seeds get queries of their own.
        let seeds = seeds.filter(|seed| kind != Kind::Query || !self.seeds.is_bootstrapping(seed));
        let (queried, copied): (Vec<_>, Vec<_>) = seeds.partition(is_queried);
        let mut sent = Vec::new();
        if !copied.is_empty() {
            let payload = self.copy(kind, sequence, true, now);
            sent.extend(copied.into_iter().map(|seed| self.outbox.send_copy(&payload, seed)));
        }
        sent.extend(self.copy_to_peers(kind, sequence, now));
        // Last, because a query has a higher sequence number than the message.
        self.query_seeds(queried, now);
        sent
    }

    /// Queries seeds.
    pub(crate) fn query_seeds(&mut self, seeds: Vec<SocketAddr>, now: Instant) {
        let seeds = seeds.into_iter().filter(|seed| !self.identity.is_mirror(seed)).collect::<Vec<_>>();
        if seeds.is_empty() {
            return;
        }
        let sequence = self.outbox.next_announcement(&self.settings).sequence;
        let payload = self.copy(Kind::Query, sequence, true, now);
        for seed in seeds {
            self.outbox.send_copy(&payload, seed);
        }
    }

    /// Sends copies to the peers that have this node for a seed. A forged peer must not cause more bytes than it sends.
    fn copy_to_peers(&mut self, kind: Kind, sequence: u64, now: Instant) -> Vec<Transmit> {
        let peers = self.registry.peers().unicast_peers(now);
        let peers = peers.filter(|(_, address)| !self.seeds.contains(address));
        let peers: Vec<(InstanceId, SocketAddr)> = peers.take(MAX_COPIES).collect();
        if peers.is_empty() {
            return Vec::new();
        }
        let payload = self.copy(kind, sequence, false, now);
        let mut sent = Vec::new();
        for (id, address) in peers {
            let path = Path { address, interface: 0 };
            match self.registry.peers_mut().try_spend(&id, &path, payload.len()) {
                true => sent.push(self.outbox.send_copy(&payload, address)),
                false => self.counters.rate_limited += 1,
            }
        }
        sent
    }

    /// Returns a copy of a message, with the mark of one to a seed or without.
    fn copy(&mut self, kind: Kind, sequence: u64, to_seed: bool, now: Instant) -> std::sync::Arc<[u8]> {
        let nonce = self.query_nonce(now).filter(|_| kind == Kind::Query);
        let is_observer = self.settings.observer;
        let about = self.settings.announcement(sequence);
        self.outbox.copy(kind, &Announcement { nonce, to_seed, is_observer, ..about })
    }

    /// Returns the seeds from which a listed peer was received: at its listed address or at another one.
    fn listed_seeds(&self, now: Instant) -> HashSet<SocketAddr> {
        let peers = self.registry.peers();
        let listed = peers.addresses(now).filter(|address| self.seeds.contains(address));
        let received = self.seeds.heard().filter(|(_, id)| peers.contains(id, now));
        listed.chain(received.map(|(address, _)| address)).collect()
    }
}
