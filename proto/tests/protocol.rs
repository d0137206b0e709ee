//! `docs/PROTOCOL.md` and the code say the same: its test vectors are read and made, and its numbers are the code's.

mod clockwork;
mod cluster;
mod receiving;
mod sending;
mod vectors;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use chacha20poly1305::XNonce;
use peers_proto::wire::known_answers::MIN_FILTER_LEN;
use peers_proto::wire::name;
use peers_proto::wire::{self, InstanceId, MAX_ADDRESSES, Nonce};
use peers_proto::{GROUP_V4, GROUP_V6, HOPS, KEY_LEN, MAX_KEYS, MAX_SEEDS, Mode, PORT, Settings};

use crate::harness::{Bench, INTERVAL, ms, settings};

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
    for (name, size) in [
        ("DATAGRAM_MAX", wire::MAX_DATAGRAM),
        ("MESSAGE_MAX", wire::MAX_MESSAGE),
        ("ID_LEN", size_of::<InstanceId>()),
        ("NONCE_LEN", size_of::<Nonce>()),
        ("NAME_MAX", name::MAX_LEN),
        ("ADDRESSES_MAX", MAX_ADDRESSES),
        ("FILTER_MIN", MIN_FILTER_LEN),
        ("KEY_LEN", KEY_LEN),
        ("KEYS_MAX", MAX_KEYS),
        ("SEEDS_MAX", MAX_SEEDS),
        ("SEAL_NONCE_LEN", XNonce::default().len()),
        ("SEAL_LEN", wire::SEALED.len() + XNonce::default().len() + 16),
    ] {
        assert_eq!(number(name), size as u64, "{name}");
    }
    assert!(number("MESSAGE_MAX") + number("SEAL_LEN") <= number("DATAGRAM_MAX"));
}

#[test]
fn the_defaults_of_the_specification_are_the_codes() {
    let default = Settings::default();
    assert_eq!(number("PEERS_MAX"), default.max_peers as u64);
    assert_eq!(number("TOMBSTONES_MAX"), default.max_peers as u64);
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

/// Returns when, and by how many bytes, a node queries so many seeds that do not answer.
fn queries_to_silent_seeds(count: u64, time: Duration) -> Vec<(Duration, u64)> {
    let mut bench = Bench::new(Settings { mode: Mode::Seeds, legacy: false, ..settings() });
    let seed = |port| SocketAddr::from(([192, 0, 2, 1], port as u16));
    let seeds: Vec<SocketAddr> = (1..=count).map(seed).collect();
    bench.node.set_seeds(&seeds, bench.now);
    bench.run(time).iter().map(|sent| (sent.at, sent.bytes.len() as u64)).collect()
}

#[test]
fn the_numbers_of_seeds_are_the_codes() {
    let (start, window) = (ms(0), ms(number("SEED_WINDOW")));
    let all = queries_to_silent_seeds(number("SEEDS_MAX"), window);
    let first: Vec<_> = all.iter().filter(|(at, _)| *at < window).collect();
    assert_eq!(first, vec![&(start, number("SEED_SHORT")); number("SEED_WAITING") as usize]);
    assert!(all.len() > first.len(), "the next ones go when those have failed");

    let few = number("SEED_FEW");
    assert_eq!(queries_to_silent_seeds(few, start)[0].1, number("MESSAGE_MAX"));
    assert_eq!(queries_to_silent_seeds(few + 1, start)[0].1, number("SEED_SHORT"));

    let gaps = numbers("SEED_GAPS");
    let retries = gaps.iter().scan(0, |at, gap| {
        *at += gap;
        Some(ms(*at))
    });
    let times: Vec<Duration> = std::iter::once(start).chain(retries).collect();
    let last = times[gaps.len()];
    let queried: Vec<Duration> = queries_to_silent_seeds(1, last).iter().map(|(at, _)| *at).collect();
    assert_eq!(queried, times);

    let parts = number("SEED_PARTS");
    let steady = queries_to_silent_seeds(2 * parts, last + INTERVAL);
    let times: BTreeSet<Duration> = steady.iter().map(|(at, _)| *at).filter(|at| *at > last).collect();
    assert_eq!(times.len() as u64, parts);
}
