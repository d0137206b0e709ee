//! The legacy program's behaviours, one by one, in virtual time: no socket, no thread, no sleep. Those of the native protocol are
//! in `native`.

#![allow(clippy::disallowed_methods)] // a test has to begin at some time

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use peers_proto::{
    Arrival, Destination, Event, Key, LeaveReason, MAX_EVENTS, MAX_VALUE, Node, Peer, PeerAddress, Received,
    RegisterError, Settings, Source, ValueTooLong,
};

const INTERVAL: Duration = Duration::from_secs(15);
const EXPIRY: Duration = Duration::from_secs(35);
const NANOSECOND: Duration = Duration::from_nanos(1);

fn node(now: Instant) -> Node {
    node_with_room(65_536, now)
}

fn node_with_room(max_peers: usize, now: Instant) -> Node {
    let mut node = Node::new(settings(max_peers), now);
    node.handle_timeout(now);
    node
}

fn settings(max_peers: usize) -> Settings {
    Settings {
        id: [1; 16],
        seed: 1,
        secret_seed: Key::new([9; 32]),
        name: "self".into(),
        interval: INTERVAL,
        expiry: EXPIRY,
        max_peers,
        ..Settings::default()
    }
}

/// Runs the node from deadline to deadline, as its driver does, until `until`.
fn run(node: &mut Node, until: Instant) {
    while let Some(next) = node.poll_timeout().filter(|next| *next < until) {
        node.handle_timeout(next);
    }
    node.handle_timeout(until);
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

fn hear(node: &mut Node, line: &str, from: u8, now: Instant) {
    run(node, now);
    node.handle_datagram(
        line.as_bytes(),
        Received {
            from: SocketAddr::from((address(from), 49001)),
            interface: 2,
            arrival: Arrival::Group,
            hops: Some(255),
        },
        now,
    );
}

fn names(node: &Node, now: Instant) -> Vec<String> {
    node.peers(now).into_iter().map(|peer| peer.name).collect()
}

/// The events that wait, in short: `+name`, `~name`, `-name`.
fn events(node: &mut Node) -> Vec<String> {
    std::iter::from_fn(|| node.poll_event())
        .map(|event| match event {
            Event::Joined(peer) => format!("+{}", peer.name),
            Event::Updated(peer) => format!("~{}", peer.name),
            Event::Left(peer, LeaveReason::Expired) => format!("-{}", peer.name),
            other => format!("{other:?}"),
        })
        .collect()
}

/// When the node sends the legacy beacon, until `until`.
fn lines(node: &mut Node, start: Instant, until: Instant) -> Vec<Instant> {
    let mut sent = Vec::new();
    let mut now = start;
    loop {
        while let Some(transmit) = node.poll_transmit() {
            if *transmit.payload == *b"multitastic:self" {
                assert_eq!(transmit.to, Destination::GroupV4);
                sent.push(now);
            }
        }
        match node.poll_timeout() {
            Some(next) if next <= until => {
                assert!(next > now, "a timeout that was handled is not due again");
                now = next;
                node.handle_timeout(now);
            }
            _ => return sent,
        }
    }
}

#[test]
fn beacon_is_sent_at_the_start_and_every_interval_less_jitter() {
    let start = Instant::now();
    let lines = lines(&mut node(start), start, start + 100 * INTERVAL);
    assert_eq!(lines[0], start);
    // The queries of the start announce as well, so the first interval is counted from the last of them, a second later.
    let first = lines[1] - lines[0] - Duration::from_secs(1);
    let gaps: Vec<Duration> = lines[1..].windows(2).map(|two| two[1] - two[0]).chain([first]).collect();
    assert!(gaps.iter().all(|gap| (INTERVAL * 9 / 10..=INTERVAL).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap != gaps[0]), "they vary");
}

#[test]
fn no_beacons_without_the_option_or_in_a_named_cluster() {
    let silent =
        [Settings { legacy: false, ..settings(10) }, Settings { cluster: "blue".into(), ..settings(10) }];
    for settings in silent {
        let start = Instant::now();
        let mut node = Node::new(settings, start);
        node.handle_timeout(start);
        hear(&mut node, "multitastic:alice", 7, start);
        assert_eq!(names(&node, start), [""; 0]);
        assert_eq!(node.counters().other_cluster, 1);
        assert_eq!(lines(&mut node, start, start + 10 * INTERVAL), []);
    }
}

#[test]
fn a_name_that_is_heard_is_listed_with_its_senders_address() {
    let start = Instant::now();
    let mut node = node(start);
    hear(&mut node, "multitastic:alice", 7, start);
    let expected = Peer {
        name: "alice".into(),
        value: vec![],
        address: Some(IpAddr::V4(address(7))),
        interface: 2,
        addresses: vec![PeerAddress { address: address(7).into(), interface: 2 }],
        addresses_validated: 1,
        port: 0,
        id: None,
        source: Source::Legacy,
        age: Duration::from_secs(5),
        expires_in: Duration::from_secs(30),
    };
    assert_eq!(node.peers(start + Duration::from_secs(5)), [expected]);
    assert_eq!(events(&mut node), ["+alice"]);
}

#[test]
fn a_second_register_of_a_key_replaces_the_value() {
    let start = Instant::now();
    let mut node = node(start);
    node.register("key", b"one", None, start).expect("a valid entry");
    node.register("key", b"two", None, start).expect("a valid entry");
    let peers = node.peers(start);
    assert_eq!((peers.len(), &*peers[0].value), (1, &b"two"[..]));
    assert_eq!((peers[0].source, peers[0].address), (Source::Registered, None));
    assert_eq!(events(&mut node), ["+key", "~key"]);
}

#[test]
fn several_keys_are_listed_in_the_same_order_every_time() {
    let start = Instant::now();
    let mut node = node(start);
    for name in ["delta", "alpha", "charlie", "bravo"] {
        hear(&mut node, &format!("multitastic:{name}"), 7, start);
    }
    for _ in 0..10 {
        assert_eq!(names(&node, start), ["alpha", "bravo", "charlie", "delta"]);
        hear(&mut node, "multitastic:charlie", 7, start);
    }
}

#[test]
fn the_list_is_in_order_whoever_came_and_went_since_the_last() {
    let (mut now, mut random) = (Instant::now(), fastrand::Rng::with_seed(7));
    let mut node = node(now);
    let mut model: BTreeMap<String, Instant> = BTreeMap::new();
    for round in 0..300 {
        // Now and then more than are remembered one by one.
        let count = if round % 50 == 49 { 3000 } else { random.usize(0..30) };
        for _ in 0..count {
            let (name, ttl) =
                (format!("key{}", random.u32(0..5000)), Duration::from_millis(random.u64(1..40_000)));
            node.register(&name, b"", Some(ttl), now).expect("there is room");
            model.insert(name, now + ttl);
        }
        now += Duration::from_millis(random.u64(0..2000));
        // Sometimes the node has not got to those whose time has run out.
        if random.bool() {
            run(&mut node, now);
        }
        model.retain(|_, until| now < *until);
        let expected: Vec<&String> = model.keys().collect();
        assert_eq!(names(&node, now).iter().collect::<Vec<_>>(), expected, "round {round}");
    }
}

#[test]
fn an_entry_not_renewed_for_the_expiry_time_is_gone() {
    let start = Instant::now();
    let mut node = node(start);
    hear(&mut node, "multitastic:alice", 7, start);
    run(&mut node, start + EXPIRY - NANOSECOND);
    assert_eq!(names(&node, start + EXPIRY - NANOSECOND), ["alice"]);
    assert_eq!(names(&node, start + EXPIRY), [""; 0], "not listed, even before the expiry is handled");
    run(&mut node, start + EXPIRY);
    assert_eq!(events(&mut node), ["+alice", "-alice"]);
}

#[test]
fn a_renewal_just_before_the_deadline_keeps_the_entry() {
    let start = Instant::now();
    let mut node = node(start);
    hear(&mut node, "multitastic:alice", 7, start);
    let renewal = start + EXPIRY - NANOSECOND;
    hear(&mut node, "multitastic:alice", 7, renewal);
    run(&mut node, start + EXPIRY);
    assert_eq!(names(&node, start + EXPIRY), ["alice"]);
    run(&mut node, renewal + EXPIRY);
    assert_eq!(events(&mut node), ["+alice", "-alice"], "a renewal alone is no event");
}

#[test]
fn a_renewal_just_after_the_expiry_brings_the_entry_back() {
    let start = Instant::now();
    let mut node = node(start);
    hear(&mut node, "multitastic:alice", 7, start);
    run(&mut node, start + EXPIRY);
    let later = start + EXPIRY + NANOSECOND;
    hear(&mut node, "multitastic:alice", 7, later);
    assert_eq!(names(&node, later), ["alice"]);
    assert_eq!(events(&mut node), ["+alice", "-alice", "+alice"]);
}

#[test]
fn a_register_in_the_same_instant_as_the_expiry_wins() {
    for expiry_comes_first in [false, true] {
        let start = Instant::now();
        let mut node = node(start);
        node.register("key", b"old", None, start).expect("a valid entry");
        let deadline = start + EXPIRY;
        if expiry_comes_first {
            run(&mut node, deadline);
        }
        node.register("key", b"new", None, deadline).expect("a valid entry");
        run(&mut node, deadline);
        assert_eq!(node.peers(deadline)[0].value, b"new");
    }
}

#[test]
fn its_own_name_is_ignored_wherever_it_comes_from() {
    let start = Instant::now();
    let mut node = node(start);
    hear(&mut node, "multitastic:self", 1, start);
    hear(&mut node, "multitastic:self", 9, start);
    assert_eq!(names(&node, start), [""; 0]);
    assert_eq!(node.counters().looped_back, 2);
}

#[test]
fn legacy_name_keeps_its_first_address_until_that_is_silent() {
    let start = Instant::now();
    let mut node = node(start);
    for beat in 0..4 {
        hear(&mut node, "multitastic:alice", 7, start + beat * INTERVAL);
        hear(&mut node, "multitastic:alice", 8, start + beat * INTERVAL);
    }
    let moved = start + 4 * INTERVAL;
    hear(&mut node, "multitastic:alice", 8, moved);
    assert_eq!(node.peers(moved)[0].address, Some(IpAddr::V4(address(7))), "one may have been lost");
    hear(&mut node, "multitastic:alice", 8, moved + INTERVAL);
    assert_eq!(node.peers(moved + INTERVAL)[0].address, Some(IpAddr::V4(address(8))));
    assert_eq!(events(&mut node), ["+alice", "~alice"]);
}

#[test]
fn malformed_lines_are_counted_and_nothing_else() {
    let start = Instant::now();
    let mut node = node(start);
    for line in ["", "multitastic:", "multitastic", "hello", "multitastic:a\nb"] {
        hear(&mut node, line, 7, start);
    }
    node.handle_datagram(
        b"multitastic:\xff",
        Received {
            from: SocketAddr::from((address(7), 1)),
            interface: 2,
            arrival: Arrival::Group,
            hops: Some(255),
        },
        start,
    );
    assert_eq!(node.peers(start), []);
    assert_eq!((node.counters().malformed, node.counters().received), (6, 6));
    assert_eq!(events(&mut node), [""; 0]);
}

#[test]
fn silence_of_each_expiry_time_reopens_the_sockets() {
    let start = Instant::now();
    let mut node = node(start);
    run(&mut node, start + EXPIRY - NANOSECOND);
    assert!(!node.poll_reopen() && !node.is_not_receiving());
    run(&mut node, start + EXPIRY);
    assert!(node.poll_reopen() && node.is_not_receiving());
    assert!(!node.poll_reopen(), "asked once for each silence");
    run(&mut node, start + 2 * EXPIRY);
    assert!(node.poll_reopen());
}

#[test]
fn anything_heard_ends_the_silence_even_its_own_beacon() {
    for line in ["multitastic:self", "multitastic:alice", "noise"] {
        let start = Instant::now();
        let mut node = node(start);
        let heard = start + Duration::from_secs(20);
        hear(&mut node, line, 7, heard);
        run(&mut node, heard + EXPIRY - NANOSECOND);
        assert!(!node.poll_reopen(), "{line} was heard");
        run(&mut node, heard + EXPIRY);
        assert!(node.poll_reopen());
        hear(&mut node, line, 7, heard + EXPIRY);
        assert!(!node.is_not_receiving());
    }
}

#[test]
fn new_sockets_are_announced_through_at_once() {
    let start = Instant::now();
    let mut node = node(start);
    let change = start + Duration::from_secs(4);
    run(&mut node, change);
    while node.poll_transmit().is_some() {}
    node.handle_network_change(change);
    assert_eq!(lines(&mut node, change, change), [change]);
}

#[test]
fn a_registration_has_a_life_of_its_own() {
    let start = Instant::now();
    let mut node = node(start);
    node.register("short", b"", Some(Duration::from_secs(1)), start).expect("a valid entry");
    node.register("for ever", b"", Some(Duration::MAX), start).expect("a valid entry");
    run(&mut node, start + Duration::from_secs(1));
    assert_eq!(names(&node, start + Duration::from_secs(1)), ["for ever"]);
}

#[test]
fn what_cannot_be_registered_is_refused_for_its_reason() {
    let start = Instant::now();
    let mut node = node_with_room(1, start);
    assert_eq!(node.register("self", b"", None, start), Err(RegisterError::OwnName));
    let too_long = ValueTooLong { len: MAX_VALUE + 1, max_len: MAX_VALUE };
    let refused = node.register("k", &[0; MAX_VALUE + 1], None, start);
    assert_eq!(refused, Err(RegisterError::ValueTooLong(too_long)));
    assert!(matches!(node.register("", b"", None, start), Err(RegisterError::Name(_))));
    assert!(matches!(node.register(&"k".repeat(256), b"", None, start), Err(RegisterError::Name(_))));
    node.register(&"k".repeat(255), &[0; MAX_VALUE], None, start).expect("both are just short enough");
    assert_eq!(node.register("one more", b"", None, start), Err(RegisterError::Full { max_peers: 1 }));
}

#[test]
fn entries_take_no_more_bytes_than_the_budget() {
    let start = Instant::now();
    let settings = Settings { entries_max_bytes: 2000, ..settings(65_536) };
    let mut node = Node::new(settings, start);
    node.register("one", &[1; 997], None, start).expect("1000 bytes fit");
    node.register("two", &[2; 997], None, start).expect("1000 more fit");
    let full = RegisterError::BytesFull { max_bytes: 2000 };
    assert_eq!(node.register("3", b"", None, start), Err(full));
    assert_eq!(node.register("two", &[2; 998], None, start), Err(full));
    node.register("two", &[2; 996], None, start).expect("it is shorter than before");
    node.register("3", b"", None, start).expect("one byte is free");
    assert_eq!(node.peer_count(), 3);
}

#[test]
fn a_flood_of_names_stops_at_the_cap_and_evicts_nobody() {
    let start = Instant::now();
    let mut node = node_with_room(100, start);
    hear(&mut node, "multitastic:old friend", 7, start);
    for stranger in 0..10_000 {
        hear(&mut node, &format!("multitastic:stranger{stranger}"), 8, start);
    }
    assert_eq!(node.peer_count(), 100);
    assert_eq!(node.counters().refused_full, 9_901);
    assert!(names(&node, start).contains(&"old friend".to_owned()));
}

#[test]
fn events_nobody_takes_are_dropped_and_one_resync_tells_of_it() {
    let start = Instant::now();
    let mut node = node(start);
    for name in 0..=MAX_EVENTS {
        hear(&mut node, &format!("multitastic:{name}"), 7, start);
    }
    assert_eq!(events(&mut node), ["Resync".to_owned(), format!("+{MAX_EVENTS}")]);
    assert_eq!(node.counters().events_lost, MAX_EVENTS as u64);
    assert_eq!(node.peers(start).len(), MAX_EVENTS + 1, "nothing is lost but the telling");
}
