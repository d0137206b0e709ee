//! `docs/CLUSTER.md` and the code say the same: its numbers are the code's, and its test vectors are made here and read.

use std::time::Duration;

use peers_proto::wire::{
    self, Announcement, ClusterKind, ClusterMessage, Content, InstanceId, Kind, Message,
};
use peers_proto::{Mode, Node, Settings};

use super::vectors::{Vector, compare_file};
use crate::harness::settings;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cluster-vectors.json");

const SPECIFICATION: &str = include_str!("../../../docs/CLUSTER.md");

/// Where the constants are that nothing but the code itself needs.
const SOURCES: [&str; 8] = [
    include_str!("../../src/swim.rs"),
    include_str!("../../src/swim/foca_runtime.rs"),
    include_str!("../../src/swim/rules.rs"),
    include_str!("../../src/swim/candidates.rs"),
    include_str!("../../src/swim/sync.rs"),
    include_str!("../../src/swim/codec.rs"),
    include_str!("../../src/node/cluster.rs"),
    include_str!("../../src/wire/cluster.rs"),
];

#[test]
fn the_constants_of_clusters_are_the_codes() {
    let rows = SPECIFICATION.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows: Vec<(&str, &str)> = rows.collect();
    assert!(rows.len() >= 20, "the specification has a table of constants");
    for (name, row) in rows {
        let (number, _unit) = row.split_once(' ').expect("a number and its unit");
        let number: f64 = number.parse().unwrap_or_else(|_| panic!("{name} is {number:?}"));
        assert_eq!(number, constant(name), "{name}");
    }
}

/// The value that the code has for a constant: a sum of numbers.
fn constant(name: &str) -> f64 {
    let begin = format!("const {name}: ");
    let mut found = SOURCES.iter().flat_map(|source| source.lines()).filter_map(|line| {
        let (before, rest) = line.split_once(&begin)?;
        // `pub` and the like.
        (before.is_empty() || before.starts_with("pub"))
            .then(|| rest.split_once(" = ").expect("it has a value").1)
    });
    let value = found.next().unwrap_or_else(|| panic!("the code has no {name}")).trim_end_matches(';');
    assert!(found.next().is_none(), "{name} is there once");
    let term = |term: &str| match term.chars().next().is_some_and(char::is_alphabetic) {
        true => constant(term),
        false => term.parse().unwrap_or_else(|_| panic!("{name} is {value:?}")),
    };
    value.split(" + ").map(term).sum()
}

const ID: InstanceId = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const OTHER: InstanceId =
    [0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f];
const THIRD: InstanceId =
    [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/// An identity as the layout says; without an address if `last` is `None`.
fn identity(id: InstanceId, generation: u32, last: Option<u8>) -> Vec<u8> {
    let (ip, port) = last.map_or(([0, 0, 0, 0], 0u16), |last| ([192, 0, 2, last], 49002));
    [&id[..], &generation.to_be_bytes(), &[0; 10], &[0xff, 0xff], &ip, &port.to_be_bytes()].concat()
}

fn claim(identity: &[u8], incarnation: u16, state: u8) -> Vec<u8> {
    [identity, &incarnation.to_be_bytes(), &[state]].concat()
}

/// The header of a packet: sender, its incarnation, addressee, kind and number of the probe.
fn header(sender: &[u8], incarnation: u16, to: (InstanceId, u32), kind: u8, number: u8) -> Vec<u8> {
    [sender, &incarnation.to_be_bytes(), &to.0, &to.1.to_be_bytes(), &[kind, number]].concat()
}

fn claims(claims: &[Vec<u8>]) -> Vec<u8> {
    [&(claims.len() as u16).to_be_bytes()[..], &claims.concat()].concat()
}

/// A text with its length before it, as updates and entries have it.
fn piece(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

fn record(kind: Kind, id: InstanceId, sequence: u64, name: &str, value: &[u8]) -> Vec<u8> {
    let about = Announcement {
        id,
        sequence,
        name,
        expiry: Duration::from_secs(35),
        value,
        ..Announcement::default()
    };
    wire::encode_within(kind, &about, 0..=wire::MAX_MESSAGE)
}

/// A section of the document, what the packet is, its sender with a number, its bytes, and how many of them are the header.
type Packet = (&'static str, &'static str, InstanceId, u64, Vec<u8>, usize);

fn packets() -> Vec<Packet> {
    let (own, other) = (identity(ID, 0, None), identity(OTHER, 0, None));
    let goodbye = record(Kind::Goodbye, THIRD, 12, "cellar", b"");
    let kitchen = record(Kind::Announce, OTHER, 8, "kitchen", &[0, 0xff]);
    let ask = |kind, number| header(&identity(ID, 1, None), 0, (OTHER, 0), kind, number);
    vec![
        ("join", "", ID, 1, header(&own, 0, ([0; 16], 0), 6, 0), 1152),
        ("ping-in-a-cluster-with-a-name", "blue", ID, 300, [ask(0, 7), claims(&[])].concat(), 0),
        (
            "ping-with-the-claim-about-its-addressee",
            "",
            ID,
            3,
            [ask(0, 0), claims(&[claim(&identity(OTHER, 0, Some(2)), 4, 1)])].concat(),
            0,
        ),
        ("ack-with-a-refutation", "", OTHER, 4, [header(&other, 5, (ID, 1), 1, 0), claims(&[])].concat(), 0),
        ("ping-request", "", ID, 70_000, [ask(2, 8), identity(THIRD, 0, Some(9)), claims(&[])].concat(), 0),
        (
            "gossip-with-a-goodbye-and-a-record",
            "",
            OTHER,
            9,
            [
                header(&other, 0, (ID, 1), 8, 0),
                claims(&[claim(&identity(THIRD, 0, Some(9)), 0, 2)]),
                piece(&goodbye),
                piece(&kitchen),
            ]
            .concat(),
            0,
        ),
        ("you-are-down", "", ID, 10, ask(10, 0), 0),
    ]
}

fn vectors() -> Vec<(Vector, Vec<u8>, ClusterMessage<'static>)> {
    let packets = packets().into_iter().map(|(name, cluster, id, sequence, packet, padded_to)| {
        let content = Content::Packet(packet.leak());
        (name, ClusterKind::Packet, ClusterMessage { cluster, id, sequence, content }, padded_to)
    });
    let entry = [identity(THIRD, 0, Some(9)), record(Kind::Announce, THIRD, 11, "cellar", b"")].concat();
    let page = |after, entries: Vec<u8>| Content::Page(after, entries.leak());
    let syncs = [
        ("ask-with-a-digest", ClusterKind::Ask, ID, 5, Content::Digest(0x0123_4567_89ab_cdef), 0),
        ("tell-with-a-digest", ClusterKind::Tell, OTHER, 6, Content::Digest(0), 0),
        ("ask-for-the-first-page", ClusterKind::Ask, ID, 6, page([0; 16], piece(&entry)), 1152),
        (
            "tell-that-a-member-is-down",
            ClusterKind::Tell,
            OTHER,
            7,
            page([0; 16], piece(&identity(THIRD, 0, Some(9)))),
            0,
        ),
        ("tell-with-an-empty-page", ClusterKind::Tell, OTHER, 8, page(THIRD, Vec::new()), 0),
    ];
    let syncs = syncs.map(|(name, kind, id, sequence, content, padded_to)| {
        (name, kind, ClusterMessage { cluster: "", id, sequence, content }, padded_to)
    });
    let vector = |(name, kind, message, padded_to): (_, ClusterKind, ClusterMessage<'static>, usize)| {
        let datagram = wire::encode_cluster(kind, &message, padded_to);
        let meaning = ["packet", "ask", "tell"][kind as usize - 5];
        let mut vector = Vector::new(name, meaning, datagram.clone());
        if !message.cluster.is_empty() {
            vector = vector.text("cluster", message.cluster);
        }
        vector = vector.bytes("id", &message.id).with("sequence", message.sequence);
        vector = match message.content {
            Content::Packet(packet) => vector.bytes("packet", packet),
            Content::Digest(digest) => vector.with("digest", digest),
            Content::Page(after, entries) => vector.bytes("after", &after).bytes("entries", entries),
        };
        if padded_to > 0 {
            vector = vector.with("padded_to", padded_to);
        }
        (vector.with("canonical", true), datagram, message)
    };
    packets.chain(syncs).map(vector).collect()
}

#[test]
fn the_file_of_clusters_has_these_vectors() {
    let (vectors, read): (Vec<Vector>, Vec<_>) =
        vectors().into_iter().map(|(vector, datagram, message)| (vector, (datagram, message))).unzip();
    for (datagram, message) in read {
        let Ok(Message::Cluster(_, decoded)) = wire::decode(&datagram) else { panic!("{message:?}") };
        assert_eq!(decoded, message);
    }
    compare_file(FILE, &vectors);
}

#[test]
fn a_member_sends_the_join_of_the_vectors() {
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    let now = std::time::Instant::now();
    let mut node = Node::new(Settings { id: ID, mode: Mode::Swim, legacy: false, ..settings() }, now);
    node.set_seeds(&[([192, 0, 2, 2], 49002).into()], now);
    let sent = node.poll_transmit().expect("a join");
    let (_, join, _) = vectors().into_iter().next().expect("the first is the join");
    assert_eq!(&*sent.payload, join);
}
