//! Situations that were tried on the library before, and went wrong: hostile hosts, several addresses, clones, seeds that are
//! dropped, suspends.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use peers_proto::wire::{self, Announcement, Kind, MAX_MESSAGE, Message, Nonce};
use peers_proto::{
    Arrival, Family, Interface, Key, Mode, Network, Notice, PORT, Received, Settings, Transmit,
};

use crate::harness::*;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("it is an address")
}

fn interface(index: u32, networks: &[(&str, u8)]) -> Interface {
    let network =
        |(address, prefix_len): &(&str, u8)| Network { address: ip(address), prefix_len: *prefix_len };
    Interface { index, is_loopback: false, addresses: networks.iter().map(network).collect() }
}

fn hear_from(bench: &mut Bench, bytes: &[u8], from: SocketAddr, interface: u32, arrival: Arrival) {
    let received = Received { from, interface, arrival, hops: Some(255) };
    bench.node.handle_datagram(bytes, received, bench.now);
}

/// A message that `forger` sends in the name of `victim`, with another value.
fn forged(victim: &Remote, kind: Kind, sequence: u64, expiry: Duration) -> Vec<u8> {
    wire::encode(kind, &Announcement { sequence, expiry, value: b"false", ..victim.about() })
}

fn value_of(bench: &Bench, name: &str) -> Option<Vec<u8>> {
    let peers = bench.node.peers(bench.now);
    peers.into_iter().find(|peer| peer.name == name).map(|peer| peer.value)
}

/// Lets time pass; the peer answers the probes to it.
fn run_with(bench: &mut Bench, peer: &mut Remote, time: Duration) {
    let end = bench.now + time;
    while bench.now < end {
        let sent = bench.run(ms(10).min(end - bench.now));
        // A peer has its own numbers, whatever was forged.
        bench.answer_probes(peer, &sent);
    }
}

#[test]
fn p1_forged_number_ends_within_a_second_of_its_victim() {
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    for sequence in [100, u64::MAX] {
        for is_known_before in [true, false] {
            for from in [7, 66] {
                let mut bench = Bench::settled();
                let mut victim = Remote { value: b"true".into(), ..Remote::new("victim", 7) };
                if is_known_before {
                    bench.hear(&mut victim, Kind::Query);
                    bench.run(ms(5000));
                }
                let forged = forged(&victim, Kind::Announce, sequence, year);
                bench.hear_bytes(&forged, victim.at(from).address);
                // The victim announces itself at once, and once more after 0.6 s.
                let correction = victim.message(Kind::Announce);
                bench.hear_bytes(&correction, victim.address);
                run_with(&mut bench, &mut victim, ms(600));
                bench.hear_bytes(&correction, victim.address);
                let case = format!("{sequence}, known before: {is_known_before}, from {from}");
                let wait = if from == 7 { 400 } else { 1900 };
                run_with(&mut bench, &mut victim, ms(wait));
                assert_eq!(value_of(&bench, "victim").as_deref(), Some(&b"true"[..]), "{case}");
                let address = bench.node.peers(bench.now)[0].address;
                assert_eq!(address, Some(victim.address.ip()), "{case}");
                bench.hear(&mut victim, Kind::Goodbye);
                assert_eq!(bench.names(), [""; 0], "{case}");
            }
        }
    }
}

#[test]
fn p1_legacy_beacons_of_the_victim_do_not_keep_a_forged_number() {
    let mut bench = Bench::settled();
    let mut victim = Remote { value: b"true".into(), ..Remote::new("victim", 7) };
    bench.hear(&mut victim, Kind::Query);
    bench.hear_bytes(&forged(&victim, Kind::Announce, 100, ms(3500)), victim.address);
    for _ in 0..10 {
        bench.hear(&mut victim, Kind::Announce);
        bench.hear_line(&victim);
        run_with(&mut bench, &mut victim, ms(200));
    }
    assert_eq!(value_of(&bench, "victim").as_deref(), Some(&b"true"[..]));
}

#[test]
fn p1_forged_peer_stays_for_the_nodes_own_expiry_at_most() {
    let mut bench = Bench::settled();
    let victim = Remote::new("victim", 7);
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    bench.hear_bytes(&forged(&victim, Kind::Announce, u64::MAX, year), victim.address);
    bench.run(EXPIRY);
    assert_eq!(bench.events(), ["+victim", "-victim (expired)"]);
}

#[test]
fn p1_node_corrects_its_forged_id_and_probes_the_forger() {
    for (sequence, is_followed) in [(1000, true), (u64::MAX, false)] {
        let mut bench = Bench::settled();
        let own = Remote { id: settings().id, name: "self".into(), ..Remote::new("self", 66) };
        bench.hear_bytes(&forged(&own, Kind::Announce, sequence, EXPIRY), own.address);
        let sent = bench.sent();
        assert_eq!(whats(&sent), ["announce", "probe"]);
        let Ok(Message::Native(_, about)) = wire::decode(&sent[0].bytes) else { panic!("it is an announce") };
        assert_eq!(about.sequence > sequence, is_followed, "{}", about.sequence);
        bench.hear_bytes(&forged(&own, Kind::Announce, sequence.saturating_add(5), EXPIRY), own.address);
        assert_eq!(whats(&bench.run(ms(599))), [""; 0], "once a second");
        assert_eq!(whats(&bench.run(ms(1))), ["announce"], "the same again");
        assert_eq!(bench.node.counters().id_conflicts, 2);
        assert_eq!(bench.node.poll_notice(), Some(Notice::IdConflict { from: own.address }));
        assert!(!bench.node.is_renewal_wanted(), "a forger does not answer");
    }
}

#[test]
fn p1_short_forged_announce_ends_though_the_true_one_is_longer() {
    let mut bench = Bench::settled();
    let mut victim = Remote { value: vec![7; 500], ..Remote::new("victim", 7) };
    bench.hear_bytes(&forged(&victim, Kind::Announce, u64::MAX, EXPIRY), victim.at(66).address);
    bench.run(ms(1000));
    bench.hear(&mut victim, Kind::Announce);
    let longest = wire::max_announce_len(&victim.about());
    for _ in 0..60 {
        let sent = bench.run(ms(10));
        // A node answers no probe that is shorter than its longest announce.
        let sent: Vec<Sent> = sent.into_iter().filter(|sent| sent.bytes.len() >= longest).collect();
        bench.answer_probes(&mut victim, &sent);
    }
    assert_eq!(value_of(&bench, "victim"), Some(victim.value));
}

#[test]
fn p1_forged_own_id_draws_three_times_its_bytes_at_most() {
    let mut bench = Bench::new(Settings { value: vec![7; 1000], ..settings() });
    bench.run(ms(1000));
    let own = Remote { id: settings().id, name: "self".into(), ..Remote::new("self", 66) };
    let forged = forged(&own, Kind::Announce, 1000, EXPIRY);
    bench.hear_bytes(&forged, own.address);
    let sent: usize = unicasts(&bench.sent()).iter().map(|sent| sent.bytes.len()).sum();
    assert!((1..=3 * forged.len()).contains(&sent), "{sent} bytes for {}", forged.len());
}

#[test]
fn p2_a_flood_does_not_keep_registrations_and_newcomers_out() {
    let mut bench = Bench::new(Settings { max_peers: 1000, ..settings() });
    bench.run(ms(1000));
    let day = Duration::from_secs(24 * 60 * 60);
    for number in 0..5000_u32 {
        let mut stranger = Remote { expiry: day, ..Remote::new(&format!("stranger{number}"), 66) };
        stranger.id[..4].copy_from_slice(&number.to_be_bytes());
        let announce = stranger.message(Kind::Announce);
        bench.hear_bytes(&announce, stranger.address);
    }
    assert!(bench.node.is_full());
    bench.node.register("mine", b"", None, bench.now).expect("it has room of its own");
    bench.sent();

    let mut newcomer = Remote { id: [0xee; 16], ..Remote::new("newcomer", 7) };
    bench.hear(&mut newcomer, Kind::Query);
    assert!(!bench.names().contains(&"newcomer".to_owned()), "nothing is kept of it yet");
    let sent = bench.run(ms(600));
    let nonce = nonce_to(&sent, &newcomer).expect("it is to be validated");
    bench.hear_echo(&mut newcomer, nonce);
    assert!(bench.names().contains(&"newcomer".to_owned()));
    assert_eq!(bench.node.peer_count(), 1001);

    // What was never validated is gone after the node's own expiry.
    run_with(&mut bench, &mut newcomer, EXPIRY);
    assert_eq!(bench.names(), ["newcomer"]);
}

/// The nonce in an announce to a peer.
fn nonce_to(sent: &[Sent], peer: &Remote) -> Option<Nonce> {
    let to_peer = sent.iter().filter(|sent| sent.to == peer.to());
    let nonce = |sent: &Sent| match wire::decode(&sent.bytes) {
        Ok(Message::Native(Kind::Announce, about)) => about.nonce,
        Ok(Message::Probe(probe)) => Some(probe.nonce),
        _ => None,
    };
    to_peer.filter_map(nonce).next()
}

#[test]
fn p2_validated_newcomers_evict_the_newest_legacy_entries() {
    let mut bench = Bench::new(Settings { max_peers: 100, ..settings() });
    bench.run(ms(1000));
    // A registered entry has room of its own, and stays.
    bench.node.register("stranger97", b"", None, bench.now).expect("it has room");
    for number in 0..1000 {
        if number == 98 {
            bench.hear(&mut Remote::new("peer", 8), Kind::Query);
        }
        let from = (Ipv4Addr::new(192, 0, 2, 66), PORT).into();
        bench.hear_bytes(format!("multitastic:stranger{number}").as_bytes(), from);
        bench.run(ms(1));
    }
    assert!(bench.node.is_full());
    bench.events();
    let gone = ["-stranger99 (expired)", "-stranger98 (expired)", "-peer (expired)", "-stranger96 (expired)"];
    for (last, gone) in (10..).zip(gone) {
        let mut newcomer = Remote::new("newcomer", last);
        bench.hear(&mut newcomer, Kind::Query);
        let sent = bench.run(ms(600));
        let nonce = nonce_to(&sent, &newcomer).expect("it is to be validated");
        bench.hear_echo(&mut newcomer, nonce);
        assert_eq!(bench.events(), [gone, "+newcomer"]);
    }
}

#[test]
fn p2_long_values_of_strangers_give_way_to_a_validated_newcomer() {
    let mut bench = Bench::new(Settings { max_peers: 1000, ..settings() });
    bench.run(ms(1000));
    for number in 0..600_u32 {
        let mut stranger = Remote { value: vec![1; 1000], ..Remote::new("stranger", 66) };
        stranger.id[..4].copy_from_slice(&number.to_be_bytes());
        stranger.address.set_port(1000 + number as u16);
        bench.hear(&mut stranger, Kind::Announce);
    }
    assert!(!bench.node.is_full(), "there is room for more peers, and for no more bytes");
    let mut newcomer = Remote { value: vec![2; 1000], ..Remote::new("newcomer", 7) };
    bench.hear(&mut newcomer, Kind::Query);
    // The beacon that follows fits, and gives way.
    bench.hear_line(&newcomer);
    let sent = bench.run(ms(600));
    let nonce = nonce_to(&sent, &newcomer).expect("it is to be validated");
    bench.events();
    bench.hear_echo(&mut newcomer, nonce);
    assert_eq!(bench.events(), ["-newcomer (expired)", "-stranger (expired)", "+newcomer"]);
}

#[test]
fn p2_validated_peers_are_evicted_from_a_crowded_address_alone() {
    let mut bench = Bench::new(Settings { max_peers: 600, ..settings() });
    bench.run(ms(1000));
    let join = |bench: &mut Bench, number: u32, last: u8| {
        let mut peer = Remote::new("peer", last);
        peer.id[..4].copy_from_slice(&number.to_be_bytes());
        peer.address.set_port(1000 + number as u16);
        bench.hear_alone(&mut peer, Kind::Query);
        let sent = bench.sent();
        match nonce_to(&sent, &peer) {
            Some(nonce) => bench.hear_echo(&mut peer, nonce),
            // There is room yet: it is probed as one that is silent is.
            None => {
                let sent = bench.run(ms(0));
                bench.answer_probes(&mut peer, &sent);
            }
        }
        bench.run(ms(1));
        peer
    };
    for number in 0..600 {
        join(&mut bench, number, if number % 2 == 0 { 66 } else { (number % 50) as u8 + 100 });
    }
    for number in 1000..1100 {
        let newcomer = join(&mut bench, number, 7);
        assert!(bench.node.peers(bench.now).iter().any(|peer| peer.id == Some(newcomer.id)), "{number}");
    }
}

#[test]
fn p3_junk_goodbyes_leave_nothing_and_a_forged_one_is_undone() {
    let mut bench = Bench::settled();
    let mut victim = Remote::new("victim", 7);
    bench.hear(&mut victim, Kind::Query);
    for number in 0..10_000_u32 {
        let mut junk = Remote::new("junk", 66);
        junk.id[..4].copy_from_slice(&number.to_be_bytes());
        bench.hear(&mut junk, Kind::Goodbye);
    }
    bench.events();
    // From elsewhere it makes the victim suspect; from its own address it counts, if its number is plausible.
    for (from, sequence, leaves) in [(66, 100, false), (7, u64::MAX, false), (7, 200, true)] {
        bench.hear_bytes(&forged(&victim, Kind::Goodbye, sequence, EXPIRY), victim.at(from).address);
        assert_eq!(bench.names().is_empty(), leaves, "{from} {sequence}");
        run_with(&mut bench, &mut victim, ms(2000));
    }
    // The numbers of the victim, which has not received that, go on far below.
    bench.hear(&mut victim, Kind::Announce);
    run_with(&mut bench, &mut victim, ms(100));
    assert_eq!(bench.names(), ["victim"], "listed again by its next message");
}

#[test]
fn p4_replies_to_forged_queries_are_limited_and_come_last() {
    let mut bench = Bench::settled();
    for number in 0..1000_u32 {
        let mut forged = Remote::new("forged", 66);
        forged.id[..4].copy_from_slice(&number.to_be_bytes());
        forged.address.set_port(1000 + number as u16);
        bench.hear(&mut forged, Kind::Query);
    }
    bench.node.set_value(b"new", bench.now).expect("it fits");
    let sent = bench.run(ms(0));
    let first = sent.iter().position(|sent| sent.what == "announce" && !is_unicast(sent));
    assert!(first.is_some_and(|first| first <= 16), "{first:?} of {}", sent.len());
}

fn is_unicast(sent: &Sent) -> bool {
    matches!(sent.to, peers_proto::Destination::Peer { .. })
}

#[test]
fn p5_forged_announce_draws_three_times_its_bytes_at_most() {
    let mode = Mode::Seeds;
    let mut bench = Bench::new(Settings { mode, value: vec![7; 1000], legacy: false, ..settings() });
    bench.run(ms(1000));
    let mut forged = Remote { to_seed: true, ..Remote::new("f", 66) };
    let announce = forged.message(Kind::Announce);
    bench.hear_bytes_alone(&announce, forged.address);
    let sent: usize = bench.run(Duration::from_secs(60)).iter().map(|sent| sent.bytes.len()).sum();
    assert!(sent <= 3 * announce.len(), "{sent} bytes for {}", announce.len());
}

#[test]
fn d11_copies_and_late_messages_earn_no_budget() {
    let mut bench = Bench::settled();
    let mut peer = Remote::new("peer", 7);
    let late = peer.message(Kind::Announce);
    let announce = peer.message(Kind::Announce);
    for bytes in [&announce, &late].into_iter().cycle().take(100) {
        bench.hear_bytes(bytes, peer.address);
    }
    let sent: usize = unicasts(&bench.run(EXPIRY)).iter().map(|sent| sent.bytes.len()).sum();
    assert!((1..=3 * announce.len()).contains(&sent), "{sent} bytes for {}", announce.len());
}

#[test]
fn p10_what_no_host_can_have_sent_is_dropped() {
    let mut bench = Bench::settled();
    bench.node.set_interfaces(&[interface(2, &[("192.0.2.1", 24)])], &[], bench.now);
    let mut peer = Remote::new("peer", 7);
    for from in ["192.0.2.255", "255.255.255.255", "0.0.0.0", "224.0.0.251", "127.0.0.1"] {
        let announce = peer.message(Kind::Announce);
        hear_from(&mut bench, &announce, SocketAddr::new(ip(from), 50_000), 2, Arrival::Group);
    }
    assert_eq!((bench.names(), bench.node.counters().off_link), (vec![], 5));
}

#[test]
fn unicast_stays_on_the_link_and_is_dropped_from_off_link() {
    let mut bench = Bench::settled();
    let mut peer = Remote::new("peer", 7);
    let query = peer.message(Kind::Query);
    let received = |hops| Received { from: peer.address, interface: 2, arrival: Arrival::Unicast, hops };
    for hops in [Some(254), Some(64), Some(1)] {
        bench.node.handle_datagram(&query, received(hops), bench.now);
    }
    assert_eq!((bench.names(), bench.node.counters().off_link), (vec![], 3));
    // A system that does not report it has its own test.
    bench.node.handle_datagram(&query, received(None), bench.now);
    assert_eq!(bench.names(), ["peer"]);
    let reply: Vec<Transmit> = std::iter::from_fn(|| bench.node.poll_transmit()).collect();
    assert!(reply.iter().all(|reply| reply.only_on_link) && reply.len() == 1);
}

#[test]
fn n1_configured_address_is_the_source_and_the_other_is_listed() {
    let mut a = Bench::settled();
    let own = interface(2, &[("169.254.7.7", 16), ("192.168.2.200", 24)]);
    a.node.set_interfaces(&[own], &[50_000], a.now);
    a.run(ms(1000));
    a.node.handle_network_change(a.now);
    let sent: Vec<Transmit> = std::iter::from_fn(|| a.node.poll_transmit()).collect();
    let query = sent.iter().find(|sent| !sent.payload.starts_with(b"multi")).expect("it queries");
    assert_eq!(query.source, Some(ip("192.168.2.200")));
    assert_eq!(query.to, peers_proto::Destination::Interface { index: 2, family: Family::V4 });

    let mut b = Bench::new(Settings { id: [2; 16], name: "b".into(), ..settings() });
    b.node.set_interfaces(&[interface(3, &[("192.168.2.7", 24)])], &[50_000], b.now);
    b.run(ms(1000));
    hear_from(&mut b, &query.payload, SocketAddr::new(ip("192.168.2.200"), 50_000), 3, Arrival::Group);
    let peer = b.node.peers(b.now).remove(0);
    assert_eq!(peer.address, Some(ip("192.168.2.200")));
    let addresses: Vec<IpAddr> = peer.addresses.iter().map(|listed| listed.address).collect();
    assert_eq!((addresses, peer.addresses_validated), (vec![ip("192.168.2.200"), ip("169.254.7.7")], 1));

    let addresses = a.node.own_addresses();
    assert_eq!(addresses[0].address, ip("192.168.2.200"));
    assert_eq!(addresses.len(), 2);
}

#[test]
fn n16_wider_address_is_validated_and_preferred_to_link_local() {
    let mut bench = Bench::settled();
    bench.node.set_interfaces(&[interface(2, &[("fe80::1", 64), ("2001:db8::1", 64)])], &[], bench.now);
    bench.run(ms(2000));
    let claims = ["2001:db8:1::7", "2001:db8::7", "fd00::7"].map(ip);
    let mut peer =
        Remote { address: "[fe80::7%2]:50007".parse().expect("an address"), ..Remote::new("peer", 7) };
    peer.sequence += 1;
    let about = Announcement { addresses: claims.into_iter().collect(), ..peer.about() };
    bench.hear_bytes(&wire::encode(Kind::Query, &about), peer.address);
    assert_eq!(bench.node.peers(bench.now)[0].addresses.len(), 4);
    bench.sent();
    let sent = bench.run(ms(500));
    let wide: SocketAddr = "[2001:db8::7]:50007".parse().expect("an address");
    let is_to_wide =
        |sent: &&Sent| matches!(sent.to, peers_proto::Destination::Peer { address, .. } if address == wide);
    let probes: Vec<&Sent> = sent.iter().filter(is_to_wide).collect();
    assert_eq!(probes.len(), 1, "the one claim that is on the link, once");
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(peer.address.ip()), "no mere claim");
    bench.hear_echo(&mut peer, nonce_of(&probes[0].bytes).expect("it is a probe"));
    let listed = bench.node.peers(bench.now).remove(0);
    assert_eq!(listed.address, Some(wide.ip()));
    assert_eq!(bench.events().last().map(String::as_str), Some("~peer"));
    assert_eq!(unicasts(&bench.run(ms(5000))), []);
}

#[test]
fn changed_addresses_are_announced_at_once_and_updated() {
    let mut a = Bench::settled();
    let set = |bench: &mut Bench, networks: &[(&str, u8)]| {
        bench.node.set_interfaces(&[interface(2, networks)], &[], bench.now);
    };
    set(&mut a, &[("192.0.2.1", 24)]);
    assert_eq!(a.run(ms(1500)), [], "the first ones are no change");
    set(&mut a, &[("192.0.2.1", 24), ("198.51.100.1", 24)]);
    let sent = a.sent();
    assert_eq!(whats(&sent)[0], "query");

    let mut b = Bench::new(Settings { id: [2; 16], name: "b".into(), ..settings() });
    b.run(ms(1000));
    let from: SocketAddr = ([192, 0, 2, 1], 50_000).into();
    let mut before = Remote { id: settings().id, address: from, ..Remote::new("self", 1) };
    b.hear(&mut before, Kind::Announce);
    let bytes = &sent[0].bytes;
    hear_from(&mut b, bytes, from, 2, Arrival::Group);
    assert_eq!(b.events(), ["+self", "~self"]);
    assert_eq!(b.node.peers(b.now)[0].addresses.len(), 2);
}

#[test]
fn peer_with_another_address_is_updated_at_once_and_then_moved() {
    let mut bench = Bench::settled();
    let mut peer = Remote::new("peer", 7);
    bench.hear(&mut peer, Kind::Query);
    assert_eq!(bench.events(), ["+peer"]);
    bench.run(ms(1000));
    let mut moved = peer.at(9);
    bench.hear(&mut moved, Kind::Query);
    assert_eq!(bench.events(), ["~peer"]);
    let listed = bench.node.peers(bench.now).remove(0);
    let ips: Vec<IpAddr> = listed.addresses.iter().map(|address| address.address).collect();
    assert_eq!(ips, [peer.address.ip(), moved.address.ip()]);
    // The former address does not answer three probes.
    bench.run(ms(2000));
    assert_eq!(bench.events(), ["~peer"]);
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(moved.address.ip()));
}

#[test]
fn probe_to_the_group_is_ignored() {
    let mut bench = Bench::settled();
    let probe = wire::Probe { cluster: "", id: [7; 16], nonce: [1; 16] };
    let probe = wire::encode_probe(&probe, MAX_MESSAGE);
    let from = Remote::new("peer", 7).address;
    bench.hear_bytes(&probe, from);
    assert_eq!((bench.run(ms(1000)), bench.node.counters().malformed), (vec![], 1));
    bench.hear_bytes_alone(&probe, from);
    assert_eq!(whats(&bench.run(ms(1000))), ["announce"]);
}

#[test]
fn answer_to_an_observer_has_no_nonce() {
    // With a full list others are validated.
    let mut bench = Bench::new(Settings { max_peers: 1, ..settings() });
    bench.run(ms(1000));
    bench.hear(&mut Remote::new("first", 6), Kind::Announce);
    let mut nonce_for = |last: u8, is_observer: bool| {
        let remote = Remote { sequence: 1, ..Remote::new("other", last) };
        let query = wire::encode(Kind::Query, &Announcement { is_observer, ..remote.about() });
        bench.hear_bytes(&query, remote.address);
        let sent = bench.run(ms(100)).remove(0);
        let Ok(Message::Native(Kind::Announce, about)) = wire::decode(&sent.bytes) else {
            panic!("{sent:?}")
        };
        about.nonce
    };
    assert!(nonce_for(7, false).is_some() && nonce_for(8, true).is_none());
}

/// Two nodes with one id, at two addresses, as the clone of a virtual machine is.
#[test]
fn n8_a_clone_draws_a_new_id_and_both_are_listed() {
    let clone = |last: u8| {
        let mut bench = Bench::new(Settings { name: format!("clone{last}"), ..settings() });
        let address = format!("192.0.2.{last}");
        bench.node.set_interfaces(&[interface(2, &[(&address, 24)])], &[50_000], bench.now);
        bench
    };
    let mut nodes =
        [clone(1), clone(2), Bench::new(Settings { id: [3; 16], name: "third".into(), ..settings() })];
    let address = |node: usize| SocketAddr::from(([192, 0, 2, node as u8 + 1], 50_000));
    let mut renewals = 0;
    for step in 0..3000 {
        for from in 0..nodes.len() {
            let sent = nodes[from].run(ms(u64::from(from == 0 && step > 0)));
            let now = nodes[0].now;
            nodes[from].now = now;
            for sent in sent {
                for (to, node) in nodes.iter_mut().enumerate() {
                    let arrival = match sent.to {
                        peers_proto::Destination::Peer { address: at, .. } if at == address(to) => {
                            Arrival::Unicast
                        }
                        peers_proto::Destination::Peer { .. } => continue,
                        _ => Arrival::Group,
                    };
                    hear_from(node, &sent.bytes, address(from), 2, arrival);
                }
            }
        }
        for (number, node) in nodes.iter_mut().enumerate() {
            if node.node.is_renewal_wanted() {
                // A clone may have the generator of the system as well.
                node.node.renew_id(&Key::new([7; 32]), node.now);
                renewals += 1;
                assert_ne!(number, 2);
            }
        }
    }
    assert_eq!(renewals, 1, "one of the two keeps its id");
    assert_eq!(nodes[0].names(), ["clone2", "third"]);
    assert_eq!(nodes[1].names(), ["clone1", "third"]);
    assert_eq!(nodes[2].names(), ["clone1", "clone2"]);
}

#[test]
fn a_node_that_reaches_itself_takes_itself_for_no_clone() {
    let mut bench = Bench::settled();
    bench.node.set_interfaces(&[interface(2, &[("192.0.2.1", 24)])], &[50_000], bench.now);
    bench.run(ms(2000));
    bench.node.set_value(b"new", bench.now).expect("it fits");
    let announce = bench.sent().remove(0);
    let nat: SocketAddr = ([203, 0, 113, 1], 50_000).into();
    hear_from(&mut bench, &announce.bytes, nat, 2, Arrival::Unicast);
    let sent = bench.sent();
    assert_eq!(whats(&sent), ["announce", "probe"]);
    hear_from(&mut bench, &sent[1].bytes, nat, 2, Arrival::Unicast);
    hear_from(&mut bench, &announce.bytes, nat, 2, Arrival::Unicast);
    assert_eq!(whats(&bench.run(ms(500))), [""; 0], "that source is itself");
    assert!(!bench.node.is_renewal_wanted());
}

fn in_seeds_mode(name: &str, id: u8) -> Bench {
    let mut bench = Bench::new(Settings {
        id: [id; 16],
        name: name.into(),
        mode: Mode::Seeds,
        legacy: false,
        secret_seed: Key::new([id; 32]),
        ..settings()
    });
    bench.run(ms(0));
    bench
}

/// Nodes that reach each other by unicast alone, each at an address of its own.
fn exchange(nodes: &mut [Bench], time: Duration) {
    let address = |node: usize| SocketAddr::from(([198, 51, 100, node as u8], 49_002));
    let end = nodes[0].now + time;
    while nodes[0].now < end {
        for from in 0..nodes.len() {
            let sent = nodes[from].run(ms(1));
            for sent in sent {
                let peers_proto::Destination::Peer { address: at, .. } = sent.to else {
                    panic!("by unicast alone")
                };
                let to = (0..nodes.len()).find(|to| address(*to) == at);
                if let Some(to) = to {
                    hear_from(&mut nodes[to], &sent.bytes, address(from), 0, Arrival::Unicast);
                }
            }
        }
    }
}

#[test]
fn s2_a_peer_whose_seed_was_dropped_leaves_at_its_expiry() {
    let mut nodes = [in_seeds_mode("hub", 1), in_seeds_mode("guest", 2)];
    let hub = SocketAddr::from(([198, 51, 100, 0], 49_002));
    let now = nodes[1].now;
    nodes[1].node.set_seeds(&[hub], now);
    exchange(&mut nodes, ms(20_000));
    assert_eq!((nodes[0].names(), nodes[1].names()), (vec!["guest".to_owned()], vec!["hub".to_owned()]));
    let now = nodes[1].now;
    nodes[1].node.set_seeds(&[], now);
    exchange(&mut nodes, EXPIRY + ms(1000));
    assert_eq!((nodes[0].names(), nodes[1].names()), (vec![], vec![]));
    exchange(&mut nodes, 2 * EXPIRY);
    assert_eq!(nodes[0].events(), ["+guest", "-guest (expired)"]);
    assert_eq!(nodes[1].events(), ["+hub", "-hub (expired)"]);
}

#[test]
fn s5_a_hub_tells_a_long_value_to_all_at_once() {
    let mut nodes = vec![in_seeds_mode("hub", 1)];
    let hub = SocketAddr::from(([198, 51, 100, 0], 49_002));
    for guest in 0..60_u8 {
        let mut node = in_seeds_mode(&format!("guest{guest}"), 10 + guest);
        let now = node.now;
        node.node.set_seeds(&[hub], now);
        nodes.push(node);
    }
    exchange(&mut nodes, ms(3000));
    assert_eq!(nodes[0].names().len(), 60);
    let now = nodes[0].now;
    nodes[0].node.set_value(&[7; 1000], now).expect("it fits");
    exchange(&mut nodes, ms(100));
    assert!(nodes[1..].iter().all(|node| value_of(node, "hub").is_some_and(|value| value.len() == 1000)));
}

#[test]
fn s12_datagrams_from_before_a_resume_list_and_do_not_renew() {
    let mut bench = Bench::settled();
    let (mut alive, mut dead) = (Remote::new("alive", 7), Remote::new("dead", 8));
    bench.hear(&mut alive, Kind::Query);
    bench.hear(&mut dead, Kind::Query);
    bench.sent();
    bench.now += Duration::from_secs(60);
    // The sockets kept what both sent at first, and what a newcomer has sent.
    bench.hear(&mut alive, Kind::Announce);
    bench.hear(&mut dead, Kind::Announce);
    bench.hear(&mut Remote::new("newcomer", 9), Kind::Announce);
    bench.node.handle_timeout(bench.now);
    assert_eq!(bench.names(), ["alive", "dead", "newcomer"]);
    bench.hear(&mut alive, Kind::Announce);
    bench.run(ms(4000));
    assert_eq!(bench.names(), ["alive"]);
}

#[test]
fn multicast_only_peer_with_a_long_interval_does_not_flap() {
    let mut bench = Bench::settled();
    let interval = Duration::from_secs(600);
    let mut slow = Remote { expiry: interval * 5 / 2, ..Remote::new("slow", 7) };
    for _ in 0..10 {
        bench.hear(&mut slow, Kind::Announce);
        bench.run(interval);
    }
    assert_eq!(bench.events(), ["+slow", "-slow (expired)", "+slow"], "its interval is known by the second");
}

#[test]
fn observer_is_answered_and_not_listed_and_announces_nothing() {
    let mut bench = Bench::settled();
    let mut observer =
        Bench::new(Settings { id: [2; 16], name: "observer".into(), observer: true, ..settings() });
    let sent = observer.run(ms(0));
    assert_eq!(whats(&sent), ["query"], "and no beacon");
    hear_from(&mut bench, &sent[0].bytes, ([192, 0, 2, 9], 50_000).into(), 2, Arrival::Group);
    let replies = bench.sent();
    assert_eq!((whats(&replies), bench.names()), (vec!["announce"], vec![]));
    hear_from(&mut observer, &replies[0].bytes, ([192, 0, 2, 1], 50_000).into(), 2, Arrival::Unicast);
    assert_eq!(observer.names(), ["self"]);
    let sent = observer.run(Duration::from_secs(60));
    assert!(sent.iter().all(|sent| ["query", "probe"].contains(&sent.what)), "{:?}", whats(&sent));
    let now = observer.now;
    observer.node.stop(now);
    assert!(observer.node.is_stopped() && observer.sent().is_empty(), "no goodbye");

    let mode = Mode::Seeds;
    let mut off_link = Bench::new(Settings { observer: true, mode, ..settings() });
    let seed: SocketAddr = ([198, 51, 100, 7], 49_002).into();
    let now = off_link.now;
    off_link.node.set_seeds(&[seed], now);
    let sent = off_link.run(Duration::from_secs(150));
    assert!(
        (12..=16).contains(&sent.len()) && sent.iter().all(|sent| sent.what == "query"),
        "{}",
        sent.len()
    );
}

#[test]
fn new_legacy_node_gets_a_beacon_at_most_once_a_second() {
    let mut bench = Bench::settled();
    let legacy = |name: &str, last| {
        let address = ([192, 0, 2, last], 49001).into();
        Remote { address, ..Remote::new(name, last) }
    };
    bench.hear_line(&legacy("old", 7));
    assert_eq!(whats(&bench.run(ms(0))), ["line"]);
    bench.hear_line(&legacy("old", 7));
    bench.hear_line(&legacy("older", 8));
    assert_eq!(bench.run(ms(900)), []);
    bench.run(ms(100));
    bench.hear_line(&legacy("oldest", 9));
    assert_eq!(whats(&bench.run(ms(0))), ["line"]);
    // A beacon from a port of its own is that of a peer whose messages are late.
    bench.run(ms(2000));
    bench.hear_line(&Remote::new("kitchen", 10));
    assert_eq!(bench.run(ms(100)), []);
}

#[test]
fn query_with_the_node_among_its_known_answers_gets_no_reply() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    kitchen.sequence += 1;
    let query = wire::encode_query(&kitchen.about(), [settings().id].into_iter());
    bench.hear_bytes(&query, kitchen.address);
    assert_eq!((bench.run(ms(100)), bench.names()), (vec![], vec!["kitchen".to_owned()]));
    kitchen.sequence += 1;
    let query = wire::encode_query(&kitchen.about(), [[9; 16]].into_iter());
    bench.hear_bytes(&query, kitchen.address);
    assert_eq!(whats(&bench.run(ms(100))), ["announce"]);
}

#[test]
fn two_probing_peers_have_announces_without_beacons_repeated() {
    for legacy in [false, true] {
        let mut bench = Bench::new(Settings { legacy, ..settings() });
        bench.run(ms(1000));
        for last in [7, 8] {
            let peer = Remote::new("peer", last);
            let probe = wire::Probe { cluster: "", id: peer.id, nonce: [1; 16] };
            bench.hear_bytes_alone(&wire::encode_probe(&probe, 300), peer.address);
        }
        bench.sent();
        let sent = bench.run(INTERVAL);
        let announces: Vec<&Sent> = sent.iter().filter(|sent| sent.what == "announce").collect();
        assert_eq!(announces.len(), if legacy { 1 } else { 2 });
        if let [first, again] = announces[..] {
            assert_eq!((again.at - first.at, &again.bytes), (ms(250), &first.bytes));
        }
    }
}

#[test]
fn peers_of_another_cluster_key_or_mode_are_named_once_a_minute() {
    let mut bench = Bench::settled();
    let mut blue = Remote { cluster: "blue".into(), ..Remote::new("blue", 7) };
    for _ in 0..3 {
        bench.hear(&mut blue, Kind::Announce);
    }
    bench.hear_bytes(b"PEER\x01\x00sealed", Remote::new("keyed", 8).address);
    let content = wire::Content::Digest(1);
    let message = wire::ClusterMessage { cluster: "", id: [9; 16], sequence: 1, content };
    let member = Remote::new("member", 9).address;
    bench.hear_bytes_alone(&wire::encode_cluster(wire::ClusterKind::Ask, &message, 0), member);
    let mut notices: Vec<Notice> = std::iter::from_fn(|| bench.node.poll_notice()).collect();
    notices.sort_by_key(|notice| format!("{notice:?}"));
    assert_eq!(
        notices,
        [
            Notice::OtherCluster { from: blue.address, cluster: "blue".into() },
            Notice::OtherKey { from: Remote::new("keyed", 8).address },
            Notice::OtherMode { from: member },
        ]
    );
    assert_eq!(bench.node.notices(bench.now).count(), 3);
}
