//! The demonstration, examples/demo, keeps its promises: every list right at every stage, or clear words.

// The limit on the demo's time needs a thread to wait for it.
#![allow(clippy::disallowed_methods)]

use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// It takes a few seconds. A machine that is busy with other tests may need more.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn three_nodes_in_three_languages_find_and_lose_each_other() {
    let output = run(&mut demo());
    let text = words(&output);
    assert!(output.status.success(), "{}:\n{text}", output.status);
    let stages = [
        "Each sees exactly the two others.",
        "- demo-c (expired)",
        "The two that are left see exactly each other.",
        "- demo-python (expired)",
        "demo-rust is alone, and its list is empty.",
        "Every list was right at every stage.",
    ];
    let mut rest = text.as_str();
    for stage in stages {
        let Some(found) = rest.find(stage) else { panic!("{stage:?} is missing, or out of order:\n{text}") };
        rest = &rest[found..];
    }
}

#[test]
fn without_a_c_compiler_it_says_so_and_fails() {
    let output = run(demo().env("CC", "/nonexistent-cc"));
    assert_fails(&output, "the demo needs a C compiler, but `/nonexistent-cc` cannot be run");
}

#[test]
fn without_python_it_says_so_and_fails() {
    let output = run(demo().env("PYTHON", "/nonexistent-python"));
    assert_fails(&output, "the demo needs Python 3, but `/nonexistent-python` cannot be run");
}

fn assert_fails(output: &Output, complaint: &str) {
    let text = words(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(complaint), "{complaint:?} is missing:\n{text}");
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// This test is in target/PROFILE/deps, the example in target/PROFILE/examples.
fn demo() -> Command {
    let test = std::env::current_exe().expect("the test finds itself");
    let built = test.ancestors().nth(2).expect("the test is in a folder of a folder");
    let program = built.join("examples/demo");
    assert!(program.exists(), "{} is missing: cargo build --example demo", program.display());
    Command::new(program)
}

/// Runs it to its end; one that takes too long is killed.
fn run(command: &mut Command) -> Output {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the demo starts");
    let id = Pid::from_raw(child.id().cast_signed());
    let (sender, receiver) = channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let output = receiver.recv_timeout(LIMIT).unwrap_or_else(|_| {
        kill(id, Signal::SIGKILL).expect("a process that has not ended can be killed");
        panic!("the demo still runs after {LIMIT:?}")
    });
    output.expect("the demo's output can be read")
}
