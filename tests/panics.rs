//! A panic, made by a library that is built to panic on demand: it fails its node, and nothing else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use support::{compile_with, root, run};

/// What the library says when it is asked to panic.
const TRACE: &str = "asked to panic at";

#[test]
fn a_panic_fails_its_node_and_nothing_else() {
    let library = build("staticlib", &["--features", "test-panic"], "libpeers.a");
    assert!(contains(&library, TRACE), "the library that panics on demand has what the next test looks for");
    let link: [OsString; 4] = [library.into(), "-lpthread".into(), "-ldl".into(), "-lm".into()];
    let printed = run(&mut Command::new(compile_with(Path::new("tests/c/panics.c"), &link)));
    assert_eq!(printed, "", "the library prints nothing");
}

#[test]
fn no_other_library_panics_on_demand() {
    let release = build("cdylib", &["--release"], "libpeers.so");
    for library in [release, support::shared_library(), support::static_library()] {
        for trace in [TRACE, "test_panic"] {
            assert!(!contains(&library, trace), "{} contains {trace:?}", library.display());
        }
    }
}

/// Builds the library, of one type as the released one is, in a target folder of its own, for its name does not tell how it was
/// built.
fn build(crate_type: &str, options: &[&str], library: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panics");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["rustc", "--lib", "--crate-type", crate_type]);
    cargo.arg("--target-dir").arg(&target).args(options);
    run(&mut cargo);
    target.join(if options.contains(&"--release") { "release" } else { "debug" }).join(library)
}

fn contains(library: &Path, text: &str) -> bool {
    let bytes = fs::read(library).expect("it was built");
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
