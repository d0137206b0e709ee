//! How large the released libraries are, and a program with the static one in it; and that the code of tests is not in them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::outside::{INSTALLATION, Outside, copy_project};
use support::run;

/// What the shared library may have, in bytes: what it has on x86-64, and some room for another compiler. A third of it is the
/// standard library; packaging/README.md reckons it up, and what SWIM adds.
const LIMIT: u64 = 1_200_000;

#[test]
fn the_library_stays_small() {
    let outside = Outside::new("size");
    copy_project(outside.path());
    let program = outside.path().join("app");
    let mut compiler = Command::new("cc");
    compiler.current_dir(outside.path()).args(["-O2", "-s", "-Wl,--gc-sections", "app.c", "-o", "app", "-I"]);
    compiler.arg(INSTALLATION.prefix.join("include")).arg(INSTALLATION.libdir.join("libpeers.a"));
    run(compiler.args(["-lgcc_s", "-lpthread", "-ldl", "-lm"]));

    let shared = size(&INSTALLATION.libdir.join("libpeers.so"));
    let report = format!(
        "size of libpeers.so, stripped: {shared} bytes; of libpeers.a: {}; of a program with it, stripped: {}\n",
        size(&INSTALLATION.libdir.join("libpeers.a")),
        size(&program)
    );
    // Not println, which the test harness captures.
    let _ = std::io::stderr().write_all(report.as_bytes());
    assert!(shared <= LIMIT, "libpeers.so has {shared} bytes, more than {LIMIT}");
}

/// The words of the panics that tests ask for.
#[test]
fn the_libraries_do_not_panic_on_demand() {
    for library in ["libpeers.so", "libpeers.a"] {
        let bytes = fs::read(INSTALLATION.libdir.join(library)).expect("it is installed");
        for trace in ["fail point ", "fail_points"] {
            let found = bytes.windows(trace.len()).any(|window| window == trace.as_bytes());
            assert!(!found, "{library} contains {trace:?}");
        }
    }
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).expect("it is installed").len()
}
