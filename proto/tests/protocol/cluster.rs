//! `docs/CLUSTER.md` and the code say the same: its numbers are the code's, and its test vectors are read and made.

use std::collections::BTreeMap;

use peers_proto::wire::{self, ClusterKind, ClusterMessage, Content, InstanceId, Message};

use super::vectors::bytes;

const SPECIFICATION: &str = include_str!("../../../docs/CLUSTER.md");

/// Where the constants are that nothing but the code itself needs.
const SOURCES: [&str; 5] = [
    include_str!("../../src/swim.rs"),
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

type Fields<'a> = BTreeMap<&'a str, String>;

fn vectors() -> Vec<Fields<'static>> {
    let blocks = SPECIFICATION.split("```cluster-vector\n").skip(1);
    let blocks = blocks.map(|rest| rest.split_once("```").expect("a block ends").0);
    let read = |block: &'static str| {
        let mut fields = Fields::new();
        let mut last = "";
        for line in block.lines() {
            match line.strip_prefix("  ") {
                Some(more) => fields.get_mut(last).expect("a line to continue").push_str(&format!(" {more}")),
                None => {
                    let (key, text) = line.split_once(':').expect("a key");
                    assert!(fields.insert(key, text.trim().to_owned()).is_none(), "{key} comes twice");
                    last = key;
                }
            }
        }
        fields
    };
    blocks.map(read).collect()
}

#[test]
fn the_vectors_of_clusters_are_read_and_made() {
    let vectors = vectors();
    for fields in &vectors {
        let name = &fields["name"];
        let datagram = bytes(&fields["hex"]);
        let part = |key| fields.get(key).map(|text| bytes(text));
        let (packet, entries) = (part("packet"), part("entries"));
        let after = part("after").map(|after| InstanceId::try_from(after).expect("an id"));
        let content = match (&packet, fields.get("digest"), after, &entries) {
            (Some(packet), None, None, None) => Content::Packet(packet),
            (None, Some(digest), None, None) => Content::Digest(digest.parse().expect("a number")),
            (None, None, Some(after), Some(entries)) => Content::Page(after, entries),
            _ => panic!("{name} has one of three contents"),
        };
        let kind = match fields["meaning"].as_str() {
            "packet" => ClusterKind::Packet,
            "ask" => ClusterKind::Ask,
            "tell" => ClusterKind::Tell,
            other => panic!("{name} means {other:?}"),
        };
        let message = ClusterMessage {
            cluster: fields.get("cluster").map_or("", String::as_str),
            id: bytes(&fields["id"]).try_into().expect("an id"),
            sequence: fields["sequence"].parse().expect("a number"),
            content,
        };
        let least = fields.get("padded-to").map_or(0, |len| len.parse().expect("a number"));
        assert_eq!(wire::decode(&datagram), Ok(Message::Cluster(kind, message)), "{name}");
        assert_eq!(wire::encode_cluster(kind, &message, least), datagram, "{name}");
    }
    assert!(vectors.len() >= 9, "the specification has vectors");
}

#[test]
fn the_packets_of_the_vectors_are_as_long_as_the_layout_says() {
    let (identity, member) = (constant("IDENTITY_LEN") as usize, constant("MEMBER_LEN") as usize);
    for fields in vectors().iter().filter(|fields| fields.contains_key("packet")) {
        let packet = bytes(&fields["packet"]);
        let mut at = 62 + if (2..=5).contains(&packet[60]) { identity } else { 0 };
        if packet[60] != 6 {
            at += 2 + member * usize::from(packet[at + 1]);
        }
        while at < packet.len() {
            let len = usize::from(packet[at + 1]);
            assert!(matches!(wire::decode(&packet[at + 2..at + 2 + len]), Ok(Message::Native(..))));
            at += 2 + len;
        }
        assert_eq!(at, packet.len(), "{}", fields["name"]);
    }
}
