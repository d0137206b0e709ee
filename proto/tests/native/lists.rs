//! What a list shows that is no event.

use peers_proto::Arrival;
use peers_proto::wire::Kind;

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
    bench.node.handle_datagram(b"multitastic:kitchen", from, 2, Arrival::Group, bench.now);
    bench.node.register("bath", b"", None, bench.now).expect("there is room");
    let peers = bench.node.peers(bench.now);
    let listed: Vec<_> = peers.iter().map(|peer| (&*peer.name, peer.id.map(|id| id[0]))).collect();
    assert_eq!(
        listed,
        [("attic", Some(8)), ("bath", None), ("kitchen", None), ("kitchen", Some(7)), ("kitchen", Some(9))]
    );
}

#[test]
fn a_legacy_peer_on_another_interface_is_listed_with_it_without_event() {
    let mut bench = Bench::settled();
    let cellar = Remote::new("cellar", 8);
    bench.hear_line(&cellar);
    assert_eq!(interfaces(&bench), [2]);
    bench.node.handle_datagram(b"multitastic:cellar", cellar.address, 3, Arrival::Group, bench.now);
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
    bench.node.handle_datagram(&message, moved.address, 3, Arrival::Group, bench.now);
    bench.run(ms(2000));
    assert_eq!(interfaces(&bench), [3]);
    assert_eq!(bench.events(), ["+kitchen"]);
}
