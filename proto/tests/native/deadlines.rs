//! Every deadline is in the timer table, and every read honours deadlines.

use std::net::{Ipv6Addr, SocketAddr};

use fastrand::Rng;
use peers_proto::Settings;
use peers_proto::wire::Kind;

use crate::harness::{Bench, EXPIRY, Remote, Sent, ms, settings};

/// Nodes that receive the same at the same times: one wakes at its deadlines alone, the other one each millisecond as well.
struct Twins {
    nodes: [Bench; 2],
}

impl Twins {
    fn new() -> Twins {
        let settings = Settings { interval: ms(100), expiry: ms(250), ..settings() };
        Twins { nodes: [Bench::new(settings.clone()), Bench::new(settings)] }
    }

    fn each(&mut self, mut change: impl FnMut(&mut Bench)) {
        self.nodes.iter_mut().for_each(&mut change);
    }

    /// Lets a millisecond pass, and compares all that a program sees.
    fn run(&mut self, step: u32) {
        let seen = self.nodes.each_mut().map(|bench| {
            let sent: Vec<Sent> = bench.run(ms(1));
            (sent, bench.events(), bench.node.peers(bench.now))
        });
        assert_eq!(seen[0], seen[1], "step {step}");
        let [_, busy] = &mut self.nodes;
        busy.node.handle_timeout(busy.now);
        assert_eq!(busy.sent(), [], "step {step}: it was due before");
    }
}

#[test]
fn node_that_wakes_at_its_deadlines_alone_misses_nothing() {
    let (mut twins, mut rng) = (Twins::new(), Rng::with_seed(7));
    let mut peers: Vec<Remote> = (1..=8)
        .map(|last| Remote {
            expiry: ms(60 * u64::from(last)),
            ..Remote::new(&format!("peer{}", last % 5), last)
        })
        .collect();
    for step in 0..5000 {
        let index = rng.usize(..peers.len());
        let peer = &mut peers[index];
        match rng.u32(..200) {
            0..10 => {
                let kind = [Kind::Announce, Kind::Query, Kind::Announce, Kind::Goodbye][rng.usize(..4)];
                let (bytes, from) = (peer.message(kind), peer.address);
                twins.each(|bench| bench.hear_bytes(&bytes, from));
            }
            10..13 => {
                let (moved, bytes) = (peer.at(100 + peer.id[0]), peer.message(Kind::Announce));
                twins.each(|bench| bench.hear_bytes(&bytes, moved.address));
            }
            13..16 => twins.each(|bench| bench.hear_line(peer)),
            16 => {
                let legacy = Remote { address: (peer.address.ip(), 49001).into(), ..peer.clone() };
                twins.each(|bench| bench.hear_line(&legacy));
            }
            17 => {
                let ttl = ms(rng.u64(1..400));
                twins.each(|bench| {
                    bench.node.register(&peer.name, b"", Some(ttl), bench.now).expect("there is room");
                });
            }
            18 => {
                let value = [rng.u8(..)];
                twins.each(|bench| bench.node.set_value(&value, bench.now).expect("it fits"));
            }
            19 if step % 3 == 0 => twins.each(|bench| bench.node.handle_network_change(bench.now)),
            20 => twins.each(|bench| bench.node.handle_unreachable(peer.address, 2, bench.now)),
            _ => {}
        }
        twins.run(step);
    }
}

#[test]
fn tombstone_past_its_deadline_is_not_read() {
    for (time, is_listed) in [(EXPIRY - ms(1), false), (EXPIRY, true)] {
        let mut bench = Bench::settled();
        let mut peer = Remote::new("peer", 7);
        bench.hear(&mut peer, Kind::Announce);
        let late = peer.message(Kind::Announce);
        bench.hear(&mut peer, Kind::Goodbye);
        // The node receives before it handles its timeout.
        bench.run(EXPIRY - ms(1));
        bench.now += time - (EXPIRY - ms(1));
        bench.hear_bytes(&late, peer.address);
        assert_eq!(!bench.names().is_empty(), is_listed, "{time:?}");
    }
}

#[test]
fn beacons_by_unicast_or_by_ipv6_are_ignored() {
    let mut bench = Bench::settled();
    bench.hear_bytes_alone(b"multitastic:old", ([192, 0, 2, 7], 49001).into());
    let v6 = SocketAddr::from((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7), 49001));
    bench.hear_bytes(b"multitastic:old", v6);
    assert_eq!((bench.names(), bench.node.counters().other_cluster), (vec![], 2));
}
