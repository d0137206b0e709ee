//! The tests of the Python package, run by pytest in an environment of their own, against the library just built.

mod support;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use support::has_tool;

/// What the tests need, pinned: pytest and its limit on time, a terminal to draw in, the optional extra of the package,
/// its build backend, and a type checker that still knows Python 3.9.
const TOOLS: [&str; 6] = [
    "pytest==8.4.2",
    "pytest-timeout==2.4.0",
    "pyte==0.8.2",
    "rich==14.1.0",
    "hatchling==1.27.0",
    "mypy==1.19.1",
];

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
    let mut pytest = Command::new(environment().join("bin/python"));
    pytest.args(["-m", "pytest", "-q", "-m", marks]).current_dir(package());
    // Its results are the tests' own, and not to be found in the sources.
    pytest.args(["-p", "no:cacheprovider"]).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = support::output_within(LIMIT, pytest.env("PEERS_LIBRARY", support::shared_library()));
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains(" passed"), "no test of {marks:?} has run: {report}");
}

/// The folder of the environment, which is made once, by the Python that `PYTHON` names or `python3`.
fn environment() -> &'static Path {
    static ENVIRONMENT: OnceLock<PathBuf> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let folder = support::scratch().join("environment");
        let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        support::run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder));
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(TOOLS);
        let output = support::output_of(&mut pip);
        assert!(
            output.status.success(),
            "pip cannot install what the tests of the Python package need ({}), which takes a package index:\n{}",
            TOOLS.join(", "),
            String::from_utf8_lossy(&output.stderr)
        );
        folder
    })
}

fn package() -> PathBuf {
    support::root().join("bindings/python")
}
