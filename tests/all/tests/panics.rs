//! A panic, made by a library that is built to panic on demand: it fails its node, and nothing else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;
use std::{env, fs};

use support::{cases, compile_with, output_within, root, run};

/// A busy machine takes minutes to build the library.
const LIMIT: Duration = Duration::from_secs(1800);

/// Message of a panic at a fail point.
const TRACE: &str = "fail point ";

fn main() {
    let mut tests = support::tests![
        &[],
        the_library_that_panics_on_demand_has_the_trace,
        no_other_library_panics_on_demand,
    ];
    tests.extend(cases::listed("tests/c/panics.c", "CASE(", "),").into_iter().map(|case| {
        cases::test(case.clone(), move || {
            let link: [OsString; 4] = [panicking().into(), "-lpthread".into(), "-ldl".into(), "-lm".into()];
            let printed = run(Command::new(compile_with(Path::new("tests/c/panics.c"), &link)).arg(case));
            assert_eq!(printed, "", "the library prints nothing");
        })
    }));
    cases::run(tests)
}

/// The library that panics on demand, built once.
fn panicking() -> &'static Path {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(build);
    &LIBRARY
}

fn the_library_that_panics_on_demand_has_the_trace() {
    assert!(contains(panicking(), TRACE), "the next test looks for what is not there");
}

/// The test `packaging` looks into the installed ones.
fn no_other_library_panics_on_demand() {
    for library in [support::shared_library(), support::static_library()] {
        assert!(!contains(&library, TRACE), "{} contains {TRACE:?}", library.display());
    }
}

/// The library that is built to panic on demand, in a target folder of its own: its name does not tell how it was built.
fn build() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panics");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["rustc", "--package", "peers", "--lib", "--crate-type", "staticlib"]);
    let output = output_within(LIMIT, cargo.args(["--features", "test-panic", "--target-dir"]).arg(&target));
    assert!(output.status.success(), "{output:?}");
    target.join("debug/libpeers.a")
}

fn contains(library: &Path, text: &str) -> bool {
    let bytes = fs::read(library).expect("it was built");
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
