//! The demonstration, examples/demo, keeps its promises: every list right at every stage, or clear words.

use std::process::{Command, Output};
use std::time::Duration;

/// It takes a few seconds. A machine that is busy with other tests may need more.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn three_nodes_in_three_languages_find_and_lose_each_other() {
    let output = run(&mut demo());
    let text = words(&output);
    assert!(output.status.success(), "{}:\n{text}", output.status);
    let stages = [
        "Each sees exactly the two others.",
        "- demo-c (goodbye)",
        "The two that are left see exactly each other.",
        "- demo-python (unreachable)",
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

fn demo() -> Command {
    Command::new(support::example("demo"))
}

fn run(command: &mut Command) -> Output {
    support::output_within(LIMIT, command)
}
