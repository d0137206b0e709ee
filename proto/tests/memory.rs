//! Strangers fill the registry to its cap and no further, whatever they announce.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_proto::wire::{self, Announcement, InstanceId, Kind};
use peers_proto::{Arrival, Key, Node, Settings};

use crate::allocator::peak_during;

const STRANGERS: u32 = 10 * MAX_PEERS as u32;
const MAX_PEERS: usize = 8_192;

/// The bytes of names and values that a full registry may hold, and as much again for all else that it keeps of each entry.
const CAP: usize = 2 * 512 * MAX_PEERS;

fn node(now: Instant) -> Node {
    let settings = Settings {
        id: [1; 16],
        seed: 0,
        secret_seed: Key::new([0; 32]),
        name: "flooded".into(),
        max_peers: MAX_PEERS,
        ..Settings::default()
    };
    Node::new(settings, now)
}

fn announcement(id: InstanceId, sequence: u64, name: &str, value: &[u8]) -> Vec<u8> {
    let about = Announcement {
        cluster: "",
        id,
        sequence,
        name,
        expiry: Duration::from_secs(35),
        port: 0,
        value,
        answer_to_group: false,
        proof: None,
    };
    wire::encode(Kind::Announce, &about)
}

/// Each of another instance and name, from another address; every third with the legacy beacon, every seventh with as long
/// a value as fits.
fn stranger(number: u32) -> (Vec<u8>, SocketAddr) {
    let mut id = [2; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let name = format!("stranger-{number}");
    let value = if number.is_multiple_of(7) { &[0; 1000][..] } else { b"a short value" };
    let bytes = match number.is_multiple_of(3) {
        true => format!("multitastic:{name}").into_bytes(),
        false => announcement(id, 1, &name, value),
    };
    let [_, high, middle, low] = number.to_be_bytes();
    (bytes, ([10, high, middle, low], 50_000).into())
}

#[test]
fn strangers_fill_no_more_than_the_cap_and_evict_no_peer() {
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    let mut now = Instant::now();
    let mut node = node(now);
    let hear = |node: &mut Node, (bytes, from): (Vec<u8>, SocketAddr), now| {
        node.handle_datagram(&bytes, from, 2, Arrival::Group, now);
        while node.poll_transmit().is_some() {}
    };
    let live = |sequence| (announcement([3; 16], sequence, "live", b"old"), ([192, 0, 2, 3], 50_000).into());
    hear(&mut node, live(1), now);
    let grown = peak_during(|| {
        for number in 0..STRANGERS {
            hear(&mut node, stranger(number), now);
            // All within 20 s, so nobody expires on the way.
            now += Duration::from_micros(20);
            if number.is_multiple_of(1000) {
                node.handle_timeout(now);
            }
        }
    });
    assert!(grown <= CAP, "{grown} bytes more");
    assert!(node.peer_count() <= MAX_PEERS);
    let refused = node.counters().refused_full;
    assert_eq!(
        refused + node.peer_count() as u64,
        u64::from(STRANGERS) + 1,
        "all others were refused and counted"
    );
    hear(&mut node, live(2), now);
    assert!(node.peers(now).iter().any(|peer| peer.name == "live"));
    println!("{grown} bytes more, for {} entries", node.peer_count());
}
