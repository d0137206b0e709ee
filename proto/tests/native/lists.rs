//! What a list may be made of: the one before, if its version is the same.

use peers_proto::Arrival;
use peers_proto::wire::Kind;

use crate::harness::{Bench, Remote, ms};

/// The version of the list, and the interfaces that it tells.
fn version(bench: &Bench) -> (u64, Vec<u32>) {
    let now = bench.now;
    bench.node.list(now, |walk| (walk.version(), walk.map(|peer| peer.interface).collect()))
}

#[test]
fn those_who_are_heard_as_before_leave_the_version_as_it_is() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let before = version(&bench);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&Remote::new("cellar", 8));
    let listed = version(&bench);
    assert_eq!((listed.0, &*listed.1), (before.0 + 1, &[2, 2][..]));
    bench.run(ms(100));
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_line(&Remote::new("cellar", 8));
    assert_eq!(version(&bench), listed);
    kitchen.value = b"soup".into();
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(version(&bench), (listed.0 + 1, listed.1));
}

#[test]
fn a_legacy_node_that_comes_by_another_interface_is_news_for_a_list_and_no_event() {
    let mut bench = Bench::settled();
    let cellar = Remote::new("cellar", 8);
    bench.hear_line(&cellar);
    let before = version(&bench);
    bench.node.handle_datagram(b"multitastic:cellar", cellar.address, 3, Arrival::Group, bench.now);
    assert_eq!(version(&bench), (before.0 + 1, vec![3]));
    assert_eq!(bench.events(), ["+cellar"]);
}

#[test]
fn a_peer_that_moves_to_another_interface_is_news_for_a_list_and_no_event() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.run(ms(1000));
    let before = version(&bench);
    // Its address is the same, and what is sent from its old port comes no more.
    let mut moved = Remote { address: (kitchen.address.ip(), 999).into(), ..kitchen };
    let message = moved.message(Kind::Announce);
    bench.node.handle_datagram(&message, moved.address, 3, Arrival::Group, bench.now);
    bench.run(ms(2000));
    assert_eq!(version(&bench), (before.0 + 1, vec![3]));
    assert_eq!(bench.events(), ["+kitchen"]);
}
