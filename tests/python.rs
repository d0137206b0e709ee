//! The core tests of the Python package, by the unittest of Python's standard library: each case is a test. All others are run
//! by pytest (`tests/all`).

use std::process::Command;

use support::cases;

fn main() {
    let names = cases::listed("bindings/python/tests/test_peers.py", "def test_", "(self)");
    let tests = names.into_iter().map(|name| {
        cases::test_with(&["python3"], format!("test_{name}"), move || {
            let package = support::root().join("bindings/python");
            let mut python = Command::new("python3");
            python.args(["-W", "error", "-m", "unittest"]).current_dir(package.join("tests"));
            python.arg(format!("test_peers.RegistryAndEvents.test_{name}"));
            python.env("PYTHONPATH", package).env("PYTHONDONTWRITEBYTECODE", "1");
            let report = support::run(python.env("PEERS_LIBRARY", support::shared_library()));
            assert!(report.contains("Ran 1 test "), "{report}");
        })
    });
    cases::run(tests.collect())
}
