//! How much stack the calls of the released library need: half of what the header promises.

use std::path::Path;
use std::process::Command;

use crate::outside::INSTALLATION;
use support::{compile_with, free_port, run};

#[test]
fn every_call_works_on_a_stack_of_32_kib() {
    let library = INSTALLATION.libdir.join("libpeers.a");
    let program = compile_with(
        Path::new("tests/c/stack.c"),
        &[library.into(), "-lpthread".into(), "-ldl".into(), "-lm".into()],
    );
    let mut command = Command::new(program);
    run(command.env("PEERS_TEST_STACK", "32").env("PEERS_TEST_PORT", free_port().to_string()));
}
