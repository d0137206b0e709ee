//! Copies of one machine, whose random bytes are the same.

use std::path::Path;

use crate::nodes::{counted, world};
use support::program::Program;
use support::world::Host;

/// A node whose system gives every process the same random bytes.
fn clone(host: &Host<'_>) -> Program {
    let shim =
        support::compile_with(Path::new("tests/network/same_random.c"), &["-shared".into(), "-fPIC".into()]);
    let mut command = host.command("env");
    command.arg(format!("LD_PRELOAD={}", shim.display())).arg(support::example("watch"));
    Program::start(command.args(["--name", "clone", "--interval", "200", "--expiry", "3500"]))
}

#[test]
fn a_clone_draws_a_new_id_and_both_are_listed() {
    let Some(world) = world("a_clone_draws_a_new_id_and_both_are_listed") else { return };
    let hosts = [1, 2].map(|number| world.host(number));
    let [mut first, mut second] = hosts.each_ref().map(clone);
    first.expect(["joined clone 192.0.2.2"]);
    second.expect(["joined clone 192.0.2.1"]);
    assert!(counted(&mut first, "id_conflicts") + counted(&mut second, "id_conflicts") > 0);
}
