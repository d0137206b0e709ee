//! What a list shows that is no event.

use peers_proto::wire::Kind;
use peers_proto::{Arrival, NotRegistered, Received, Registration, Source};

use crate::harness::{Bench, Remote, ms, settings};

fn interfaces(bench: &Bench) -> Vec<u32> {
    bench.node.snapshot(bench.now).iter().map(|peer| peer.interface).collect()
}

#[test]
fn a_list_is_ordered_by_name_and_then_by_id() {
    let mut bench = Bench::settled();
    for (name, number) in [("kitchen", 9), ("attic", 8), ("kitchen", 7)] {
        bench.hear(&mut Remote::new(name, number), Kind::Announce);
    }
    // Its port is the legacy program's: it is no beacon of the peers of this name.
    let from = ([192, 0, 2, 6], settings().group_port).into();
    bench.node.handle_datagram(
        b"multitastic:kitchen",
        Received { from, interface: 2, arrival: Arrival::Group, hops: Some(255) },
        bench.now,
    );
    bench.node.register("bath", b"", None, bench.now).expect("there is room");
    let peers = bench.node.peers(bench.now);
    let listed: Vec<_> = peers.iter().map(|peer| (&*peer.name, peer.id.map(|id| id[0]))).collect();
    assert_eq!(
        listed,
        [("attic", Some(8)), ("bath", None), ("kitchen", None), ("kitchen", Some(7)), ("kitchen", Some(9))]
    );
}

#[test]
fn legacy_peer_moves_to_another_interface_without_an_event() {
    let mut bench = Bench::settled();
    let cellar = Remote::new("cellar", 8);
    bench.hear_line(&cellar);
    assert_eq!(interfaces(&bench), [2]);
    bench.node.handle_datagram(
        b"multitastic:cellar",
        Received { from: cellar.address, interface: 3, arrival: Arrival::Group, hops: Some(255) },
        bench.now,
    );
    assert_eq!(interfaces(&bench), [3]);
    assert_eq!(bench.events(), ["+cellar"]);
}

#[test]
fn a_peer_on_another_interface_is_listed_with_it_without_event() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.run(ms(1000));
    assert_eq!(interfaces(&bench), [2]);
    // The address is the same, and the old port is silent.
    let mut moved = Remote { address: (kitchen.address.ip(), 999).into(), ..kitchen };
    let message = moved.message(Kind::Announce);
    bench.node.handle_datagram(
        &message,
        Received { from: moved.address, interface: 3, arrival: Arrival::Group, hops: Some(255) },
        bench.now,
    );
    bench.run(ms(2000));
    assert_eq!(interfaces(&bench), [3]);
    assert_eq!(bench.events(), ["+kitchen"]);
}

#[test]
fn a_version_rises_with_each_event_and_never_with_a_renewal() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let mut versions = vec![bench.node.version(bench.now)];
    assert_eq!(versions, [1]);
    bench.hear(&mut kitchen, Kind::Announce);
    versions.push(bench.node.version(bench.now));
    kitchen.value = b"warm".into();
    bench.hear(&mut kitchen, Kind::Announce);
    versions.push(bench.node.version(bench.now));
    bench.run(ms(400));
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&kitchen);
    assert_eq!(bench.node.version(bench.now), versions[2], "renewals");
    bench.node.register("lamp", b"", Some(ms(1000)), bench.now).expect("there is room");
    versions.push(bench.node.version(bench.now));
    bench.run(ms(400));
    bench.node.register("lamp", b"", Some(ms(1000)), bench.now).expect("there is room");
    assert_eq!(bench.node.version(bench.now), versions[3], "a renewal");
    bench.hear(&mut kitchen, Kind::Goodbye);
    versions.push(bench.node.version(bench.now));
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
}

#[test]
fn version_changes_at_the_deadline_before_the_removal() {
    let mut bench = Bench::settled();
    for (name, seconds) in [("one", 1), ("two", 2), ("three", 2), ("hours", 3600)] {
        bench.node.register(name, b"", Some(ms(1000 * seconds)), bench.now).expect("there is room");
    }
    let start = bench.now;
    let all = bench.node.version(start);
    assert_eq!(bench.node.version(start + ms(999)), all);
    // The timeout of the node is not handled meanwhile.
    let without_one = bench.node.version(start + ms(1000));
    assert_ne!(without_one, all);
    assert_eq!(bench.node.version(start + ms(1999)), without_one);
    let hours_alone = bench.node.version(start + ms(2000));
    assert!(hours_alone > without_one);
    // A registration that races the expiry wins, without an event.
    bench.events();
    bench.node.register("two", b"", Some(ms(1000)), start + ms(2000)).expect("there is room");
    bench.now = start + ms(2000);
    assert_eq!((bench.names(), bench.events()), (vec!["hours".to_owned(), "two".to_owned()], vec![]));
    let with_two = bench.node.version(bench.now);
    assert!(with_two > hours_alone);
    bench.node.handle_timeout(bench.now);
    assert!(bench.node.version(bench.now) > with_two);
    assert_eq!(bench.events(), ["-one (expired)", "-three (expired)"]);
}

#[test]
fn version_changes_when_an_entry_replaces_an_overdue_one() {
    let mut bench = Bench::settled();
    bench.node.register("first", b"", Some(ms(1000)), bench.now).expect("there is room");
    bench.node.register("second", b"", Some(ms(2000)), bench.now).expect("there is room");
    let (one, two) = (bench.now + ms(1000), bench.now + ms(2000));
    let before = bench.node.version(one);
    // As many entries are past their deadline as before, and there was no event.
    bench.node.register("first", b"", Some(ms(9000)), two).expect("there is room");
    assert_ne!(bench.node.version(two), before);
}

#[test]
fn entry_keeps_its_address_and_port_until_unregistered() {
    let mut bench = Bench::settled();
    let lamp =
        Registration { port: 80, address: Some([192, 0, 2, 9].into()), ..Registration::new("lamp", b"on") };
    bench.node.register_at(&lamp, None, bench.now).expect("there is room");
    bench.node.register_at(&lamp, None, bench.now).expect("it is a renewal");
    bench.node.register_at(&Registration { port: 81, ..lamp }, None, bench.now).expect("it is known");
    let [peer] = &bench.node.peers(bench.now)[..] else { panic!("there is one") };
    assert_eq!((peer.address, peer.port, peer.source), (lamp.address, 81, Source::Registered));
    bench.hear_line(&Remote::new("cellar", 8));
    for unknown in ["cellar", "garden"] {
        assert_eq!(bench.node.unregister(unknown, bench.now), Err(NotRegistered), "{unknown}");
    }
    assert_eq!(bench.node.unregister("lamp", bench.now), Ok(()));
    assert_eq!(bench.node.unregister("lamp", bench.now), Err(NotRegistered));
    assert_eq!(bench.events(), ["+lamp", "~lamp", "+cellar", "-lamp (unregistered)"]);
    assert_eq!(bench.names(), ["cellar"]);
}

#[test]
fn an_expired_registration_cannot_be_unregistered() {
    let mut bench = Bench::settled();
    bench.node.register("lamp", b"", Some(ms(1000)), bench.now).expect("there is room");
    assert_eq!(bench.node.unregister("lamp", bench.now + ms(1000)), Err(NotRegistered));
}

#[test]
fn the_own_record_is_what_the_node_announces() {
    let mut bench = Bench::settled();
    bench.node.set_value(b"new", bench.now).expect("it fits");
    let (own, settings) = (bench.node.own_record(), settings());
    assert_eq!((own.name, own.value, own.port), (settings.name, b"new".to_vec(), settings.port));
    assert_eq!((own.id, own.source, own.address), (Some(settings.id), Source::Own, None));
    assert_eq!((own.addresses, own.addresses_validated), (vec![], 0));
}
