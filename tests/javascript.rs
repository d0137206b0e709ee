//! The package for Node: its own tests and types, and its example beside the one in C. Against the library just built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use support::{has_tool, output_of, read, root, run, scratch, shared_library, skip};

#[test]
fn the_package_passes_its_tests() {
    if let Some(package) = package("the_package_passes_its_tests") {
        let report =
            run(in_package("npm", package).arg("test").env("PEERS_HEADER", root().join("include/peers.h")));
        assert!(report.contains("two nodes list each other"), "{report}");
    }
}

#[test]
fn the_types_fit() {
    if let Some(package) = package("the_types_fit") {
        run(in_package("npm", package).args(["run", "types"]));
    }
}

#[test]
fn the_types_of_the_program_in_the_readme_fit() {
    if let Some(package) = package("the_types_of_the_program_in_the_readme_fit") {
        let readme = read("README.md");
        let program = readme.split("```js\n").nth(1).and_then(|rest| rest.split("```").next());
        fs::write(package.join("readme.mjs"), program.expect("the README has one"))
            .expect("the copy can be written");
        let mut tsc = in_package("node", package);
        tsc.args(["node_modules/typescript/bin/tsc", "--ignoreConfig", "--noEmit", "--checkJs", "--strict"]);
        run(tsc.args(["--module", "nodenext", "--target", "es2022", "--types", "node", "readme.mjs"]));
    }
}

#[test]
fn the_example_and_the_one_in_c_find_each_other() {
    if let Some(package) = package("the_example_and_the_one_in_c_find_each_other") {
        support::meeting::check_meeting(|| example(package));
    }
}

#[test]
fn the_example_takes_a_key_that_only_its_owner_can_read() {
    if let Some(package) = package("the_example_takes_a_key_that_only_its_owner_can_read") {
        support::meeting::check_key_files(|| example(package));
    }
}

/// A copy of the package with what it depends on, or nothing where the test has to be skipped.
fn package(test: &str) -> Option<&'static Path> {
    static PACKAGE: LazyLock<Result<PathBuf, String>> = LazyLock::new(install);
    if !["node", "npm"].into_iter().all(|tool| has_tool(tool, test)) {
        return None;
    }
    match PACKAGE.as_ref() {
        Ok(package) => Some(package),
        Err(reason) => {
            skip(test, reason);
            None
        }
    }
}

/// Copies the package to where npm may write. npm is asked only when the lock file has changed.
fn install() -> Result<PathBuf, String> {
    let copy = scratch().join("package");
    let lock = fs::read(root().join("bindings/node/package-lock.json")).expect("it is a file of the project");
    let installed = copy.join("node_modules/installed");
    if !fs::read(&installed).is_ok_and(|text| text == lock) {
        let _ = fs::remove_dir_all(&copy); // of an earlier run
        fs::create_dir_all(&copy).expect("the scratch folder can be written");
    }
    run(Command::new("cp").arg("-RT").arg(root().join("bindings/node")).arg(&copy));
    if !installed.exists() {
        let npm =
            output_of(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit"]).current_dir(&copy));
        if !npm.status.success() {
            return Err(format!("npm ci fails: {}", String::from_utf8_lossy(&npm.stderr)));
        }
        fs::write(installed, lock).expect("the scratch folder can be written");
    }
    Ok(copy)
}

fn in_package(tool: &str, package: &Path) -> Command {
    let mut command = Command::new(tool);
    command.current_dir(package).env("PEERS_LIBRARY", shared_library());
    command
}

fn example(package: &Path) -> Command {
    let mut example = in_package("node", package);
    example.arg("examples/watch.mjs");
    example
}
