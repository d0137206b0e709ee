//! The programs in tests/c, which use the C ABI: each case is a test of its own.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::cases::{self, Trial};
use support::{compile, compile_with, free_port, read, run, scratch, shared_library};

/// Programs with a table of cases, on networks in memory.
const IN_MEMORY: [&str; 7] = ["abi", "bad_input", "calls", "careless", "log", "seeds", "threads"];

/// Programs with a table of cases, on a port of their own.
const ON_SOCKETS: [&str; 7] = ["cancel", "careless", "closed", "fork", "many", "no_memory", "refused"];

fn main() {
    let in_memory = IN_MEMORY.into_iter().flat_map(|program| cases_of(program, "in_memory", || 0));
    let on_sockets = ON_SOCKETS.into_iter().flat_map(|program| cases_of(program, "on_sockets", free_port));
    let mut tests: Vec<Trial> = in_memory.chain(on_sockets).collect();
    tests.push(cases::test("lists::each_is_in_order_and_stays_as_it_is", || {
        drop(run(&mut Command::new(c_test("lists"))))
    }));
    tests.push(cases::test("dlopen::unloaded_while_a_thread_runs_in_it", unloaded_while_a_thread_runs_in_it));
    tests.push(cases::test("copies::a_handle_of_one_is_unknown_to_the_other", two_copies_in_one_process));
    tests.push(cases::test("statuses::every_status_is_provoked", every_status_of_the_header_is_provoked));
    cases::run(tests)
}

fn cases_of(program: &'static str, place: &str, port: fn() -> u16) -> Vec<Trial> {
    let cases = cases::listed(format!("tests/c/{program}.c"), "CASE(", "),").into_iter();
    let test = |case: String| {
        cases::test(format!("{program}::{place}::{case}"), move || {
            run(Command::new(c_test(program)).arg(case).env("PEERS_TEST_PORT", port().to_string()));
        })
    };
    cases.map(test).collect()
}

fn unloaded_while_a_thread_runs_in_it() {
    let loader: [OsString; 1] = ["-ldl".into()];
    let program = compile_with(Path::new("tests/c/dlopen.c"), &loader);
    run(Command::new(program).arg(shared_library()));
}

fn two_copies_in_one_process() {
    let loader: [OsString; 1] = ["-ldl".into()];
    let program = compile_with(Path::new("tests/c/copies.c"), &loader);
    let copy = scratch().join("libpeers-copy.so");
    fs::copy(shared_library(), &copy).expect("the scratch folder can be written");
    run(Command::new(program).args([shared_library(), copy]));
}

fn every_status_of_the_header_is_provoked() {
    let header = read("include/peers.h");
    let declared: BTreeSet<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split(' ').next())
        .filter(|name| name.starts_with("PEERS_ERR_"))
        .collect();
    let printed = run(&mut Command::new(c_test("statuses")));
    let provoked: BTreeSet<&str> = printed.lines().collect();
    assert!(declared.len() >= 16, "{declared:?}");
    assert_eq!(provoked, declared);
}

fn c_test(name: &str) -> PathBuf {
    compile(Path::new(&format!("tests/c/{name}.c")))
}
