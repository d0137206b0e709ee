//! The nodes of three languages, and legacy nodes.

use crate::nodes::{c_watch, legacy, python_watch, rust_watch, world};

#[test]
fn programs_in_three_languages_find_each_other() {
    let Some(world) = world("programs_in_three_languages_find_each_other") else {
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
fn a_node_of_the_legacy_and_ours_see_each_other() {
    let Some(world) = world("a_node_of_the_legacy_and_ours_see_each_other") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut ours = rust_watch(&left, "ours");
    let mut theirs = legacy(&right, "theirs");
    ours.expect(["joined theirs 192.0.2.2"]);
    theirs.expect(["joined ours 192.0.2.1"]);
}
