//! The datagram parser: it never panics, what it reads can be written and read again, and a node makes the same of a sealed
//! datagram as of the one in it.

#![no_main]

use std::net::SocketAddr;
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use peers_fuzz::{ID, key, seal, settings};
use peers_proto::wire::{self, Announcement, Kind, Message};
use peers_proto::{Arrival, Counters, Node, Received};

fuzz_target!(|datagram: &[u8]| {
    let decoded = wire::decode(datagram);
    if let Ok(message) = &decoded {
        reads_back(message);
    }
    let is_message = decoded.as_ref().is_ok_and(|message| *message != Message::Sealed);

    for (arrival, addressee, other) in
        [(Arrival::Group, None, ID), (Arrival::Unicast, Some(ID), *b"somebody else...")]
    {
        let in_the_open = heard(datagram, arrival, false);
        let is_counted = in_the_open.malformed + in_the_open.wrong_key > 0;
        // A probe is for one instance: to the group it is malformed.
        let is_stray = arrival == Arrival::Group && matches!(decoded, Ok(Message::Probe(_)));
        assert_eq!(is_counted, !is_message || is_stray, "{in_the_open:?}");
        assert!(is_unopened(heard(datagram, arrival, true)), "nobody can have sealed it");
        let sealed_for_another = seal(datagram, 0, Some(&other), 1);
        assert!(is_unopened(heard(&sealed_for_another, arrival, true)), "it is for another");

        let sealed = heard(&seal(datagram, 0, addressee.as_ref(), 1), arrival, true);
        if datagram.len() > wire::MAX_DATAGRAM {
            assert!(is_unopened(sealed), "it is longer than any datagram");
            continue;
        }
        match decoded {
            // A node with keys speaks no line.
            Ok(Message::Legacy { .. }) if !is_counted => {
                assert_eq!(sealed, Counters { other_cluster: 1, looped_back: 0, ..in_the_open });
            }
            // A newcomer is validated first, and an echo of no nonce of the node is ignored if it came by unicast.
            Ok(Message::Native(kind @ (Kind::Announce | Kind::Query), about)) if is_heeded(in_the_open) => {
                let is_observer = kind == Kind::Query && about.is_observer;
                let stale = u64::from(about.echo.is_some() && arrival == Arrival::Unicast && !is_observer);
                let unvalidated = if is_observer { 0 } else { 1 - stale };
                assert_eq!(sealed, Counters { stale, unvalidated, ..in_the_open });
            }
            _ => assert_eq!(sealed, in_the_open),
        }
    }
});

/// True if all that was counted is that the datagram could not be opened.
fn is_unopened(counters: Counters) -> bool {
    counters == Counters { received: 1, wrong_key: 1, ..Counters::default() }
}

/// True if the message was taken in.
fn is_heeded(counters: Counters) -> bool {
    counters == Counters { received: 1, ..Counters::default() }
}

/// What a fresh node counts when it hears the datagram.
fn heard(datagram: &[u8], arrival: Arrival, with_key: bool) -> Counters {
    let now = Instant::now();
    let keys = if with_key { vec![key(0)] } else { vec![] };
    let mut node = Node::new(peers_proto::Settings { keys, ..settings() }, now);
    let from = SocketAddr::from(([192, 0, 2, 1], 50_000));
    node.handle_timeout(now);
    node.handle_datagram(datagram, Received { from, interface: 2, arrival, hops: Some(255) }, now);
    assert!(node.peer_count() <= 1);
    let counters = node.counters();
    let reasons = [
        counters.looped_back,
        counters.malformed,
        counters.wrong_key,
        counters.other_cluster,
        counters.stale,
    ];
    assert!(reasons.iter().sum::<u64>() <= 1, "one datagram is counted once: {counters:?}");
    counters
}

/// What was read is what is read again when it is written.
fn reads_back(message: &Message<'_>) {
    match message {
        Message::Legacy { name } => {
            assert_eq!(wire::decode(&wire::encode_legacy(name)).as_ref(), Ok(message));
        }
        Message::Probe(probe) => {
            for len in [0, 300, wire::MAX_MESSAGE] {
                let written = wire::encode_probe(probe, len);
                assert_eq!(wire::decode(&written).as_ref(), Ok(message));
                assert!(written.len() <= wire::MAX_DATAGRAM);
            }
        }
        Message::Native(kind, about) => {
            let about = Announcement { known_answers: &[], ..*about };
            let bare = wire::encode_within(*kind, &about, 0..=wire::MAX_DATAGRAM);
            assert!(bare.len() <= wire::MAX_DATAGRAM, "the shortest form is no longer than what was read");
            assert_eq!(wire::decode(&bare), Ok(Message::Native(*kind, about)));
            let padded = wire::encode_within(*kind, &about, wire::MAX_MESSAGE..=wire::MAX_DATAGRAM);
            assert!(padded.len() >= wire::MAX_MESSAGE && padded.len() <= wire::MAX_DATAGRAM);
            let Ok(Message::Native(_, read)) = wire::decode(&padded) else { panic!("it is what it was") };
            assert_eq!(Announcement { known_answers: &[], ..read }, about);
        }
        Message::Cluster(kind, about) => {
            for len in [0, wire::MAX_MESSAGE] {
                let written = wire::encode_cluster(*kind, about, len);
                assert_eq!(wire::decode(&written).as_ref(), Ok(message));
                assert!(written.len() <= wire::MAX_DATAGRAM);
            }
        }
        Message::Sealed => {}
    }
}
