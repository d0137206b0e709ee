//! Callers that do not care, from C: whatever they do, they get a status, and nobody else is disturbed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use support::{compile, compile_with, free_port, read, run, shared_library};

#[test]
fn freed_twice_used_after_and_freed_in_a_wait_in_memory() {
    run(&mut c_test("careless"));
}

#[test]
fn freed_twice_used_after_and_freed_in_a_wait_on_sockets() {
    run(c_test("careless").arg(free_port().to_string()));
}

#[test]
fn many_nodes_at_once_and_one_after_another() {
    run(c_test("many").arg(free_port().to_string()));
}

#[test]
fn a_forked_child_has_nothing_of_the_parents() {
    run(c_test("fork").arg(free_port().to_string()));
}

#[test]
fn all_descriptors_closed() {
    run(c_test("closed").args(["closed", &free_port().to_string()]));
}

#[test]
fn a_lowered_limit_on_descriptors() {
    run(c_test("closed").args(["limit", &free_port().to_string()]));
}

#[test]
fn unloaded_while_a_thread_runs_in_it() {
    let loader: [OsString; 1] = ["-ldl".into()];
    let program = compile_with(Path::new("tests/c/dlopen.c"), &loader);
    run(Command::new(program).arg(shared_library()));
}

#[test]
fn every_status_of_the_header_is_provoked() {
    let header = read("include/peers.h");
    let declared: BTreeSet<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split(' ').next())
        .filter(|name| name.starts_with("PEERS_ERR_"))
        .collect();
    let printed = run(&mut c_test("statuses"));
    let provoked: BTreeSet<&str> = printed.lines().collect();
    assert!(declared.len() >= 16, "{declared:?}");
    assert_eq!(provoked, declared);
}

fn c_test(name: &str) -> Command {
    Command::new(compile(Path::new(&format!("tests/c/{name}.c"))))
}
