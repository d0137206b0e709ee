//! Real multicast between real processes on hosts of their own: network namespaces on one bridge.

#![allow(clippy::disallowed_methods)] // the tests of what crosses a network have threads and clocks

mod program;
#[path = "../support/mod.rs"]
mod support;
mod world;

use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use program::Program;
use world::{Host, World};

/// Beacons five times a second, so that nothing takes long; a peer that falls silent is gone after a second.
const MILLISECONDS: [&str; 4] = ["--interval", "200", "--expiry", "1000"];
const SECONDS: [&str; 4] = ["--interval", "0.2", "--expiry", "1"];

fn world(test: &str) -> Option<World> {
    World::new().map_err(|reason| support::skip(test, &format!("no network namespaces: {reason}"))).ok()
}

/// The world of a test that also needs a firewall.
fn world_with_firewall(test: &str) -> Option<World> {
    world(test).filter(|_| support::has_tool("nft", test))
}

fn rust_watch(host: &Host<'_>, name: &str) -> Program {
    watch(host, &support::example("watch"), name, &[])
}

fn loopback_watch(host: &Host<'_>, name: &str) -> Program {
    watch(host, &support::example("watch"), name, &["--interfaces", "lo"])
}

fn c_watch(host: &Host<'_>, name: &str) -> Program {
    watch(host, &support::compile(&support::root().join("bindings/c/examples/watch.c")), name, &[])
}

fn watch(host: &Host<'_>, program: &Path, name: &str, options: &[&str]) -> Program {
    let mut command = host.command(program.to_str().expect("it is UTF-8"));
    Program::start(command.args(MILLISECONDS).args(["--name", name]).args(options))
}

fn python_watch(host: &Host<'_>, name: &str) -> Program {
    let mut python = host.command("python3");
    Program::start(
        with_package(&mut python, "bindings/python/examples/watch.py").args(SECONDS).args(["--name", name]),
    )
}

/// A node that prints its health, with the same times as the others.
fn health(host: &Host<'_>) -> Program {
    Program::start(with_package(&mut host.command("python3"), "tests/network/health.py").args(["0.2", "1"]))
}

fn with_package<'a>(python: &'a mut Command, script: &str) -> &'a mut Command {
    python.env("PEERS_LIBRARY", support::shared_library());
    python.env("PYTHONPATH", support::root().join("bindings/python"));
    python.arg(support::root().join(script))
}

/// The second implementation, with the default times.
fn second(host: &Host<'_>, name: &str, address: &str) -> Program {
    let script = support::root().join("tests/network/second.py");
    Program::start(host.command("python3").arg(script).args([name, address]))
}

fn ancestor(host: &Host<'_>, hostname: &str) -> Program {
    Program::start(
        host.command("python3").arg(support::root().join("tests/network/ancestor.py")).arg(hostname),
    )
}

#[test]
fn programs_in_c_python_and_rust_find_each_other_on_one_host_and_across_two() {
    let Some(world) = world("programs_in_c_python_and_rust_find_each_other_on_one_host_and_across_two")
    else {
        return;
    };
    let (left, right) = (world.host(1), world.host(2));
    let mut rust = rust_watch(&left, "rust");
    let mut c = c_watch(&left, "c");
    let mut python = python_watch(&right, "python");
    rust.expect(["joined c 192.0.2.1", "joined python 192.0.2.2"]);
    c.expect(["joined rust 192.0.2.1", "joined python 192.0.2.2"]);
    python.expect(["joined rust 192.0.2.1", "joined c 192.0.2.1"]);

    python.kill();
    rust.expect(["left python (unreachable)"]);
    c.expect(["left python (unreachable)"]);

    let mut again = python_watch(&right, "python");
    rust.expect(["joined python 192.0.2.2"]);
    again.expect(["joined rust 192.0.2.1", "joined c 192.0.2.1"]);
}

#[test]
fn programs_find_each_other_on_a_host_without_any_network() {
    let Some(world) = world("programs_find_each_other_on_a_host_without_any_network") else { return };
    let host = world.host_without_network(1);
    let (mut rust, mut c, mut python) =
        (rust_watch(&host, "rust"), c_watch(&host, "c"), python_watch(&host, "python"));
    rust.expect(["joined c 127.0.0.1", "joined python 127.0.0.1"]);
    c.expect(["joined rust 127.0.0.1", "joined python 127.0.0.1"]);
    python.expect(["joined rust 127.0.0.1", "joined c 127.0.0.1"]);
}

#[test]
fn a_node_of_the_ancestor_and_ours_see_each_other() {
    let Some(world) = world("a_node_of_the_ancestor_and_ours_see_each_other") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut ours = rust_watch(&left, "ours");
    let mut theirs = ancestor(&right, "theirs");
    ours.expect(["joined theirs 192.0.2.2"]);
    theirs.expect(["joined ours 192.0.2.1"]);
}

#[test]
fn a_second_implementation_and_ours_see_each_other_join_answer_change_and_leave() {
    let Some(world) =
        world_with_firewall("a_second_implementation_and_ours_see_each_other_join_answer_change_and_leave")
    else {
        return;
    };
    let (left, right, secluded) = (world.host(1), world.host(2), world.host(3));
    let mut ours = rust_watch(&left, "ours");
    let mut theirs = second(&right, "theirs", "192.0.2.2");
    ours.expect(["joined theirs 192.0.2.2"]);
    theirs.expect(["joined ours 192.0.2.1", "answer ours"]);

    // It hears nothing that goes to the group: what it hears is an answer.
    secluded.firewall("input", "drop");
    let mut asking = rust_watch(&secluded, "asking");
    asking.expect(["joined theirs 192.0.2.2"]);
    theirs.expect(["joined asking 192.0.2.3"]);

    // It hears nothing but what goes to the group, and asks for its answers there.
    let walled = world.host(4);
    for rule in [
        "add table inet test",
        "add chain inet test input { type filter hook input priority 0 ; }",
        "add rule inet test input udp dport != 49001 drop",
    ] {
        assert!(walled.command("nft").args(rule.split(' ')).status().expect("nft runs").success(), "{rule}");
    }
    let mut unanswered = rust_watch(&walled, "unanswered");
    theirs.expect(["joined unanswered 192.0.2.4", "answered the group"]);
    unanswered.expect(["joined theirs 192.0.2.2"]);
    unanswered.kill();

    theirs.signal(Signal::SIGUSR1);
    ours.expect(["updated theirs 192.0.2.2"]);

    theirs.signal(Signal::SIGTERM);
    ours.expect(["left theirs (goodbye)"]);

    let mut again = second(&right, "again", "192.0.2.2");
    again.expect(["joined ours 192.0.2.1", "joined asking 192.0.2.3"]);
    ours.signal(Signal::SIGTERM);
    again.expect(["left ours (goodbye)"]);
    asking.kill();
    again.expect(["left asking (expired)"]);
}

#[test]
fn a_node_started_before_its_network_came_up_is_found_once_it_is_there() {
    let Some(world) = world("a_node_started_before_its_network_came_up_is_found_once_it_is_there") else {
        return;
    };
    let (early, other) = (world.host_without_network(1), world.host(2));
    let mut watcher = rust_watch(&other, "watcher");
    let mut node = c_watch(&early, "early");
    early.plug_in();
    watcher.expect(["joined early 192.0.2.1"]);
    node.expect(["joined watcher 192.0.2.2"]);

    early.unplug();
    watcher.expect(["left early (expired)"]);
    node.expect(["left watcher (expired)"]);

    early.plug_in();
    watcher.expect(["joined early 192.0.2.1"]);
    node.expect(["joined watcher 192.0.2.2"]);
}

#[test]
fn an_interface_that_was_not_chosen_is_left_alone() {
    let Some(world) = world("an_interface_that_was_not_chosen_is_left_alone") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut watcher = rust_watch(&right, "watcher");
    let (mut shy, mut timid) = (loopback_watch(&left, "shy"), loopback_watch(&left, "timid"));
    shy.expect(["joined timid 127.0.0.1"]);
    timid.expect(["joined shy 127.0.0.1"]);
    // Those two have announced themselves by now. What the watcher hears after this, it would have heard of them too.
    let mut loud = c_watch(&left, "loud");
    watcher.expect(["joined loud 192.0.2.1"]);
    loud.expect(["joined watcher 192.0.2.2"]);
    watcher.never_printed("joined shy");
    watcher.never_printed("joined timid");
    loud.never_printed("joined shy");
    shy.never_printed("joined loud");
}

#[test]
fn sends_that_fail_are_told_by_health_and_tried_again() {
    let Some(world) = world_with_firewall("sends_that_fail_are_told_by_health_and_tried_again") else {
        return;
    };
    let host = world.host(1);
    let mut health = health(&host);
    health.expect(["running none "]);
    host.firewall("output", "drop");
    health.expect(["degraded permission sending through eth0: operation not permitted (os error 1)"]);
    host.firewall("output", "accept");
    health.expect(["running none "]);
}

#[test]
fn a_silence_has_the_sockets_opened_anew_until_something_is_heard() {
    let Some(world) = world_with_firewall("a_silence_has_the_sockets_opened_anew_until_something_is_heard")
    else {
        return;
    };
    let host = world.host(1);
    let mut health = health(&host);
    health.expect(["running none "]);
    host.firewall("input", "drop");
    let deaf =
        "degraded deaf nothing is heard, not even our own announcements; a firewall may drop udp multicast";
    health.expect([deaf, "reopened"]);
    health.expect(["reopened"]);
    host.firewall("input", "accept");
    health.expect(["running none "]);
}

#[test]
fn a_host_without_any_interface_is_told_by_health_until_one_comes_up() {
    let Some(world) = world("a_host_without_any_interface_is_told_by_health_until_one_comes_up") else {
        return;
    };
    let host = world.host_without_network(1);
    host.ip("link set lo down");
    let mut health = health(&host);
    health.expect([
        "degraded no_interface no interface that may be used is up with an ipv4 or link-local ipv6 address",
    ]);
    host.plug_in();
    health.expect(["running none "]);
}

/// A program that logs, and what it logs among what it prints.
fn verbose_watch(host: &Host<'_>, expiry: &str) -> Program {
    let watch = support::compile(&support::root().join("bindings/c/examples/watch.c"));
    let mut shell = host.command("sh");
    shell.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(watch);
    Program::start(shell.args(["--verbose", "--interval", "200", "--expiry", expiry]))
}

#[test]
fn the_log_tells_of_each_trouble_once_and_of_its_end() {
    let Some(world) = world_with_firewall("the_log_tells_of_each_trouble_once_and_of_its_end") else {
        return;
    };
    let host = world.host(1);
    // With an expiry that no silence here reaches.
    let mut mute = verbose_watch(&host, "600000");
    host.firewall("output", "drop");
    mute.expect(["warning: degraded: sending through eth0: Operation not permitted (os error 1)"]);
    host.firewall("output", "accept");
    mute.expect(["info: no longer: sending through eth0: Operation not permitted (os error 1); all is well"]);
    mute.never_printed("warning: ");

    let mut deaf = verbose_watch(&host, "1000");
    host.firewall("input", "drop");
    let silence = "nothing is heard, not even our own announcements; a firewall may drop UDP multicast";
    let reopened = "info: sockets opened anew: nothing was heard for the expiry time";
    deaf.expect([&format!("warning: degraded: {silence}"), reopened]);
    deaf.expect([reopened]);
    host.firewall("input", "accept");
    deaf.expect([&format!("info: no longer: {silence}; all is well")]);
    deaf.never_printed("warning: ");

    host.unplug();
    mute.expect(["info: left interface eth0", "info: joined on interface lo (127.0.0.1)"]);
    mute.signal(Signal::SIGTERM);
    mute.expect(["info: stopped"]);
}
