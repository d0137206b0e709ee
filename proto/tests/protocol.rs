//! `docs/PROTOCOL.md` and the code say the same: its test vectors are read and made, and its numbers are the code's.

mod clockwork;
mod cluster;
mod keys;
mod receiving;
mod sending;
mod vectors;

use peers_proto::wire::name;
use peers_proto::wire::{self, InstanceId};
use peers_proto::{GROUP_V4, GROUP_V6, HOPS, PORT, Settings};

use vectors::vectors;

const SPECIFICATION: &str = include_str!("../../docs/PROTOCOL.md");

/// The value of a constant, as the tables of the specification give it.
pub fn constant(name: &str) -> &'static str {
    let begin = format!("| `{name}` | ");
    let mut rows = SPECIFICATION.lines().filter_map(|line| line.strip_prefix(&begin));
    let row = rows.next().unwrap_or_else(|| panic!("the specification has no {name}"));
    assert!(rows.next().is_none(), "{name} is there once");
    row.split(" | ").next().expect("a row has a value")
}

/// All numbers of a constant with several: "0 ms, 250 ms" is 0 and 250.
pub fn numbers(name: &str) -> Vec<u64> {
    let words = constant(name).split([' ', ',']);
    words.filter_map(|word| word.parse().ok()).collect()
}

/// The one number of a constant.
pub fn number(name: &str) -> u64 {
    let (number, _unit) = constant(name).split_once(' ').expect("a number and its unit");
    number.parse().unwrap_or_else(|_| panic!("{name} is {number:?}"))
}

#[test]
fn the_sizes_of_the_specification_are_the_codes() {
    assert_eq!(number("DATAGRAM_MAX"), wire::MAX_DATAGRAM as u64);
    assert_eq!(number("ANNOUNCE_MAX"), wire::MAX_ANNOUNCE as u64);
    assert_eq!(number("ID_LEN"), size_of::<InstanceId>() as u64);
    assert_eq!(number("NAME_MAX"), name::MAX_LEN as u64);
    let longest =
        vectors().iter().filter(|vector| vector.meaning() == "query").map(|v| v.datagram.len()).max();
    assert_eq!(longest, Some(number("QUERY_MAX") as usize));
    assert_eq!(number("QUERY_MAX"), number("ANNOUNCE_MAX") + 2);
}

#[test]
fn the_room_for_a_value_is_what_the_specification_reckons() {
    for (name, name_with_head, cluster, cluster_pair) in
        [("kitchen", 8, "", 0), ("kitchen", 8, "blue", 6), ("abcdefghijklmnopqrstuvwxyz", 28, "blue", 6)]
    {
        let room = wire::MAX_ANNOUNCE - 86 - name_with_head - cluster_pair - 4;
        assert_eq!(wire::max_value_len(name, cluster), room, "{name} {cluster}");
    }
}

#[test]
fn the_defaults_of_the_specification_are_the_codes() {
    let default = Settings::default();
    assert_eq!(number("PEERS_MAX"), default.max_peers as u64);
    assert_eq!(number("DEPARTED_MAX"), default.max_peers as u64);
    assert_eq!(number("INTERVAL"), default.interval.as_millis() as u64);
    assert_eq!(number("EXPIRY"), default.expiry.as_millis() as u64);
    let row = |what: &str, v4: String, v6: String| {
        let row = format!("| {what} | {v4} | {v6} |");
        assert!(SPECIFICATION.lines().any(|line| line == row), "the specification has no row {row:?}");
    };
    row("group", GROUP_V4.to_string(), GROUP_V6.to_string());
    row("UDP port", PORT.to_string(), PORT.to_string());
    row("TTL or hop limit of group messages", HOPS.to_string(), HOPS.to_string());
}
