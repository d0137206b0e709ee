//! What a node allocates for peers that it knows: nothing.

#![allow(clippy::disallowed_methods)] // a test has to begin at some time

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_proto::{Arrival, Destination, Key, Node, Received, Settings};

use crate::allocator::allocations;

const INTERVAL: Duration = Duration::from_secs(15);

fn node(number: u8, keys: &[Key], now: Instant) -> Node {
    let settings = Settings {
        id: [number; 16],
        seed: number.into(),
        secret_seed: Key::new([number; 32]),
        keys: keys.to_vec(),
        name: format!("node{number}"),
        value: b"warm".into(),
        port: 80,
        interval: INTERVAL,
        max_peers: 100,
        ..Settings::default()
    };
    Node::new(settings, now)
}

/// Hands `to` what `from` has to send: how many datagrams to the group there were, and what was allocated for them.
fn deliver(from: &mut Node, number: u8, to: &mut Node, now: Instant) -> (usize, usize) {
    let address = SocketAddr::from(([192, 0, 2, number], 40_000));
    let (mut heard, mut allocated) = (0, 0);
    while let Some(transmit) = from.poll_transmit() {
        let arrival = match transmit.to {
            Destination::Peer { .. } => Arrival::Unicast,
            Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => Arrival::Group,
        };
        let before = allocations();
        to.handle_datagram(
            &transmit.payload,
            Received { from: address, interface: 2, arrival, hops: Some(255) },
            now,
        );
        if arrival == Arrival::Group {
            heard += 1;
            allocated += allocations() - before;
        }
    }
    (heard, allocated)
}

/// What a node allocates for the announcements of a peer that it knows, over ten of its intervals.
fn allocations_for_a_known_peer(keys: &[Key]) -> usize {
    let mut now = Instant::now();
    let (mut listener, mut peer) = (node(1, keys, now), node(2, keys, now));
    let mut step = |interval: u32| {
        now += INTERVAL / 15;
        listener.handle_timeout(now);
        peer.handle_timeout(now);
        let found = deliver(&mut peer, 2, &mut listener, now);
        deliver(&mut listener, 1, &mut peer, now);
        assert!(interval < 2 || listener.peer_count() == 1);
        found
    };
    // The questions of the start.
    for second in 0..10 * 15 {
        step(second / 15);
    }
    let found: Vec<(usize, usize)> = (0..10 * 15).map(|_| step(10)).collect();
    assert!(found.iter().map(|(heard, _)| heard).sum::<usize>() >= 10);
    found.iter().map(|(_, allocations)| allocations).sum()
}

#[test]
fn a_known_peers_announcement_allocates_nothing() {
    assert_eq!(allocations_for_a_known_peer(&[]), 0);
}

#[test]
fn nor_does_a_sealed_one() {
    assert_eq!(allocations_for_a_known_peer(&[Key::new([7; 32])]), 0);
}
