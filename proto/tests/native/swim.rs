//! Clusters: how members join, stay, change, leave and come back.

use std::time::Duration;

use peers_proto::wire::{self, Kind};
use peers_proto::{Key, Mode, Settings, Source};

use super::members::*;
use crate::harness::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn one_seed_is_enough_to_know_all() {
    let mut cluster = Cluster::new();
    for number in 1..=7 {
        // Each has the one before for its only seed.
        cluster.start(member(number), place(number), &[place(number.max(2) - 1)]);
    }
    cluster.run_until_all_know_all(3 * SECOND);
    let peers = {
        let now = cluster.now;
        cluster.node(0).peers(now)
    };
    assert!(peers.iter().all(|peer| peer.source == Source::Gossip));
    let addresses: Vec<_> = peers.iter().map(|peer| peer.address.expect("it has one")).collect();
    assert_eq!(addresses, (2..=7).map(|number| place(number).ip()).collect::<Vec<_>>());
    cluster.run(10 * MINUTE);
    assert_eq!(cluster.take_events(0), ["+2", "+3", "+4", "+5", "+6", "+7"], "each once, and none leaves");
}

#[test]
fn a_goodbye_reaches_each_member_directly() {
    let mut cluster = Cluster::of(30);
    cluster.act(3, |node, now| node.stop(now));
    cluster.run(Duration::from_millis(2));
    for index in (0..30).filter(|index| *index != 3) {
        assert_eq!(cluster.take_events(index), ["-4 (goodbye)"]);
    }
    cluster.record = Some(Vec::new());
    cluster.run(Duration::from_millis(15));
    let is_repeat = |flying: &&Flying| flying.from == place(4);
    let sent = cluster.record.take().expect("it is kept");
    assert_eq!(sent.iter().filter(is_repeat).count(), 2 * 29, "each goodbye goes three times");
    assert!(cluster.node(3).is_stopped());
    cluster.kill(3);
    cluster.run(10 * MINUTE);
    assert!(cluster.all_know_all() && cluster.take_events(0).is_empty());
}

#[test]
fn a_former_member_is_probed_at_the_address_that_it_had() {
    let mut cluster = Cluster::of(3);
    cluster.stop(2);
    cluster.record = Some(Vec::new());
    cluster.run(2 * MINUTE);
    let sent = cluster.record.take().expect("it is kept");
    assert!(sent.iter().any(|flying| flying.to == place(3)));
    assert!(sent.iter().all(|flying| flying.to.port() != 0), "no datagram goes to an unknown address");
}

#[test]
fn killed_member_expires_at_all_within_the_expiry() {
    let mut cluster = Cluster::of(8);
    cluster.kill(3);
    cluster.run(15 * SECOND);
    assert!(cluster.list(0).contains(&"4".to_owned()), "it may yet contradict");
    cluster.run(EXPIRY - 15 * SECOND);
    for index in [0, 1, 2, 4, 5, 6, 7] {
        assert_eq!(cluster.take_events(index), ["-4 (expired)"]);
    }
    cluster.run(20 * MINUTE);
    assert!(cluster.all_know_all(), "it is not brought back, not even when it is forgotten");
    assert_eq!(cluster.take_events(0), [] as [&str; 0]);
}

#[test]
fn a_restart_with_the_same_socket_is_never_there_twice() {
    let mut cluster = Cluster::of(5);
    cluster.kill(2);
    cluster.run(SECOND);
    let again = Settings { id: [0xf3; 16], seed: 99, ..member(3) };
    cluster.start(again, place(3), &[place(1)]);
    let is_twice = |cluster: &Cluster| {
        [0, 1, 3, 4].iter().any(|index| cluster.list(*index).iter().filter(|name| *name == "3").count() > 1)
    };
    assert!(!cluster.run_until(2 * MINUTE, is_twice), "{:?}", cluster.lists());
    for index in [0, 1, 3, 4] {
        assert_eq!(cluster.take_events(index).len(), 2, "one has come, and one has gone");
        assert_eq!(cluster.list(index).len(), 4);
    }
}

#[test]
fn restart_on_another_port_is_listed_twice_for_one_expiry() {
    let mut cluster = Cluster::of(5);
    cluster.kill(2);
    let again = Settings { id: [0xf3; 16], seed: 99, ..member(3) };
    let mut elsewhere = place(3);
    elsewhere.set_port(50_000);
    cluster.start(again, elsewhere, &[place(1)]);
    cluster.run(3 * SECOND);
    assert!([0, 1, 3, 4].iter().all(|index| cluster.list(*index).len() == 5), "it is there at once");
    cluster.run(EXPIRY - 3 * SECOND);
    for index in [0, 1, 3, 4] {
        assert_eq!(cluster.take_events(index), ["+3", "-3 (expired)"]);
    }
}

#[test]
fn restarted_seed_is_found_at_its_address() {
    let mut cluster = Cluster::of(3);
    cluster.kill(0);
    cluster.run(SECOND);
    // It has no seed itself.
    cluster.start(Settings { id: [0xf1; 16], seed: 99, ..member(1) }, place(1), &[]);
    cluster.run_until_all_know_all(EXPIRY + 2 * INTERVAL);
}

#[test]
fn what_changes_reaches_all_and_the_longest_value_fits() {
    let mut cluster = Cluster::of(8);
    let room = Mode::Swim.max_value_len("3", "");
    let refused = cluster.act(2, |node, now| node.set_value(&vec![5; room + 1], now));
    assert_eq!(refused.map_err(|error| error.max_len), Err(room));
    assert_eq!(room, wire::max_value_len("3", "") - wire::UPDATE_OVERHEAD);
    for value in [vec![7; room], b"short".to_vec(), vec![]] {
        cluster.act(2, |node, now| node.set_value(&value, now)).expect("it fits");
        cluster.run(3 * SECOND);
        for index in [0, 1, 3, 4, 5, 6, 7] {
            let now = cluster.now;
            let peers = cluster.node(index).peers(now);
            let peer = peers.iter().find(|peer| peer.name == "3").expect("it is listed");
            assert_eq!(peer.value, value);
            assert_eq!(cluster.take_events(index), ["~3"]);
        }
    }
}

#[test]
fn newcomer_learns_the_longest_values_of_all() {
    let mut cluster = Cluster::new();
    let room = Mode::Swim.max_value_len("1", "");
    for number in 1..=9 {
        let value = vec![number; room];
        cluster.start(Settings { value, ..member(number) }, place(number), &[place(1)]);
        cluster.run(2 * SECOND);
    }
    cluster.run_until_all_know_all(5 * SECOND);
    let now = cluster.now;
    assert!(cluster.node(8).peers(now).iter().all(|peer| peer.value.len() == room));
}

#[test]
fn one_that_was_taken_for_dead_comes_back_and_all_list_it_once() {
    let mut cluster = Cluster::of(6);
    cluster.members[3].is_suspended = true;
    cluster.run(MINUTE);
    for index in [0, 1, 2, 4, 5] {
        assert_eq!(cluster.take_events(index), ["-4 (expired)"]);
    }
    cluster.resume(3);
    cluster.run_until_all_know_all(INTERVAL);
    cluster.run(20 * MINUTE);
    for index in [0, 1, 2, 4, 5] {
        assert_eq!(cluster.take_events(index), ["+4"]);
    }
    assert_eq!(cluster.take_events(3), [] as [&str; 0], "it has missed nobody");
    assert!(cluster.all_know_all());
    cluster.kill(3);
    cluster.run(EXPIRY);
    for index in [0, 1, 2, 4, 5] {
        assert_eq!(cluster.take_events(index), ["-4 (expired)"], "it leaves like any other");
    }
}

#[test]
fn when_all_seeds_were_lost_at_once_new_ones_let_in_again() {
    let mut cluster = Cluster::of(3);
    cluster.kill(0);
    cluster.kill(1);
    cluster.run(MINUTE);
    assert_eq!(cluster.list(2), [] as [&str; 0]);
    // Where the old seed was, somebody comes who has no seed.
    cluster.start(Settings { id: [0xf1; 16], ..member(1) }, place(1), &[]);
    cluster.run_until_all_know_all(INTERVAL + SECOND);
    // And a seed that was never one.
    cluster.kill(3);
    cluster.run(MINUTE);
    cluster.start(member(9), place(9), &[]);
    cluster.act(2, |node, now| node.set_seeds(&[place(9)], now));
    cluster.run_until_all_know_all(2 * SECOND);
}

#[test]
fn what_was_parted_for_two_minutes_comes_together() {
    let mut cluster = Cluster::of(8);
    cluster.parted = Some((5..=8).map(place).collect());
    cluster.run(2 * MINUTE);
    assert!(cluster.lists().iter().all(|list| list.len() == 3), "{:?}", cluster.lists());
    cluster.parted = None;
    // At an interval of theirs those who have a seed where nobody is listed ask there.
    cluster.run_until_all_know_all(INTERVAL + 2 * SECOND);
    cluster.run(20 * MINUTE);
    for index in 0..8 {
        assert_eq!(cluster.take_events(index).len(), 8, "four have gone and come");
    }
}

#[test]
fn two_clusters_stay_apart() {
    let mut cluster = Cluster::new();
    for number in 1..=6 {
        let name = if number % 2 == 0 { "even" } else { "odd" };
        let settings = Settings { cluster: name.into(), ..member(number) };
        // All have seeds of both.
        cluster.start(settings, place(number), &[place(1), place(2)]);
    }
    cluster.run(2 * MINUTE);
    for index in 0..6 {
        let list = cluster.list(index);
        assert_eq!(
            list,
            if index % 2 == 0 { ["1", "3", "5"] } else { ["2", "4", "6"] }
                .map(str::to_owned)
                .into_iter()
                .filter(|name| *name != (index + 1).to_string())
                .collect::<Vec<_>>()
        );
    }
    assert!(cluster.node(0).counters().other_cluster > 0);
}

#[test]
fn with_keys_nobody_is_let_in_without_one_of_them() {
    let keyed = |number, key: Option<u8>| {
        let keys = key.map(|key| Key::new([key; 32])).into_iter().collect();
        Settings { keys, ..member(number) }
    };
    let mut cluster = Cluster::new();
    for (number, key) in [(1, Some(7)), (2, Some(7)), (3, Some(7)), (4, Some(8)), (5, None)] {
        cluster.start(keyed(number, key), place(number), &[place(1), place(2)]);
    }
    cluster.run(2 * MINUTE);
    assert_eq!(cluster.lists(), [vec!["2", "3"], vec!["1", "3"], vec!["1", "2"], vec![], vec![]]);
    assert!(cluster.node(0).counters().wrong_key > 0);
}

#[test]
fn with_keys_what_was_recorded_does_nothing_when_it_comes_again() {
    let mut cluster = Cluster::new();
    cluster.record = Some(Vec::new());
    for number in 1..=5 {
        cluster.start(
            Settings { keys: vec![Key::new([7; 32])], ..member(number) },
            place(number),
            &[place(1)],
        );
    }
    cluster.run_until_all_know_all(5 * SECOND);
    cluster.act(1, |node, now| node.set_value(b"new", now)).expect("it fits");
    cluster.stop(4);
    cluster.run(5 * SECOND);
    let recorded = cluster.record.take().expect("it is kept");
    assert!(recorded.len() > 100, "{}", recorded.len());
    let lists = cluster.lists();
    cluster.forget_events();
    cluster.record = Some(Vec::new());
    for flying in recorded.iter().filter(|flying| flying.to != place(5)) {
        // To whom it was sent, and to another, from where it came and from elsewhere.
        let to =
            (0..4).find(|index| cluster.members[*index].address == flying.to).expect("it is one of them");
        for (index, from) in [(to, flying.from), (to, place(99)), ((to + 1) % 4, flying.from)] {
            cluster.hear(index, &flying.bytes, from);
        }
    }
    cluster.run(MINUTE);
    assert_eq!(cluster.lists(), lists);
    let sent = cluster.record.take().expect("it is kept");
    let is_probe = |bytes: &[u8]| bytes.len() <= wire::MAX_DATAGRAM;
    let to_99: Vec<_> = sent.iter().filter(|flying| flying.to == place(99)).collect();
    assert!(to_99.len() <= recorded.len(), "{} probes", to_99.len());
    assert!(to_99.iter().all(|flying| is_probe(&flying.bytes)));
    for index in 0..4 {
        let now = cluster.now;
        assert!(cluster.node(index).peers(now).iter().all(|peer| peer.address != Some(place(99).ip())));
        // A copy from elsewhere adds an address after the listed one, and nothing else.
        assert!(cluster.take_events(index).iter().all(|event| event.starts_with('~')));
    }
}

#[test]
fn who_speaks_another_way_is_not_listed() {
    let mut cluster = Cluster::of(3);
    let mut stranger = Remote::new("stranger", 77);
    for kind in [Kind::Query, Kind::Announce, Kind::Query, Kind::Goodbye] {
        let message = stranger.message(kind);
        cluster.hear(0, &message, stranger.address);
        cluster.run(SECOND);
    }
    let elsewhere = Settings { mode: Mode::Seeds, ..member(9) };
    let index = cluster.start(elsewhere, place(9), &[place(1), place(2)]);
    cluster.run(MINUTE);
    assert_eq!(cluster.list(index), [] as [&str; 0]);
    assert_eq!(cluster.lists()[..3], [vec!["2", "3"], vec!["1", "3"], vec!["1", "2"]]);
    let events: Vec<_> = (0..3).map(|index| cluster.take_events(index)).collect();
    assert!(events.iter().all(Vec::is_empty), "{events:?}");
}
