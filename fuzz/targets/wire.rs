//! The datagram parser: it never panics, what it reads can be written and read again, and a node makes the same of a sealed
//! datagram as of the one in it.

#![no_main]

use std::net::SocketAddr;
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use peers::core::wire::{self, Kind, Message};
use peers::core::{Arrival, Counters, Node};
use peers_fuzz::{key, seal, settings};

fuzz_target!(|datagram: &[u8]| {
    let decoded = wire::decode(datagram);
    if let Ok(message) = &decoded {
        reads_back(message);
    }
    let is_message = decoded.is_ok_and(|message| message != Message::Sealed);

    let in_the_open = heard(datagram, false);
    let is_counted = in_the_open.malformed + in_the_open.wrong_key > 0;
    assert_eq!(is_counted, !is_message, "{in_the_open:?}");

    let raw = heard(datagram, true);
    assert_eq!(raw, Counters { received: 1, wrong_key: 1, ..raw }, "nobody can have sealed it");

    let sealed = heard(&seal(datagram, 0, 1), true);
    // A node with keys speaks no line, and a sealed datagram in another one is none that it was to open.
    let is_line = datagram.starts_with(b"multitastic:") && in_the_open.malformed == 0;
    match is_line {
        true => assert_eq!(sealed.foreign, 1, "{sealed:?}"),
        false => assert_eq!(sealed, in_the_open),
    }
});

/// What a fresh node counts when it hears the datagram.
fn heard(datagram: &[u8], with_key: bool) -> Counters {
    let now = Instant::now();
    let keys = if with_key { vec![key(0)] } else { vec![] };
    let mut node = Node::new(peers::core::Settings { keys, ..settings() }, now);
    let from = SocketAddr::from(([192, 0, 2, 1], 50_000));
    node.handle_datagram(datagram, from, 2, Arrival::Group, now);
    assert!(node.peer_count() <= 1);
    let counters = node.counters();
    let reasons = [counters.own, counters.malformed, counters.wrong_key, counters.foreign, counters.stale];
    assert!(reasons.iter().sum::<u64>() <= 1, "one datagram is counted once: {counters:?}");
    counters
}

/// What was read is what is read again when it is written.
fn reads_back(message: &Message<'_>) {
    match message {
        Message::Ancestor { name } => {
            assert_eq!(wire::decode(&wire::encode_ancestor(name)).as_ref(), Ok(message));
        }
        Message::Challenge { cluster, id, challenge } => {
            for least in [0, 300, wire::MAX_MESSAGE] {
                let written = wire::encode_challenge(cluster, *id, *challenge, least);
                assert_eq!(wire::decode(&written).as_ref(), Ok(message));
                assert!(written.len() <= wire::MAX_DATAGRAM);
            }
        }
        Message::Native(kind, about) => {
            let bare = wire::encode_padded(*kind, about, 0);
            assert!(bare.len() <= wire::MAX_DATAGRAM, "the shortest form is no longer than what was read");
            assert_eq!(wire::decode(&bare).as_ref(), Ok(message));
            let padded = wire::encode(Kind::Query, about);
            assert!(padded.len() >= wire::MAX_ANNOUNCE && padded.len() <= wire::MAX_DATAGRAM);
            assert_eq!(wire::decode(&padded), Ok(Message::Native(Kind::Query, *about)));
        }
        Message::Sealed => {}
    }
}
