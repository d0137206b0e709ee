//! How peers learn of one another, and of what changes.

use nix::sys::signal::Signal;

use crate::nodes::{
    HOURS, LONG_LIFE, asker, ear, health_with, rust_watch, watch_with, world, world_with_firewall,
};

#[test]
fn each_process_of_a_host_replies_at_a_port_of_its_own() {
    let Some(world) = world("each_process_of_a_host_replies_at_a_port_of_its_own") else { return };
    let (host, other) = (world.host(1), world.host(2));
    let mut nodes = ["a", "b", "c"].map(|name| watch_with(&host, name, &HOURS));
    nodes[0].expect(["joined b 192.0.2.1", "joined c 192.0.2.1"]);
    let mut asker = asker(&other, "192.0.2.2", &["a", "b", "c"]);
    asker.expect(["ports 3", "port of a: a", "port of b: b", "port of c: c"]);
}

#[test]
fn processes_without_multicast_stay_listed_by_their_replies() {
    let test = "processes_without_multicast_stay_listed_by_their_replies";
    let Some(world) = world_with_firewall(test) else { return };
    let host = world.host(1);
    let mut nodes = ["a", "b", "c"].map(|name| rust_watch(&host, name));
    let mut ghost = watch_with(&host, "ghost", &LONG_LIFE);
    ghost.expect(
        ["a", "b", "c"].map(|name| format!("joined {name} 192.0.2.1")).each_ref().map(String::as_str),
    );
    for node in &mut nodes {
        node.expect(["joined ghost 192.0.2.1"]);
    }
    host.firewall("input", "drop");
    ghost.signal(Signal::SIGSTOP);
    for node in &mut nodes {
        node.expect(["left ghost (expired)"]);
        node.never_printed("left");
    }
}

#[test]
fn a_query_lists_both_long_before_the_next_announcement() {
    let test = "a_query_lists_both_long_before_the_next_announcement";
    let Some(world) = world(test) else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut ear = ear(&right, "192.0.2.2");
    ear.expect(["listening"]);
    let mut old = watch_with(&left, "old", &HOURS);
    // It says no more from here on, unless it is asked.
    ear.expect(["v4 query old 3"]);
    let mut newcomer = watch_with(&right, "newcomer", &HOURS);
    newcomer.expect(["joined old 192.0.2.1"]);
    old.expect(["joined newcomer 192.0.2.2"]);
    ear.never_printed("v4 announce old");
}

#[test]
fn a_changed_value_is_told_though_the_next_announcement_is_far() {
    let Some(world) = world("a_changed_value_is_told_though_the_next_announcement_is_far") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut ear = ear(&right, "192.0.2.2");
    ear.expect(["listening"]);
    let mut watcher = watch_with(&right, "watcher", &HOURS);
    let patient = health_with(&left, ["3600", "7200"]);
    watcher.expect(["joined patient 192.0.2.1"]);
    // It says no more from here on, unless it is asked or has something to tell.
    ear.expect(["v4 query patient 3"]);
    patient.signal(Signal::SIGUSR1);
    watcher.expect(["updated patient 192.0.2.1"]);
}

#[test]
fn the_groups_port_alone_is_enough_behind_a_firewall() {
    let test = "the_groups_port_alone_is_enough_behind_a_firewall";
    let Some(world) = world_with_firewall(test) else { return };
    let [walled, left, right] = [1, 2, 3].map(|number| world.host(number));
    walled.firewall_rule("input", "udp dport != 49001 drop");
    let mut ear = ear(&left, "192.0.2.2");
    ear.expect(["listening"]);
    let mut old = watch_with(&left, "old", &HOURS);
    ear.expect(["v4 query old 3"]);
    let mut secluded = watch_with(&walled, "secluded", &HOURS);
    // Only an answer to the group can have told it.
    secluded.expect(["joined old 192.0.2.2"]);
    old.expect(["joined secluded 192.0.2.1"]);
    ear.expect(["v4 query secluded 3"]);
    let mut newcomer = watch_with(&right, "newcomer", &HOURS);
    newcomer.expect(["joined old 192.0.2.2", "joined secluded 192.0.2.1"]);
    secluded.expect(["joined newcomer 192.0.2.3"]);
}
