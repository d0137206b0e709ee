//! IPv4 and IPv6, together and alone.

use nix::sys::signal::Signal;

use crate::nodes::{HOURS, LONG_LIFE, ear, rust_watch, watch_with, world, world_with_firewall};
use support::program::LIMIT;

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
fn ipv6_alone_is_refused_where_the_system_has_none() {
    let Some(world) = world("ipv6_alone_is_refused_where_the_system_has_none") else {
        return;
    };
    let host = world.host(1);
    let program = support::example("watch");
    let output = support::output_within(LIMIT, host.command(program.to_str().expect("it is UTF-8")).args(V6));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("IPv4 is turned off, and the system has IPv6 turned off, too"), "{words}");
}
