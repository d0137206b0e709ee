//! What a node sends by unicast to the peers that multicast does not reach: its seeds, and peers received by unicast alone.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::node::Node;
use crate::wire::Kind;

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
        self.update_timers();
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
        let listed = self.listed_seeds();
        due.retain(|seed| !listed.contains(seed));
        self.query_seeds(due);
    }

    /// Sends copies of a message to the peers that multicast does not reach. A seed from which no peer is listed gets a query
    /// instead of an announce, so that a node that starts there later is listed by its reply.
    pub(crate) fn send_unicast_copies(&mut self, kind: Kind, payload: &Arc<[u8]>) {
        let listed = self.listed_seeds();
        let is_queried = |seed: &SocketAddr| kind == Kind::Announce && !listed.contains(seed);
        let seeds = self.seeds.addresses().iter().copied();
        // New seeds get queries of their own.
        let seeds = seeds.filter(|seed| kind != Kind::Query || !self.seeds.is_bootstrapping(seed));
        let (queried, copied): (Vec<_>, Vec<_>) = seeds.partition(is_queried);
        let others = self.registry.peers().unicast_addresses();
        let others: Vec<SocketAddr> =
            others.filter(|address| !self.seeds.contains(address)).take(MAX_COPIES).collect();
        for address in copied {
            self.outbox.send_copy(payload, address);
        }
        for address in others {
            // A forged peer must not cause more bytes than it sends. A peer that gets no copy sends probes.
            if kind == Kind::Goodbye || self.probe_budget.try_copy(payload.len()) {
                self.outbox.send_copy(payload, address);
            }
        }
        // Last, because a query has a higher sequence number than the message.
        self.query_seeds(queried);
    }

    /// Returns the seeds from which a listed peer was received: at its listed address or at another one.
    fn listed_seeds(&self) -> HashSet<SocketAddr> {
        let peers = self.registry.peers();
        let listed = peers.addresses().filter(|address| self.seeds.contains(address));
        let received = self.seeds.heard().filter(|(_, id)| peers.contains(id));
        listed.chain(received.map(|(address, _)| address)).collect()
    }

    fn query_seeds(&mut self, seeds: Vec<SocketAddr>) {
        if seeds.is_empty() {
            return;
        }
        let query = self.outbox.encode(Kind::Query, &self.settings);
        let payload = self.outbox.seal(query);
        for seed in seeds {
            self.outbox.send_copy(&payload, seed);
        }
    }
}
