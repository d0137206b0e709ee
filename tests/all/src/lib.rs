//! What the tests of the bindings and the packages share.

use std::process::{Command, Output};
use std::time::Duration;

/// Runs a command that compiles: the release library, or all that a language needs, takes minutes on a busy machine.
pub fn build(command: &mut Command) -> Output {
    support::output_within(Duration::from_secs(1800), command)
}

/// Returns the tasks of a page as one program in this language: its first block, which has all others at the place `// the tasks`.
pub fn tasks(page: &str, language: &str) -> String {
    let page = support::read(page);
    let begin = format!("\n```{language}\n");
    let mut blocks = page.split(&begin).skip(1).filter_map(|rest| rest.split("\n```").next());
    let frame = blocks.next().expect("the page has a frame");
    let tasks: Vec<String> = blocks.map(|block| format!("{{\n{block}\n}}\n")).collect();
    assert!(tasks.len() >= 10, "only {} tasks in {language}", tasks.len());
    frame.replace("// the tasks", &tasks.concat())
}

/// Returns the program in the README that is written in this language.
pub fn readme(language: &str) -> String {
    let readme = support::read("README.md");
    let program = readme.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    program.unwrap_or_else(|| panic!("the README has no program in {language}")).to_owned()
}
