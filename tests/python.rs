//! The tests of the Python package, run by pytest in an environment of their own, against the library just built.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use support::has_tool;

/// What the tests need, pinned: pytest and its limit on time, the build backend of the package, and a type checker that
/// still knows Python 3.9.
const TOOLS: [&str; 4] = ["pytest==8.4.2", "pytest-timeout==2.4.0", "hatchling==1.27.0", "mypy==1.19.1"];

/// Cargo may have to build everything for a wheel, and does so twice.
const LIMIT: Duration = Duration::from_secs(2400);

#[test]
fn the_python_package_passes_its_tests() {
    pytest("not install and not etcd");
}

#[test]
fn the_python_package_passes_its_tests_with_etcd() {
    let test = "the_python_package_passes_its_tests_with_etcd";
    if has_tool("etcd", test) && has_tool("etcdctl", test) {
        pytest("etcd");
    }
}

#[test]
fn the_python_package_can_be_installed() {
    pytest("install");
}

/// Runs the tests with these marks. None of them at all is a failure, of pytest itself.
fn pytest(marks: &str) {
    let mut pytest = Command::new(environment());
    pytest.args(["-m", "pytest", "-q", "-m", marks]).current_dir(package());
    // Its results are the tests' own, and not to be found in the sources.
    pytest.args(["-p", "no:cacheprovider"]).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = support::output_within(LIMIT, pytest.env("PEERS_LIBRARY", support::shared_library()));
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains(" passed"), "no test of {marks:?} has run: {report}");
}

/// The interpreter of the environment.
fn environment() -> &'static Path {
    static ENVIRONMENT: LazyLock<PathBuf> = LazyLock::new(|| {
        let python = support::venv::make();
        support::venv::install(&python, &[], &TOOLS);
        python
    });
    &ENVIRONMENT
}

fn package() -> PathBuf {
    support::root().join("bindings/python")
}
