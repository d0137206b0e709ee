//! A node of the core, and the datagrams of many peers that announce themselves to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use crate::{EXPIRY, VALUE};
use peers_proto::wire::{self, Announcement, Kind};
use peers_proto::{Arrival, Key, Node, Received, Settings};

const INTERFACE: u32 = 2;

/// Sequence numbers from here on have all the same length on the wire.
const FIRST_SEQUENCE: u32 = 1 << 16;

/// In CBOR: a number of four bytes follows.
const SEQUENCE_TAG: u8 = 0x1a;

/// Peers that announce themselves to one node, in the order in which they are asked to.
pub struct Crowd {
    pub node: Node,
    pub now: Instant,
    datagrams: Vec<(Vec<u8>, SocketAddr)>,
    sequence_at: usize,
    sequence: u32,
}

impl Crowd {
    /// A node that knows `count` peers.
    pub fn new(count: usize) -> Self {
        let now = Instant::now();
        let datagrams: Vec<_> = (0..count as u32).map(|number| (datagram(number), address(number))).collect();
        let marker = FIRST_SEQUENCE.to_be_bytes();
        let sequence_at =
            datagrams[0].0.windows(5).position(|window| window[0] == SEQUENCE_TAG && window[1..] == marker);
        let mut crowd = Crowd {
            node: empty_node(count, now),
            now,
            datagrams,
            sequence_at: sequence_at.expect("the sequence number is in the datagram") + 1,
            sequence: FIRST_SEQUENCE,
        };
        crowd.announce_all();
        assert_eq!(crowd.node.peer_count(), count);
        crowd.discard();
        crowd
    }

    /// Takes what the node says and tells, and looks at none of it.
    pub fn discard(&mut self) {
        while self.node.poll_event().is_some() {}
        while self.node.poll_transmit().is_some() {}
    }

    /// Lets the peers announce themselves in another order from now on.
    pub fn shuffle(&mut self) {
        fastrand::Rng::with_seed(1).shuffle(&mut self.datagrams);
    }

    /// Each peer announces itself once.
    pub fn announce_all(&mut self) {
        self.sequence += 1;
        for (datagram, from) in &mut self.datagrams {
            datagram[self.sequence_at..self.sequence_at + 4].copy_from_slice(&self.sequence.to_be_bytes());
            let received =
                Received { from: *from, interface: INTERFACE, arrival: Arrival::Group, hops: None };
            self.node.handle_datagram(datagram, received, self.now);
        }
    }
}

/// Returns a node with room for `max_peers` peers.
pub fn empty_node(max_peers: usize, now: Instant) -> Node {
    let settings = Settings {
        id: [0xaa; 16],
        seed: 1,
        secret_seed: Key::new([1; 32]),
        name: "listener".into(),
        expiry: EXPIRY,
        max_peers: max_peers.max(16),
        ..Settings::default()
    };
    Node::new(settings, now)
}

fn datagram(number: u32) -> Vec<u8> {
    let about = Announcement {
        id: fastrand::Rng::with_seed(number.into()).u128(..).to_be_bytes(),
        sequence: FIRST_SEQUENCE.into(),
        name: &format!("node-{number:07}"),
        expiry: EXPIRY,
        port: 8080,
        value: &VALUE,
        ..Announcement::default()
    };
    wire::encode(Kind::Announce, &about)
}

fn address(number: u32) -> SocketAddr {
    let ip = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + number);
    SocketAddr::from((ip, 40_000))
}
