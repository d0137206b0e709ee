//! The tests of the Python package, run against the library just built.

mod support;

use std::process::Command;

#[test]
fn the_python_package_passes_its_tests() {
    let mut python = Command::new("python3");
    python.args(["-m", "unittest", "discover", "-s"]).arg(support::root().join("bindings/python/tests"));
    let report = support::run(python.env("PEERS_LIBRARY", support::shared_library()));
    assert!(!report.contains("Ran 0 tests"), "{report}");
}
