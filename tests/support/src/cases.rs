//! The cases of test programs in other languages: each is a test of its own, so that a failure names it and a filter selects
//! it. A test target with `harness = false` makes them and runs them.

use std::path::Path;

pub use libtest_mimic::Trial;
use libtest_mimic::{Arguments, Failed};

use crate::{has_tool, read};

/// Runs the tests as the arguments of `cargo test` say, and ends the process.
pub fn run(tests: Vec<Trial>) -> ! {
    libtest_mimic::run(&Arguments::from_args(), tests).exit()
}

/// Returns a test that fails if it panics.
pub fn test(name: impl Into<String>, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        test();
        Ok(())
    })
}

/// Returns a test that needs these tools.
pub fn test_with(
    tools: &'static [&str],
    name: impl Into<String>,
    run: impl FnOnce() + Send + 'static,
) -> Trial {
    let name = name.into();
    test(name.clone(), move || {
        if tools.iter().all(|tool| has_tool(tool, &name)) {
            run();
        }
    })
}

/// Makes tests of functions that are named as the tests are.
#[macro_export]
macro_rules! tests {
    ($tools:expr, $($test:ident),+ $(,)?) => {
        vec![$($crate::cases::test_with($tools, stringify!($test), $test)),+]
    };
}

/// Returns the names between `start` and `end` on the lines of a file of the project.
///
/// # Panics
///
/// If there are none.
pub fn listed(path: impl AsRef<Path>, start: &str, end: &str) -> Vec<String> {
    let path = path.as_ref();
    let text = read(path);
    let names =
        text.lines().filter_map(|line| Some(line.trim_start().strip_prefix(start)?.split_once(end)?.0));
    let names: Vec<String> = names.map(String::from).collect();
    assert!(!names.is_empty(), "{} lists no case with {start:?}", path.display());
    names
}

/// Returns the names that the arguments of `cargo test` select.
pub fn selected(names: Vec<String>) -> Vec<String> {
    let arguments = Arguments::from_args();
    let matches =
        |name: &str, filter: &String| if arguments.exact { name == filter } else { name.contains(filter) };
    let is_selected = |name: &String| {
        arguments.filter.as_ref().is_none_or(|filter| matches(name, filter))
            && !arguments.skip.iter().any(|filter| matches(name, filter))
    };
    names.into_iter().filter(is_selected).collect()
}
