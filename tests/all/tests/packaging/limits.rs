//! What the released library needs of a process: half of the stack that the header promises, and the processor time of many nodes.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outside::INSTALLATION;
use support::{compile_with, free_port, run};

#[test]
fn every_call_works_on_a_stack_of_32_kib() {
    run(on_free_port("tests/c/stack.c").env("PEERS_TEST_STACK", "32"));
}

#[test]
#[ignore = "400 nodes take 20 times a bare loop: each datagram wakes a thread"]
fn many_nodes_take_ten_times_a_bare_loop_at_most() {
    run(&mut on_free_port("tests/c/crowd.c"));
}

/// The program, linked with the released library.
fn on_free_port(source: &str) -> Command {
    let library = INSTALLATION.libdir.join("libpeers.a");
    let link = [library.into(), "-lpthread".into(), "-ldl".into(), "-lm".into()];
    let program: PathBuf = compile_with(Path::new(source), &link);
    let mut command = Command::new(program);
    command.env("PEERS_TEST_PORT", free_port().to_string());
    command
}
