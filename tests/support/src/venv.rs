//! Environments for what is written in Python, each made once for a test program.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{output_of, run, scratch};

/// Makes one, by the Python that `PYTHON` names or `python3`, and returns its interpreter.
pub fn make() -> PathBuf {
    let folder = scratch().join("environment");
    let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder));
    folder.join("bin/python")
}

/// Installs packages, with these options of pip.
pub fn install(python: &Path, options: &[&str], packages: &[&str]) {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    let output = output_of(pip.args(options).args(packages));
    assert!(
        output.status.success(),
        "pip cannot install what the tests need ({}), which takes a package index:\n{}",
        packages.join(", "),
        String::from_utf8_lossy(&output.stderr)
    );
}
