//! With keys: who has none learns nothing and changes nothing, and what was recorded is worth nothing.

use std::net::{Ipv4Addr, SocketAddr};

use peers_proto::wire::{self, Kind, Probe};
use peers_proto::{Arrival, Destination, KEY_LEN, Key, Received, SetKeysError, Settings};

use crate::harness::{Bench, EXPIRY, INTERVAL, Sent, ms, settings};

fn key(byte: u8) -> Key {
    Key::new([byte; KEY_LEN])
}

/// Nodes on one link, each at an address of its own, and all that was ever sent there.
struct Link {
    nodes: Vec<Bench>,
    recorded: Vec<(usize, Sent)>,
    /// Of a thousand datagrams to single nodes, so many are lost.
    lost_alone: bool,
}

impl Link {
    /// Nodes named by their number with these keys, which have had a second to find each other.
    fn of(keys: &[&[u8]]) -> Link {
        let mut link = Link { nodes: vec![], recorded: vec![], lost_alone: false };
        keys.iter().for_each(|keys| link.start(keys));
        link.run(1000);
        link
    }

    fn start(&mut self, keys: &[u8]) {
        let number = self.nodes.len();
        let mut bench = Bench::new(Settings {
            id: [number as u8; 16],
            secret_seed: key(number as u8),
            name: format!("node{number}"),
            value: format!("the value of node{number}").into(),
            keys: keys.iter().map(|byte| key(*byte)).collect(),
            ..settings()
        });
        bench.now = self.nodes.first().map_or(bench.now, |first| first.now.max(bench.now));
        self.nodes.push(bench);
    }

    /// Lets time pass for all, a millisecond at a time.
    fn run(&mut self, millis: u64) {
        for _ in 0..millis {
            self.exchange();
            for node in &mut self.nodes {
                let sent = node.run(ms(1));
                // What was sent on the way is sent now.
                node.outbox.extend(sent);
            }
        }
        self.exchange();
    }

    /// Delivers what waits, and what that brings about, until nothing more is sent.
    fn exchange(&mut self) {
        loop {
            let mut quiet = true;
            for sender in 0..self.nodes.len() {
                let mut sent = std::mem::take(&mut self.nodes[sender].outbox);
                sent.extend(self.nodes[sender].run(ms(0)));
                for datagram in sent {
                    quiet = false;
                    self.deliver(sender, &datagram);
                    self.recorded.push((sender, datagram));
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn deliver(&mut self, sender: usize, datagram: &Sent) {
        let from = address(sender);
        for receiver in 0..self.nodes.len() {
            let arrival = match datagram.to {
                Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => Arrival::Group,
                Destination::Peer { address: to, .. } if to == address(receiver) && !self.lost_alone => {
                    Arrival::Unicast
                }
                Destination::Peer { .. } => continue,
            };
            self.hear(receiver, &datagram.bytes, from, arrival);
        }
    }

    fn hear(&mut self, receiver: usize, bytes: &[u8], from: SocketAddr, arrival: Arrival) {
        let bench = &mut self.nodes[receiver];
        let received = Received { from, interface: 2, arrival, hops: Some(255) };
        bench.node.handle_datagram(bytes, received, bench.now);
    }

    fn set_value(&mut self, node: usize, len: usize) {
        let Bench { node, now, .. } = &mut self.nodes[node];
        node.set_value(&vec![1; len], *now).expect("it fits");
    }

    fn names(&self, node: usize) -> Vec<String> {
        self.nodes[node].names()
    }

    /// Somebody without the key sends again all that a node has ever sent.
    fn replay(&mut self, sender: usize, receiver: usize, from: SocketAddr) {
        for (who, datagram) in self.recorded.clone() {
            if who == sender {
                self.hear(receiver, &datagram.bytes, from, Arrival::Group);
                self.hear(receiver, &datagram.bytes, from, Arrival::Unicast);
            }
        }
    }
}

fn address(node: usize) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, node as u8 + 1), 50_000).into()
}

#[test]
fn nodes_with_one_key_find_each_other_with_all_sealed() {
    let mut link = Link::of(&[&[1], &[1], &[1]]);
    for node in 0..3 {
        assert_eq!(link.names(node).len(), 2);
    }
    link.run(2 * INTERVAL.as_millis() as u64);
    for (_, datagram) in &link.recorded {
        assert_eq!(datagram.what, "sealed", "the legacy beacon is not spoken");
        for secret in ["node", "value", "multitastic"] {
            let is_secret = |window: &[u8]| window == secret.as_bytes();
            assert!(!datagram.bytes.windows(secret.len()).any(is_secret));
        }
    }
    for node in 0..3 {
        assert_eq!(link.nodes[node].events().len(), 2);
    }
}

#[test]
fn newcomer_whose_first_echoes_are_lost_is_listed_by_the_burst() {
    let mut link = Link::of(&[&[1]]);
    link.start(&[1]);
    link.lost_alone = true;
    link.run(1500);
    assert_eq!((link.names(0), link.names(1)), (vec![], vec!["node0".to_owned()]));
    link.lost_alone = false;
    link.run(600);
    assert_eq!((link.names(0), link.names(1)), (vec!["node1".to_owned()], vec!["node0".to_owned()]));
}

#[test]
fn who_has_another_key_or_none_is_not_heard_and_hears_nobody() {
    let mut link = Link::of(&[&[1], &[2], &[]]);
    link.run(2 * INTERVAL.as_millis() as u64);
    for node in 0..3 {
        assert_eq!((link.names(node), link.nodes[node].events()), (vec![], vec![]));
        assert!(link.nodes[node].node.counters().wrong_key > 0);
    }
}

#[test]
fn keys_are_changed_one_node_at_a_time_and_nobody_is_lost() {
    let mut link = Link::of(&[&[1], &[1], &[1]]);
    for node in 0..3 {
        link.nodes[node].events();
    }
    for keys in [&[1, 2][..], &[2, 1], &[2]] {
        for node in 0..3 {
            let keys: Vec<Key> = keys.iter().map(|byte| key(*byte)).collect();
            assert_eq!(link.nodes[node].node.set_keys(&keys), Ok(()));
            link.run(INTERVAL.as_millis() as u64);
        }
    }
    link.run(2 * EXPIRY.as_millis() as u64);
    for node in 0..3 {
        assert_eq!(link.nodes[node].events(), [""; 0]);
        assert_eq!(link.nodes[node].node.counters().wrong_key, 0);
    }
}

#[test]
fn a_node_that_was_made_without_keys_takes_none() {
    let mut bench = Bench::settled();
    assert_eq!(bench.node.set_keys(&[key(1)]), Err(SetKeysError::Unsealed));
    assert_eq!(bench.node.set_keys(&[]), Err(SetKeysError::Count(0)));
    assert!(bench.run(INTERVAL).iter().all(|sent| sent.what != "sealed"));
}

#[test]
fn what_was_recorded_does_not_bring_back_who_is_gone() {
    for says_goodbye in [true, false] {
        let mut link = Link::of(&[&[1], &[1]]);
        if says_goodbye {
            let now = link.nodes[1].now;
            link.nodes[1].node.stop(now);
            link.exchange();
        }
        let gone = link.nodes.pop().expect("there are two");
        // The dead answer no probe.
        link.run(2 * EXPIRY.as_millis() as u64);
        assert_eq!(link.nodes[0].events().len(), 2);
        link.replay(1, 0, address(1));
        link.run(2000);
        link.replay(1, 0, address(5));
        link.run(2000);
        assert_eq!((link.names(0), link.nodes[0].events()), (vec![], vec![]), "goodbye: {says_goodbye}");
        drop(gone);
    }
}

#[test]
fn what_was_recorded_does_not_keep_alive_who_is_dead() {
    let mut link = Link::of(&[&[1], &[1]]);
    link.nodes[0].events();
    link.nodes.pop();
    for _ in 0..50 {
        link.replay(1, 0, address(1));
        link.run(1000);
    }
    assert_eq!(link.nodes[0].events(), ["-node1 (expired)"]);
}

#[test]
fn goodbye_without_the_key_or_of_another_run_has_no_effect() {
    let mut link = Link::of(&[&[1], &[1]]);
    link.nodes[0].events();
    let mut forger =
        crate::harness::Remote { id: [1; 16], sequence: 1000, ..crate::harness::Remote::new("node1", 2) };
    let goodbye = forger.message(Kind::Goodbye);
    link.hear(0, &goodbye, address(1), Arrival::Group);
    assert_eq!(link.nodes[0].events(), [""; 0]);
    assert_eq!(link.nodes[0].node.counters().wrong_key, 1);
}

#[test]
fn forged_source_gets_no_more_bytes_than_its_message_has() {
    let mut link = Link::of(&[&[1], &[1]]);
    link.nodes.pop();
    link.run(2 * EXPIRY.as_millis() as u64);
    let victim: SocketAddr = (Ipv4Addr::new(192, 0, 2, 99), 53).into();
    for (who, datagram) in link.recorded.clone() {
        if who == 1 {
            link.hear(0, &datagram.bytes, victim, Arrival::Unicast);
            let bench = &mut link.nodes[0];
            let to_victim =
                |sent: &Sent| matches!(sent.to, Destination::Peer { address, .. } if address == victim);
            let answers: Vec<Sent> = bench.run(ms(300)).into_iter().filter(to_victim).collect();
            let bytes: usize = answers.iter().map(|sent| sent.bytes.len()).sum();
            assert!(bytes <= datagram.bytes.len(), "{bytes} for {}", datagram.bytes.len());
        }
    }
}

/// A link on which node 2 has recorded what nodes 0 and 1 said to each other, and node 1 is dead since.
fn after_a_death(value_len: usize) -> Link {
    let mut link = Link::of(&[&[1], &[1]]);
    link.set_value(0, value_len);
    link.run(1000);
    link.nodes[0].events();
    link.nodes.pop();
    link
}

#[test]
fn replayed_probe_draws_no_answer_that_renews_a_dead_peer() {
    let mut link = Link::of(&[&[1], &[1]]);
    let attacker: SocketAddr = (Ipv4Addr::new(192, 0, 2, 66), 666).into();
    // While node 1 lives, everything that was ever said to it is said to it again; its answers are kept.
    let mut harvest = Vec::new();
    for (_, datagram) in link.recorded.clone() {
        link.hear(1, &datagram.bytes, attacker, Arrival::Unicast);
        link.hear(1, &datagram.bytes, attacker, Arrival::Group);
        harvest.extend(link.nodes[1].run(ms(60)));
    }
    link.nodes[0].now = link.nodes[1].now;
    link.nodes[0].events();
    link.nodes.pop();
    let alone: Vec<Sent> =
        harvest.into_iter().filter(|sent| matches!(sent.to, Destination::Peer { .. })).collect();
    for sent in alone {
        link.run(1000);
        link.hear(0, &sent.bytes, attacker, Arrival::Unicast);
        link.hear(0, &sent.bytes, attacker, Arrival::Group);
    }
    link.run(EXPIRY.as_millis() as u64);
    assert_eq!(link.names(0), [""; 0]);
}

#[test]
fn nothing_recorded_makes_a_node_send_more_than_was_sent_to_it() {
    for value_len in [0, 900] {
        let mut link = after_a_death(value_len);
        let victim: SocketAddr = (Ipv4Addr::new(192, 0, 2, 99), 53).into();
        for (_, datagram) in link.recorded.clone() {
            for arrival in [Arrival::Unicast, Arrival::Group] {
                link.hear(0, &datagram.bytes, victim, arrival);
                let to_victim =
                    |sent: &Sent| matches!(sent.to, Destination::Peer { address, .. } if address == victim);
                let sent: usize = link.nodes[0]
                    .run(ms(60))
                    .iter()
                    .filter(|sent| to_victim(sent))
                    .map(|sent| sent.bytes.len())
                    .sum();
                assert!(sent <= datagram.bytes.len());
            }
        }
    }
}

#[test]
fn without_keys_a_probe_is_answered_by_no_more_than_it_has() {
    let mut bench = Bench::new(Settings { value: vec![1; 900], ..settings() });
    bench.run(ms(1000));
    let forged = crate::harness::Remote::new("forged", 9);
    let probe = Probe { cluster: "", id: forged.id, nonce: [1; 16] };
    for (len, answers) in [(100, 0), (900, 0), (1152, 1), (1152, 0)] {
        bench.hear_bytes_alone(&wire::encode_probe(&probe, len), forged.address);
        let sent = bench.sent();
        assert_eq!(sent.len(), answers, "{len} bytes; the second time it was just answered");
        assert!(sent.iter().all(|sent| sent.bytes.len() <= len));
    }
    assert_eq!(bench.names(), [""; 0], "a probe lists nothing");
}

#[test]
fn short_and_long_values_find_each_other_at_once() {
    let mut link = Link::of(&[&[1], &[1], &[1]]);
    for (node, value_len) in [(0, 0), (1, 500), (2, 900)] {
        link.set_value(node, value_len);
    }
    link.run(1000);
    for (id, value_len) in [(10, 0), (11, 300), (12, 900)] {
        let mut newcomer = Bench::new(Settings {
            id: [id; 16],
            secret_seed: key(id),
            name: format!("newcomer{id}"),
            value: vec![1; value_len],
            keys: vec![key(1)],
            ..settings()
        });
        newcomer.now = link.nodes[0].now;
        link.nodes.push(newcomer);
        link.exchange();
        let count = link.nodes.len();
        assert!((0..count).all(|node| link.names(node).len() == count - 1), "value of {value_len} bytes");
    }
}

#[test]
fn a_flood_of_recordings_does_not_keep_newcomers_out() {
    let mut link = Link::of(&[&[1]]);
    let mut strangers = Vec::new();
    for number in 0..2000_u16 {
        let id = [number.to_be_bytes(); 8].concat().try_into().expect("16 bytes");
        let mut stranger = Bench::new(Settings { id, keys: vec![key(1)], ..settings() });
        strangers.push(stranger.run(ms(0)).remove(0).bytes);
    }
    for (number, recorded) in strangers.iter().enumerate() {
        let from = (Ipv4Addr::new(192, 0, 2, 200), 10_000 + number as u16).into();
        link.hear(0, recorded, from, Arrival::Group);
    }
    link.run(60);
    let mut newcomer = Bench::new(Settings { id: [7; 16], keys: vec![key(1)], ..settings() });
    newcomer.now = link.nodes[0].now;
    link.nodes.push(newcomer);
    link.run(100);
    assert_eq!(link.names(0).len(), 1);
}

#[test]
fn a_newcomer_whose_validation_is_lost_is_validated_later() {
    let mut link = Link::of(&[&[1], &[1]]);
    let mut newcomer = Bench::new(Settings {
        id: [7; 16],
        secret_seed: key(7),
        name: "newcomer".into(),
        keys: vec![key(1)],
        ..settings()
    });
    newcomer.now = link.nodes[0].now;
    link.nodes.push(newcomer);
    link.lost_alone = true;
    link.run(200);
    assert_eq!(link.names(0).len(), 1);
    link.lost_alone = false;
    link.run(1000);
    assert_eq!(link.names(0).len(), 2);
}
