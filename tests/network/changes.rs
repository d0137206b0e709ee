//! Changes of the network, each noticed in each way alone.
//!
//! The watchdog has its own set-up: it acts when nothing is heard by the group sockets, not even the node's own
//! announcements. So its host has loopback down, for a node that falls back on loopback hears itself there; and what
//! changes is the only other interface. A node that hears something by one interface is not told by silence of another.

use nix::sys::signal::Signal;

use crate::nodes::{LONG_LIFE, c_watch, counted, ear, expect_counted, rust_watch, watch_with, world};
use support::program::Program;
use support::world::{Host, World};

macro_rules! each_way_notices {
    ($($way:ident)+ : $changes:tt) => { $(each_way_notices!(@ $way $changes);)+ };
    (@ $way:ident { $($change:ident)+ }) => {
        mod $way {
            $(
                #[test]
                fn $change() {
                    let test = concat!("changes::", stringify!($way), "::", stringify!($change));
                    if let Some(world) = super::world(test) {
                        super::$change(&world, stringify!($way));
                    }
                }
            )+
        }
    };
}

each_way_notices! {
    system poll watchdog: {
        a_network_that_comes_up_after_the_start
        a_link_that_goes_down_and_comes_up
        an_address_that_changes
        an_interface_that_is_added_and_removed
        memberships_that_are_all_lost
    }
}

#[test]
fn all_ways_together_detect_a_network_that_comes_and_goes() {
    let Some(world) = world("all_ways_together_detect_a_network_that_comes_and_goes") else {
        return;
    };
    let (early, other) = (world.host_without_network(1), world.host(2));
    let (mut node, mut watcher) = (c_watch(&early, "early"), rust_watch(&other, "watcher"));
    for _ in 0..2 {
        early.plug_in();
        watcher.expect(["joined early 192.0.2.1"]);
        node.expect(["joined watcher 192.0.2.2"]);
        early.unplug();
        watcher.expect(["left early (expired)"]);
        node.expect(["left watcher (expired)"]);
    }
}

#[test]
fn without_any_way_a_network_that_comes_up_is_not_noticed() {
    let Some(world) = world("without_any_way_a_network_that_comes_up_is_not_noticed") else { return };
    let (host, other) = (world.host_without_network(1), world.host(2));
    let mut watcher = rust_watch(&other, "watcher");
    let (mut blind, companion) = (node(&host, "blind", "none"), node(&host, "companion", "none"));
    let mut seeing = node(&host, "seeing", "system");
    blind.expect(["joined companion 127.0.0.1", "joined seeing 127.0.0.1"]);
    host.plug_in();
    watcher.expect(["joined seeing 192.0.2.1"]);
    seeing.expect(["joined watcher 192.0.2.2"]);
    // What comes of a peer is the budget of the probes to it, until one is answered.
    let received = counted(&mut blind, "received");
    expect_counted(&mut blind, "received", received + 30);
    // By then the watcher has announced itself some more times, and so has the blind one.
    companion.kill();
    blind.expect(["left companion (unreachable)"]);
    blind.never_printed("joined watcher");
    watcher.never_printed("joined blind");
}

fn a_network_that_comes_up_after_the_start(world: &World, way: &str) {
    let (host, other) = (world.host_without_network(1), world.host(2));
    let mut watcher = rust_watch(&other, "watcher");
    let (mut node, mut companion) = (node(&host, "node", way), node(&host, "companion", way));
    // That is how it shows that they have started.
    node.expect(["joined companion 127.0.0.1"]);
    companion.expect(["joined node 127.0.0.1"]);
    silence_loopback(&host, way);
    host.plug_in();
    watcher.expect(["joined node 192.0.2.1", "joined companion 192.0.2.1"]);
    node.expect(["joined watcher 192.0.2.2"]);
    expect_newcomer(world, &mut node, "192.0.2.1");
}

fn a_link_that_goes_down_and_comes_up(world: &World, way: &str) {
    let (host, other) = (online(world, way), world.host(2));
    let mut ear = ear(&other, "192.0.2.2");
    ear.expect(["listening"]);
    let mut node = node(&host, "node", way);
    ear.expect(["v4 query node 3"]);
    // When it is gone from the node's list, the node has had the time for any way to notice that the link is down.
    let mut watcher = watch_with(&other, "watcher", &LONG_LIFE);
    node.expect(["joined watcher 192.0.2.2"]);
    watcher.expect(["joined node 192.0.2.1"]);
    host.ip("link set eth0 down");
    watcher.expect_listed("node", &[]);
    node.expect_listed("watcher", &[]);
    host.ip("link set eth0 up");
    // Linux remembers the memberships, so announcements would come through all the same; but not this.
    ear.expect(["v4 query node 4"]);
    watcher.expect_listed("node", &["192.0.2.1"]);
    node.expect_listed("watcher", &["192.0.2.2"]);
    expect_newcomer(world, &mut node, "192.0.2.1");
}

fn an_address_that_changes(world: &World, way: &str) {
    let (host, other) = (online(world, way), world.host(2));
    let mut ear = ear(&other, "192.0.2.2");
    ear.expect(["listening"]);
    let mut node = node(&host, "node", way);
    ear.expect(["v4 query node 3"]);
    // Its membership is not lost with its address: only where nobody else speaks is there silence for the watchdog.
    let mut watcher = (way != "watchdog").then(|| rust_watch(&other, "watcher"));
    if let Some(watcher) = &mut watcher {
        watcher.expect(["joined node 192.0.2.1"]);
        node.expect(["joined watcher 192.0.2.2"]);
    }
    // In this order there is a time without any address.
    host.ip("addr del 192.0.2.1/24 dev eth0");
    host.ip("addr add 192.0.2.11/24 dev eth0");
    ear.expect(["v4 query node 4"]);
    if let Some(watcher) = &mut watcher {
        watcher.expect_listed("node", &["192.0.2.11"]);
    }
    expect_newcomer(world, &mut node, "192.0.2.11");
}

fn an_interface_that_is_added_and_removed(world: &World, way: &str) {
    world.add_link("second");
    let (near, far) = (world.host(2), world.host_without_network(3));
    far.add_card("eth0", "second", "198.51.100");
    let host = world.host_without_network(1);
    silence_loopback(&host, way);
    let mut near = rust_watch(&near, "near");
    let mut node = node(&host, "node", way);
    if way != "watchdog" {
        host.plug_in();
        node.expect(["joined near 192.0.2.2"]);
    }
    let mut far = rust_watch(&far, "far");
    for _ in 0..2 {
        host.add_card("eth1", "second", "198.51.100");
        node.expect(["joined far 198.51.100.3"]);
        far.expect(["joined node 198.51.100.1"]);
        host.ip("link delete eth1");
        node.expect_listed("far", &[]);
        far.expect_listed("node", &[]);
    }
    node.never_printed("left near");
    near.never_printed("left node");
}

fn memberships_that_are_all_lost(world: &World, way: &str) {
    let (host, other) = (online(world, way), world.host(2));
    let (mut node, _watcher) = acquainted(&host, &other, way);
    // It finds everything as it was, but for the memberships.
    node.signal(Signal::SIGSTOP);
    host.take_card_away_and_back();
    node.signal(Signal::SIGCONT);
    expect_newcomer(world, &mut node, "192.0.2.1");
}

/// A node that notices changes in this way alone.
fn node(host: &Host<'_>, name: &str, way: &str) -> Program {
    watch_with(host, name, &[&LONG_LIFE[..], &["--detect-changes", way]].concat())
}

/// A host for a node that is to notice in this way what becomes of `eth0`.
fn online<'a>(world: &'a World, way: &str) -> Host<'a> {
    let host = world.host(1);
    silence_loopback(&host, way);
    host
}

/// The watchdog's set-up, if this is its way.
fn silence_loopback(host: &Host<'_>, way: &str) {
    if way == "watchdog" {
        host.ip("link set lo down");
    }
}

/// A node "node", and a "watcher" on the other host; they have found each other.
fn acquainted(host: &Host<'_>, other: &Host<'_>, way: &str) -> (Program, Program) {
    let (mut node, mut watcher) = (node(host, "node", way), rust_watch(other, "watcher"));
    node.expect(["joined watcher 192.0.2.2"]);
    watcher.expect(["joined node 192.0.2.1"]);
    (node, watcher)
}

/// The node hears the group: it lists one that has only spoken to that. And it is heard there.
fn expect_newcomer(world: &World, node: &mut Program, address: &str) {
    let host = world.host(4);
    let mut late = rust_watch(&host, "late");
    node.expect(["joined late 192.0.2.4"]);
    late.expect([&*format!("joined node {address}")]);
}
