//! Members of clusters that hear each other by a network in memory, with one clock that is moved by hand.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;
use peers_proto::{Arrival, Destination, Key, Mode, Node, Received, Settings};

use crate::harness::{in_short, settings};

/// How long each datagram is under way.
const LATENCY: Duration = Duration::from_millis(1);

pub struct Cluster {
    pub now: Instant,
    pub loss: f64,
    pub members: Vec<Member>,
    /// All that was sent, if it is to be kept.
    pub record: Option<Vec<Flying>>,
    /// Nothing gets through between these and the others.
    pub parted: Option<Vec<SocketAddr>>,
    flying: VecDeque<Flying>,
    rng: Rng,
}

#[derive(Clone)]
pub struct Flying {
    pub at: Instant,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

pub struct Member {
    pub address: SocketAddr,
    /// `None` when it has ended.
    pub node: Option<Node>,
    pub is_suspended: bool,
    /// What it was told, in short, since it was last asked.
    pub events: Vec<String>,
}

/// The settings of a member that is called like its number.
pub fn member(number: u8) -> Settings {
    Settings {
        id: [number; 16],
        seed: number.into(),
        secret_seed: Key::new([number; 32]),
        name: number.to_string(),
        mode: Mode::Swim,
        legacy: false,
        ..settings()
    }
}

/// Where the node of that number is.
pub fn place(number: u8) -> SocketAddr {
    ([192, 0, 2, number], 49002).into()
}

impl Cluster {
    pub fn new() -> Self {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let now = Instant::now();
        Cluster {
            now,
            loss: 0.0,
            members: Vec::new(),
            record: None,
            parted: None,
            flying: VecDeque::new(),
            rng: Rng::with_seed(1),
        }
    }

    /// Members 1 to `count`, of whom the first is the seed of the others, and who know each other.
    pub fn of(count: u8) -> Self {
        let mut cluster = Cluster::new();
        for number in 1..=count {
            cluster.start(member(number), place(number), &[place(1)]);
        }
        cluster.run_until_all_know_all(Duration::from_secs(20));
        cluster.forget_events();
        cluster
    }

    /// Starts a node, and returns where it is in the list of members.
    pub fn start(&mut self, settings: Settings, address: SocketAddr, seeds: &[SocketAddr]) -> usize {
        let mut node = Node::new(settings, self.now);
        node.handle_timeout(self.now);
        node.set_seeds(seeds, self.now);
        self.members.push(Member { address, node: Some(node), is_suspended: false, events: vec![] });
        let index = self.members.len() - 1;
        self.settle(index);
        index
    }

    pub fn node(&mut self, index: usize) -> &mut Node {
        self.members[index].node.as_mut().expect("it has not ended")
    }

    /// Has something done by a node, and sends what that says.
    pub fn act<R>(&mut self, index: usize, action: impl FnOnce(&mut Node, Instant) -> R) -> R {
        let now = self.now;
        let result = action(self.node(index), now);
        self.settle(index);
        result
    }

    pub fn stop(&mut self, index: usize) {
        self.act(index, |node, now| node.stop(now));
        self.kill(index);
    }

    pub fn kill(&mut self, index: usize) {
        self.members[index].node = None;
    }

    pub fn resume(&mut self, index: usize) {
        self.members[index].is_suspended = false;
        self.act(index, |node, now| node.handle_timeout(now));
    }

    /// Has a node hear a datagram by its own socket.
    pub fn hear(&mut self, index: usize, bytes: &[u8], from: SocketAddr) {
        self.act(index, |node, now| {
            node.handle_datagram(
                bytes,
                Received { from, interface: 2, arrival: Arrival::Unicast, hops: Some(255) },
                now,
            )
        });
    }

    pub fn run(&mut self, time: Duration) {
        self.run_until(time, |_| false);
    }

    /// True if it came to be so within the time.
    pub fn run_until(&mut self, time: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + time;
        while !is_so(self) {
            let next = self.next().filter(|next| *next <= end);
            let Some(next) = next else {
                self.now = end;
                return is_so(self);
            };
            self.now = next.max(self.now);
            self.step();
        }
        true
    }

    pub fn run_until_all_know_all(&mut self, time: Duration) {
        let known = self.run_until(time, Cluster::all_know_all);
        assert!(known, "not all know all: {:?}", self.lists());
    }

    pub fn all_know_all(&self) -> bool {
        let running = || self.members.iter().filter_map(|member| member.node.as_ref());
        let count = running().count();
        running().all(|node| node.peer_count() == count - 1)
    }

    /// Whom each that has not ended lists.
    pub fn lists(&self) -> Vec<Vec<String>> {
        (0..self.members.len())
            .filter(|index| self.members[*index].node.is_some())
            .map(|i| self.list(i))
            .collect()
    }

    pub fn list(&self, index: usize) -> Vec<String> {
        let node = self.members[index].node.as_ref().expect("it has not ended");
        node.peers(self.now).into_iter().map(|peer| peer.name).collect()
    }

    pub fn take_events(&mut self, index: usize) -> Vec<String> {
        std::mem::take(&mut self.members[index].events)
    }

    pub fn forget_events(&mut self) {
        self.members.iter_mut().for_each(|member| member.events.clear());
    }

    fn next(&self) -> Option<Instant> {
        let awake = self.members.iter().filter(|member| !member.is_suspended);
        let timeouts = awake.filter_map(|member| member.node.as_ref()?.poll_timeout());
        timeouts.chain(self.flying.front().map(|flying| flying.at)).min()
    }

    fn step(&mut self) {
        while self.flying.front().is_some_and(|flying| flying.at <= self.now) {
            let flying = self.flying.pop_front().expect("it is there");
            self.arrive(&flying);
        }
        for index in 0..self.members.len() {
            let member = &mut self.members[index];
            let due = member.node.as_mut().filter(|_| !member.is_suspended);
            if let Some(node) = due.filter(|node| node.poll_timeout().is_some_and(|at| at <= self.now)) {
                node.handle_timeout(self.now);
                self.settle(index);
            }
        }
    }

    fn arrive(&mut self, flying: &Flying) {
        let is_there =
            |member: &Member| member.address == flying.to && member.node.is_some() && !member.is_suspended;
        if let Some(index) = self.members.iter().position(is_there) {
            self.hear(index, &flying.bytes, flying.from);
        }
    }

    /// Sends what a node wants sent, and takes its events.
    fn settle(&mut self, index: usize) {
        let member = &mut self.members[index];
        let Some(node) = &mut member.node else { return };
        while let Some(transmit) = node.poll_transmit() {
            let Destination::Peer { address: to, .. } = transmit.to else {
                panic!("a member says nothing to a group")
            };
            let flying =
                Flying { at: self.now + LATENCY, from: member.address, to, bytes: transmit.payload.to_vec() };
            if let Some(record) = &mut self.record {
                record.push(flying.clone());
            }
            if self.parted.as_ref().is_none_or(|side| side.contains(&member.address) == side.contains(&to))
                && self.rng.f64() >= self.loss
            {
                self.flying.push_back(flying);
            }
        }
        while let Some(event) = node.poll_event() {
            member.events.push(in_short(&event));
        }
    }
}
