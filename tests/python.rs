//! The tests of the Python package, run against the library just built.

mod support;

use std::path::Path;
use std::process::Command;

#[test]
fn the_python_package_passes_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .args(["-m", "unittest", "discover", "-s"])
        .arg(root.join("bindings/python/tests"))
        .env("PEERS_LIBRARY", support::shared_library())
        .output()
        .expect("python3 has to be installed to test the Python package");
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    assert!(!report.contains("Ran 0 tests"), "{report}");
}
