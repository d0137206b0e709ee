//! The C programs of tests/c and the C examples under valgrind: nothing leaks, no wrong byte is touched, and a read after
//! free is reported.

use std::path::Path;
use std::process::Command;

use support::cases::{self, Trial};
use support::{compile, free_port, output_of, run};

const MEMCHECK: [&str; 5] = [
    "--quiet",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect,possible",
    "--errors-for-leak-kinds=definite,indirect,possible",
    "--error-exitcode=99",
];

/// A valgrind takes a second to start, so each runs all its cases.
const PROGRAMS: [&str; 6] = ["abi", "bad_input", "cancel", "lists", "log", "seeds"];

/// A forked child leaks its parent's node, so no leaks are looked for. A case that executes itself would execute valgrind.
const FORKING: [(&str, &[&str]); 2] = [
    (
        "closed",
        &[
            "a_forked_child_frees_the_node",
            "a_failed_node_in_a_child",
            "an_event_descriptor_made_blocking",
            "an_event_descriptor_that_the_program_reads",
        ],
    ),
    ("fork", &["on_sockets", "in_children", "a_node_freed_before_the_fork", "a_subscription_of_the_parent"]),
];

/// What a program reads of a list or an event after it has freed it.
const FREED: [&str; 6] = ["list", "record", "name", "value", "event", "changed"];

fn main() {
    let programs = PROGRAMS.map(|program| memcheck(program, format!("tests/c/{program}.c"), &[]));
    let forking = FORKING.map(|(program, names)| {
        cases::test_with(&["valgrind"], program, move || {
            let source = format!("tests/c/{program}.c");
            run(valgrind(&source, &["--leak-check=no"]).args(names));
        })
    });
    let register = memcheck(
        "example_register",
        "bindings/c/examples/register.c".into(),
        &["printer", "tcp://192.0.2.7:631", "50"],
    );
    let watch = cases::test_with(&["valgrind"], "example_watch", || {
        support::meeting::check_meeting(|| valgrind("bindings/c/examples/watch.c", &[]));
    });
    let freed = FREED.map(|part| {
        cases::test_with(&["valgrind"], format!("reports_a_freed_{part}"), move || reports_a_read_of(part))
    });
    cases::run(programs.into_iter().chain(forking).chain([register, watch]).chain(freed).collect());
}

fn memcheck(name: &str, source: String, arguments: &'static [&str]) -> Trial {
    cases::test_with(&["valgrind"], name, move || drop(run(valgrind(&source, &[]).args(arguments))))
}

fn valgrind(source: &str, options: &[&str]) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.env("PEERS_TEST_PORT", free_port().to_string());
    valgrind.args(MEMCHECK).args(options).arg(compile(Path::new(source)));
    valgrind
}

fn reports_a_read_of(part: &str) {
    let output = output_of(valgrind("tests/c/defects.c", &[]).args(["use-after-free", part]));
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(99), "{report}");
    assert!(report.contains("Invalid read") && report.contains("free'd"), "{report}");
}
