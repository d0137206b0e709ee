//! What a node sends by unicast to the peers that multicast does not reach: its seeds, and the peers that have it for a seed.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Instant;

use crate::event::Transmit;
use crate::node::{GOODBYE_GAPS, Node};
use crate::path::{self, Path};
use crate::seeds::SeedQuery;
use crate::timers::Timer;
use crate::wire::{Announcement, InstanceId, Kind, MAX_MESSAGE};

/// Maximum number of peers that get copies without being seeds. A full mesh by unicast is meant for about 200 nodes.
const MAX_COPIES: usize = 1024;

impl Node {
    /// Returns true if the node's mode is one that has seeds.
    pub fn takes_seeds(&self) -> bool {
        self.settings.mode.allows_off_link()
    }

    /// Replaces the seeds, and queries the new ones at once. Has no effect if the node takes no seeds.
    pub fn set_seeds(&mut self, seeds: &[SocketAddr], now: Instant) {
        if self.takes_seeds() {
            self.now = now;
            self.seeds.set(seeds, &mut self.timers, now);
            self.query_seeds();
        }
    }

    /// Returns true if a listed peer was received from a seed.
    pub fn is_answering(&self, seed: &SocketAddr, now: Instant) -> bool {
        self.listed_seeds(now).contains(&path::normal(*seed))
    }

    /// Queries the seeds that are due and from which no peer is listed.
    pub(crate) fn query_seeds(&mut self) {
        if self.timers.get(Timer::Seeds).is_none_or(|due| self.now < due) {
            return;
        }
        // An observer is listed by none, and needs the answers in each interval.
        let listed = if self.settings.observer { HashSet::new() } else { self.listed_seeds(self.now) };
        let is_listed = |seed: &SocketAddr| listed.contains(seed);
        let queries = self.seeds.take_due(is_listed, self.settings.interval, &mut self.timers, self.now);
        if self.is_member_of_cluster() {
            return self.join_cluster(queries);
        }
        let queries: Vec<SeedQuery> =
            queries.into_iter().filter(|query| !self.identity.is_mirror(&query.seed)).collect();
        if queries.is_empty() {
            return;
        }
        let sequence = self.outbox.next_announcement(&self.settings).sequence;
        for SeedQuery { seed, len } in queries {
            let payload = self.copy(Kind::Query, sequence, true, len);
            self.outbox.send_copy(&payload, seed);
        }
    }

    /// Returns true if a path, or another one of the instance's, is that of a seed.
    pub(crate) fn is_seed(&self, path: &Path, id: &InstanceId) -> bool {
        self.seeds.contains(&path.address) || self.seeds.received().any(|(_, received)| received == id)
    }

    /// Sends copies of a message to the seeds from which a peer is listed, and to the peers that have this node for a seed.
    /// Other seeds are queried in their turn. A goodbye goes to those as well that may list this node. Returns the datagrams.
    pub(crate) fn send_unicast_copies(&mut self, kind: Kind, sequence: u64) -> Vec<Transmit> {
        let mut seeds = self.listed_seeds(self.now);
        if kind == Kind::Goodbye {
            seeds.extend(self.seeds.queried_lately(GOODBYE_GAPS.len() + 1, self.now));
        }
        let mut seeds: Vec<SocketAddr> = seeds.into_iter().collect();
        // Each run of a test does the same.
        seeds.sort_unstable();
        let mut sent = Vec::new();
        if !seeds.is_empty() {
            let payload = self.copy(kind, sequence, true, copy_len(kind));
            sent.extend(seeds.into_iter().map(|seed| self.outbox.send_copy(&payload, seed)));
        }
        sent.extend(self.copy_to_peers(kind, sequence));
        sent
    }

    /// Sends copies to the peers that have this node for a seed. A forged peer must not cause more bytes than it sends.
    fn copy_to_peers(&mut self, kind: Kind, sequence: u64) -> Vec<Transmit> {
        let peers = self.registry.peers().unicast_peers(self.now);
        let peers = peers.filter(|(_, address)| !self.seeds.contains(address));
        let peers: Vec<(InstanceId, SocketAddr)> = peers.take(MAX_COPIES).collect();
        if peers.is_empty() {
            return Vec::new();
        }
        let payload = self.copy(kind, sequence, false, copy_len(kind));
        let mut sent = Vec::new();
        for (id, address) in peers {
            let path = Path { address, interface: 0 };
            match self.registry.peers_mut().try_spend(&id, &path, payload.len(), 0) {
                true => sent.push(self.outbox.send_copy(&payload, address)),
                false => self.counters.rate_limited += 1,
            }
        }
        sent
    }

    /// Returns a copy of a message, with the mark of one to a seed or without.
    fn copy(&mut self, kind: Kind, sequence: u64, to_seed: bool, min_len: usize) -> std::sync::Arc<[u8]> {
        let nonce = (kind == Kind::Query).then(|| self.query_nonce());
        let is_observer = self.settings.observer;
        let about = self.settings.announcement(sequence);
        self.outbox.copy(kind, &Announcement { nonce, to_seed, is_observer, ..about }, min_len)
    }

    /// Returns the seeds from which a listed peer was received: at its listed address or at another one.
    fn listed_seeds(&self, now: Instant) -> HashSet<SocketAddr> {
        let peers = self.registry.peers();
        let listed = peers.addresses(now).filter(|address| self.seeds.contains(address));
        let received = self.seeds.received().filter(|(_, id)| peers.contains(id, now));
        listed.chain(received.map(|(address, _)| address)).collect()
    }
}

/// Returns the length to which a copy is padded.
fn copy_len(kind: Kind) -> usize {
    if kind == Kind::Query { MAX_MESSAGE } else { 0 }
}
