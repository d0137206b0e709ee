//! Strangers fill the registry to its cap and no further, whatever they announce.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_proto::wire::{self, Announcement, InstanceId, Kind};
use peers_proto::{Arrival, Key, Node, Received, Settings};

use crate::allocator::{held_after, peak_during};

const STRANGERS: u32 = 10 * MAX_PEERS as u32;
const MAX_PEERS: usize = 8_192;

/// The bytes of names and values that a full registry may hold, and as much again for all else that it keeps of each entry.
const CAP: usize = 2 * 512 * MAX_PEERS + FIXED;

/// The tables whose size does not depend on the number of peers, as that of replies.
const FIXED: usize = 256 * 1024;

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
        ..Default::default()
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

/// The node receives a group datagram; what it sends is dropped.
fn hear(node: &mut Node, (bytes, from): (Vec<u8>, SocketAddr), now: Instant) {
    let received = Received { from, interface: 2, arrival: Arrival::Group, hops: Some(255) };
    node.handle_datagram(&bytes, received, now);
    while node.poll_transmit().is_some() {}
}

#[test]
fn strangers_fill_no_more_than_the_cap_and_evict_no_peer() {
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    let mut now = Instant::now();
    let mut node = node(now);
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
    let counters = node.counters();
    let refused = counters.refused_full + counters.unvalidated;
    assert_eq!(
        refused + node.peer_count() as u64,
        u64::from(STRANGERS) + 1,
        "all others were refused and counted"
    );
    hear(&mut node, live(2), now);
    assert!(node.peers(now).iter().any(|peer| peer.name == "live"));
    println!("{grown} bytes more, for {} entries", node.peer_count());
}

/// For the rate limiters, whose tables do not shrink, and for small maps. The entries need some megabytes.
const KEPT: isize = 256 * 1024;

#[test]
fn entries_that_expired_or_left_need_no_memory() {
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    let mut now = Instant::now();
    let mut node = node(now);
    node.register("first", b"", Some(Duration::from_secs(3600)), now).expect("there is room");
    let fill = |node: &mut Node, now| {
        for number in 0..MAX_PEERS as u32 {
            hear(node, stranger(number), now);
        }
    };
    let kept = held_after(|| {
        for _ in 0..3 {
            fill(&mut node, now);
            // Until the tombstones have expired as well; from deadline to deadline: after a longer step the node would take itself
            // for suspended.
            let end = now + Duration::from_secs(1000);
            while now < end {
                now = now.max(node.poll_timeout().expect("it announces itself"));
                node.handle_timeout(now);
                while node.poll_transmit().is_some() {}
            }
            while node.poll_event().is_some() {}
            assert_eq!(node.peer_count(), 1);
            while node.poll_event().is_some() {}
        }
    });
    assert!(kept < KEPT, "{kept} bytes more");
    let kept = held_after(|| {
        for number in 0..MAX_PEERS as u32 - 1 {
            node.register(&number.to_string(), b"value", None, now).expect("there is room");
        }
        for number in 0..MAX_PEERS as u32 - 1 {
            node.unregister(&number.to_string(), now).expect("it is registered");
        }
        node.unregister("first", now).expect("it is registered");
        while node.poll_event().is_some() {}
    });
    assert!(kept < KEPT, "{kept} bytes more");
}
