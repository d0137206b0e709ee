//! What a node says by unicast to those whom multicast does not reach: its seeds, and those who speak to it alone.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::event::{Destination, Transmit};
use crate::node::Node;
use crate::wire::Kind;

/// The most that are told who are no seeds. A full mesh by unicast is meant for some 200 nodes.
const MAX_COPIES: usize = 1024;

impl Node {
    /// True if the node's mode is one that has seeds.
    pub fn takes_seeds(&self) -> bool {
        self.settings.mode.allows_off_link()
    }

    /// Replaces the addresses that are told by unicast. Those that are new are asked at once. Without effect if the node
    /// takes no seeds.
    pub fn set_seeds(&mut self, seeds: &[SocketAddr], now: Instant) {
        self.seeds.set(seeds, now);
        self.bootstrap(now);
    }

    /// Asks the seeds that are new and have not answered yet.
    pub(crate) fn bootstrap(&mut self, now: Instant) {
        let mut due = self.seeds.take_due(now);
        if due.is_empty() || !self.takes_seeds() {
            return;
        }
        if self.is_member_of_cluster() {
            due.retain(|seed| !self.is_at_member(seed));
            return self.join_cluster(due, now);
        }
        let answering = self.listed_seeds();
        due.retain(|seed| !answering.contains(seed));
        self.query_seeds(due);
    }

    /// Tells a message, which is sealed for all, to those whom multicast does not reach. A seed that does not answer is asked
    /// in the place of an announcement: so one that starts later is known as soon as it is spoken to.
    pub(crate) fn send_unicast_copies(&mut self, kind: Kind, payload: &Arc<[u8]>) {
        let answering = self.listed_seeds();
        let is_asked = |seed: &SocketAddr| kind == Kind::Announce && !answering.contains(seed);
        // Those that are new are being asked.
        let seeds = self.seeds.addresses().iter().copied();
        let seeds = seeds.filter(|seed| kind != Kind::Query || !self.seeds.is_bootstrapping(seed));
        let (queried, copied): (Vec<_>, Vec<_>) = seeds.partition(is_asked);
        let others: Vec<SocketAddr> = self
            .peer_table
            .unicast_addresses()
            .filter(|address| !self.seeds.contains(address))
            .take(MAX_COPIES)
            .collect();
        // Who only pretends to be there must not have more sent somewhere than it sends itself. Who is not told asks.
        let is_paid = |_: &SocketAddr| kind == Kind::Goodbye || self.questions.pay(0, payload.len());
        let others: Vec<SocketAddr> = others.into_iter().filter(is_paid).collect();
        for address in copied.into_iter().chain(others) {
            self.transmit_to(address, payload);
        }
        // After what has the lower number.
        self.query_seeds(queried);
    }

    /// The seeds from which a listed peer speaks: by the way it is listed with, or by another one of its addresses.
    fn listed_seeds(&self) -> HashSet<SocketAddr> {
        let listed = self.peer_table.addresses().filter(|address| self.seeds.contains(address));
        let heard = self.seeds.heard().filter(|(_, id)| self.peer_table.contains(id));
        listed.chain(heard.map(|(address, _)| address)).collect()
    }

    fn query_seeds(&mut self, seeds: Vec<SocketAddr>) {
        if seeds.is_empty() {
            return;
        }
        let query = self.message(Kind::Query, false);
        let payload = self.keyring.seal(query, None).into();
        for seed in seeds {
            self.transmit_to(seed, &payload);
        }
    }

    pub(crate) fn transmit_to(&mut self, address: SocketAddr, payload: &Arc<[u8]>) {
        let to = Destination::Peer { address, interface: 0 };
        self.transmits.push_back(Transmit { payload: payload.clone(), to });
    }
}
