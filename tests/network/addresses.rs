//! IPv4 and IPv6, together and alone.

use nix::sys::signal::Signal;

use crate::nodes::{
    HOURS, LONG_LIFE, addresses_of, ear, expect_state, expect_that, rust_watch, watch_with, world,
    world_with_firewall,
};
use support::program::Program;

const V6: [&str; 1] = ["--ipv6-only"];

#[test]
fn peers_by_ipv6_alone_have_addresses_with_a_zone() {
    let Some(world) = world("peers_by_ipv6_alone_have_addresses_with_a_zone") else {
        return;
    };
    let (left, right) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    let mut watcher = watch_with(&right, "watcher", &V6);
    let mut first = watch_with(&left, "first", &V6);
    watcher.expect(["joined first fe80::1%eth0"]);
    first.expect(["joined watcher fe80::2%eth0"]);
    first.kill();
    watcher.expect(["left first (unreachable)"]);
    let second = watch_with(&left, "second", &V6);
    watcher.expect(["joined second fe80::1%eth0"]);
    second.signal(Signal::SIGTERM);
    watcher.expect(["left second (goodbye)"]);
}

#[test]
fn a_tentative_ipv6_address_is_used_once_it_is_usable() {
    let Some(world) = world("a_tentative_ipv6_address_is_used_once_it_is_usable") else {
        return;
    };
    let (early, right) = (world.host_with_ipv6(1, ""), world.host_with_ipv6(2, "nodad"));
    let mut node = watch_with(&early, "early", &[&V6[..], &HOURS].concat());
    let mut watcher = watch_with(&right, "watcher", &V6);
    watcher.expect(["joined early fe80::1%eth0"]);
    node.expect(["joined watcher fe80::2%eth0"]);
}

#[test]
fn a_peer_in_both_families_is_one_entry_and_moves() {
    let test = "a_peer_in_both_families_is_one_entry_and_moves";
    let Some(world) = world_with_firewall(test) else { return };
    let (left, right) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    let mut ear = ear(&right, "192.0.2.2");
    ear.expect(["listening"]);
    let mut watcher = rust_watch(&right, "watcher");
    // So long that its entry can be moved before it runs out.
    let _both = watch_with(&left, "both", &LONG_LIFE);
    ear.expect(["v4 announce both 5", "v6 announce both 5"]);
    // By either, whichever was received first. On a busy machine the peer may move on its own.
    let (rule, other) = match watcher.address_of("both").as_str() {
        "192.0.2.1" => ("ip protocol udp drop", "fe80::1%eth0"),
        _ => ("ip6 nexthdr udp drop", "192.0.2.1"),
    };
    right.firewall_rule("input", rule);
    watcher.expect_listed("both", &[other]);
    watcher.never_printed("left both");
}

#[test]
fn a_node_of_ipv4_alone_leaves_ipv6_alone() {
    let Some(world) = world("a_node_of_ipv4_alone_leaves_ipv6_alone") else { return };
    let (left, right) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    let mut ear = ear(&right, "192.0.2.2");
    ear.expect(["listening"]);
    let mut plain = watch_with(&left, "plain", &["--ipv4-only"]);
    let mut deaf = watch_with(&right, "deaf", &V6);
    let mut watcher = rust_watch(&right, "watcher");
    watcher.expect(["joined plain 192.0.2.1", "joined deaf fe80::2%eth0"]);
    plain.expect(["joined watcher 192.0.2.2"]);
    assert!(left.groups("eth0").contains("239.2.3.4"), "{}", left.groups("eth0"));
    assert!(!left.groups("eth0").contains("ff12::ef02:304"), "{}", left.groups("eth0"));
    ear.expect(["v4 announce plain 3"]);
    ear.never_printed("v6 query plain");
    ear.never_printed("v6 announce plain");
    deaf.never_printed("joined plain");
}

#[test]
fn a_configured_address_is_preferred_to_an_automatic_one() {
    let Some(world) = world("a_configured_address_is_preferred_to_an_automatic_one") else { return };
    let (both, right) = (world.host_without_network(1), world.host_without_network(2));
    both.insert_bare_card();
    both.ip("addr add 169.254.7.7/16 dev eth0");
    both.ip("addr add 198.51.100.200/24 dev eth0");
    both.ip("link set eth0 up");
    right.insert_bare_card();
    right.ip("addr add 198.51.100.7/24 dev eth0");
    right.ip("link set eth0 up");
    let (mut node, mut watcher) = (rust_watch(&both, "both"), rust_watch(&right, "watcher"));
    node.expect(["joined watcher 198.51.100.7"]);
    watcher.expect(["joined both 198.51.100.200"]);
    expect_addresses(&mut watcher, "both", &["198.51.100.200", "169.254.7.7"]);
}

#[test]
fn all_addresses_of_a_peer_are_listed_and_the_widest_preferred() {
    let Some(world) = world("all_addresses_of_a_peer_are_listed_and_the_widest_preferred") else { return };
    let (left, right) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    for (host, number) in [(&left, 1), (&right, 2)] {
        host.ip(&format!("addr add 2001:db8:1::{number}/64 dev eth0 nodad"));
    }
    left.ip("addr add 198.51.100.1/24 dev eth0");
    left.ip("addr add 2001:db8:2::1/64 dev eth0 nodad");
    let _multihomed = watch_with(&left, "multihomed", &V6);
    let _both = rust_watch(&left, "both");
    let mut watcher = watch_with(&right, "watcher", &V6);
    // The first message comes from fe80::1. A probe validates the address that the watcher can reach.
    watcher.expect(["joined multihomed fe80::1%eth0"]);
    // A node without IPv4 lists no IPv4 address.
    expect_addresses(&mut watcher, "multihomed", &["2001:db8:1::1", "2001:db8:2::1", "fe80::1"]);
    let all = ["2001:db8:1::1", "192.0.2.1", "198.51.100.1", "2001:db8:2::1", "fe80::1"];
    expect_addresses(&mut watcher, "both", &all);
}

/// Waits until a peer is listed at these addresses: the first one first, the others in any order.
fn expect_addresses(watch: &mut Program, name: &str, expected: &[&str]) {
    expect_that(watch, &format!("{name} has {expected:?}"), |watch| {
        let mut addresses = addresses_of(watch, name);
        addresses[1..].sort();
        addresses == expected
    });
}

#[test]
fn ipv6_alone_is_degraded_where_the_system_has_none() {
    let Some(world) = world("ipv6_alone_is_degraded_where_the_system_has_none") else { return };
    let host = world.host(1);
    let mut node = watch_with(&host, "node", &V6);
    let without =
        "Degraded NoInterface no interface that may be used is up with a link-local IPv6 address; eth0: ";
    expect_state(&mut node, without);
}
