//! A node that speaks both formats is one peer, whichever is heard first.

use std::net::Ipv4Addr;

use peers_proto::Source;
use peers_proto::wire::Kind;

use crate::harness::{Bench, EXPIRY, INTERVAL, Remote, ms, unicasts};

#[test]
fn legacy_entry_of_a_peer_becomes_its_peer() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear_line(&kitchen);
    assert_eq!(bench.node.peers(bench.now)[0].source, Source::Legacy);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&kitchen);
    let peers = bench.node.peers(bench.now);
    assert_eq!((peers.len(), peers[0].source, peers[0].id), (1, Source::Multicast, Some(kitchen.id)));
    assert_eq!(bench.events(), ["+kitchen", "~kitchen"]);
}

#[test]
fn beacon_through_another_interface_is_of_the_same_peer() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear_line(&kitchen.at(8));
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&kitchen.at(8));
    assert_eq!(bench.names(), ["kitchen"]);
}

#[test]
fn a_line_keeps_its_peer_alive_when_the_messages_are_lost() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    for _ in 0..10 {
        bench.run(INTERVAL);
        bench.hear_line(&kitchen);
    }
    assert_eq!(bench.events(), ["+kitchen"]);
    bench.run(EXPIRY);
    assert_eq!(bench.events(), ["-kitchen (expired)"]);
}

#[test]
fn beacon_from_another_address_makes_no_peer_suspect() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    for _ in 0..5 {
        bench.hear(&mut kitchen, Kind::Announce);
        bench.hear_line(&kitchen.at(8));
        assert_eq!(unicasts(&bench.run(INTERVAL)), []);
    }
}

#[test]
fn legacy_node_of_a_peers_name_and_host_is_an_entry_of_its_own() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let mut legacy = kitchen.clone();
    legacy.address.set_port(49001);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&legacy);
    bench.hear_line(&kitchen);
    let sources: Vec<Source> = bench.node.peers(bench.now).iter().map(|peer| peer.source).collect();
    assert_eq!(sources, [Source::Legacy, Source::Multicast]);
}

#[test]
fn known_legacy_node_is_no_newcomer_of_its_name() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let mut legacy = kitchen.clone();
    legacy.address.set_port(49001);
    bench.hear_line(&legacy);
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(bench.names(), ["kitchen", "kitchen"]);
}

#[test]
fn what_the_user_registered_under_a_peers_name_stays() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.node.register("kitchen", b"mine", None, bench.now).expect("a valid entry");
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&kitchen);
    let values: Vec<Vec<u8>> = bench.node.peers(bench.now).into_iter().map(|peer| peer.value).collect();
    assert_eq!(values, [b"mine".to_vec(), b"".to_vec()]);
    bench.run(ms(10));
    assert_eq!(bench.events(), ["+kitchen", "+kitchen"]);
}

#[test]
fn registration_stays_beside_a_legacy_entry_of_its_name() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear_line(&kitchen);
    bench.node.register("kitchen", b"mine", None, bench.now).expect("a valid entry");
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(bench.names(), ["kitchen", "kitchen"]);
}

#[test]
fn beacons_of_one_name_and_port_belong_to_their_hosts() {
    let mut bench = Bench::settled();
    let mut one = Remote::new("worker", 7);
    let mut two = Remote {
        address: (Ipv4Addr::new(192, 0, 2, 8), one.address.port()).into(),
        ..Remote::new("worker", 8)
    };
    bench.hear(&mut one, Kind::Announce);
    bench.hear(&mut two, Kind::Announce);
    for _ in 0..4 {
        bench.run(INTERVAL);
        bench.hear_line(&one);
    }
    assert_eq!(bench.events(), ["+worker", "+worker", "-worker (expired)"]);
    bench.run(EXPIRY - ms(1));
    bench.hear_line(&one);
    assert_eq!(bench.names(), ["worker"]);
}

#[test]
fn a_peer_heard_from_two_ports_is_known_by_lines_from_both() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let mut reopened =
        Remote { address: (kitchen.address.ip(), 60_000).into(), sequence: 1, ..kitchen.clone() };
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear(&mut reopened, Kind::Announce);
    bench.hear_line(&kitchen);
    bench.hear_line(&reopened);
    bench.run(ms(5000));
    bench.hear_line(&kitchen);
    bench.hear_line(&reopened);
    bench.hear(&mut reopened, Kind::Goodbye);
    bench.hear_line(&kitchen);
    bench.hear_line(&reopened);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (goodbye)"]);
}

#[test]
fn long_registration_outlives_beacons_and_goodbyes_of_its_name() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.node.register("kitchen", b"mine", Some(100 * EXPIRY), bench.now).expect("a valid entry");
    bench.hear_line(&kitchen);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.run(99 * EXPIRY);
    let peer = bench.node.peers(bench.now).pop().expect("it is registered");
    assert_eq!((peer.source, peer.value.as_slice()), (Source::Registered, &b"mine"[..]));
    bench.run(EXPIRY);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (expired)"], "no beacon moves its end");
}

#[test]
fn registration_replaces_the_legacy_peer_of_its_name() {
    let mut bench = Bench::settled();
    let kitchen = Remote::new("kitchen", 7);
    bench.hear_line(&kitchen);
    bench.node.register("kitchen", b"mine", None, bench.now).expect("a valid entry");
    bench.hear_line(&kitchen);
    assert_eq!(bench.events(), ["+kitchen", "~kitchen"]);
    let peers = bench.node.peers(bench.now);
    let [peer] = &peers[..] else { panic!("two entries of one name: {peers:?}") };
    assert_eq!((peer.source, peer.address, peer.value.as_slice()), (Source::Registered, None, &b"mine"[..]));
}

#[test]
fn ended_registration_becomes_the_legacy_node() {
    let mut bench = Bench::settled();
    let kitchen =
        Remote { address: (Ipv4Addr::new(192, 0, 2, 7), 49001).into(), ..Remote::new("kitchen", 7) };
    bench.node.register("kitchen", b"mine", Some(ms(1000)), bench.now).expect("a valid entry");
    for _ in 0..3 {
        bench.hear_line(&kitchen);
        bench.run(ms(600));
    }
    assert_eq!(bench.node.peers(bench.now)[0].source, Source::Legacy);
}

#[test]
fn peer_with_reopened_sockets_stays_one_peer() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let moved = Remote { address: (Ipv4Addr::new(192, 0, 2, 9), 60_000).into(), ..kitchen.clone() };
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&moved);
    assert_eq!(bench.events(), ["+kitchen"]);

    let mut attic = Remote::new("attic", 8);
    bench.hear_line(&attic);
    attic.address.set_port(60_000);
    bench.hear(&mut attic, Kind::Announce);
    assert_eq!(bench.events(), ["+attic", "~attic"]);
}

#[test]
fn late_beacon_from_the_port_of_a_goodbye_is_not_listed() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    kitchen.address.set_port(60_000);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.hear_line(&kitchen);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (goodbye)"]);
}
