//! The package for Node: its own tests and types, and its example beside the one in C. Against the library just built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use support::cases::{self, Trial};
use support::{root, run, scratch, shared_library};

const TOOLS: &[&str] = &["node", "npm"];

fn main() {
    let mut tests = support::tests![
        TOOLS,
        the_types_fit,
        the_types_of_the_program_in_the_readme_fit,
        the_tasks_of_the_package_run,
        the_example_and_the_one_in_c_find_each_other,
        the_example_takes_a_key_that_only_its_owner_can_read,
    ];
    tests.extend(["abi", "errors", "events", "node"].into_iter().flat_map(cases_of));
    cases::run(tests)
}

/// The tests of a file of the package.
fn cases_of(file: &'static str) -> impl Iterator<Item = Trial> {
    let names = cases::listed(format!("bindings/node/test/{file}.test.js"), "test('", "',").into_iter();
    names.map(move |name| {
        cases::test_with(TOOLS, format!("{file}: {name}"), move || {
            let mut node = in_package("node", package());
            node.env("PEERS_HEADER", root().join("include/peers.h"));
            node.args(["--test", "--test-reporter=tap", &format!("--test-name-pattern=^{name}$")]);
            let report = run(node.arg(format!("test/{file}.test.js")));
            let passed = report
                .lines()
                .any(|line| line.trim_start().starts_with("ok ") && line.ends_with(&format!(" - {name}")));
            assert!(passed, "{report}");
        })
    })
}

fn the_types_fit() {
    run(in_package("npm", package()).args(["run", "types"]));
}

fn the_types_of_the_program_in_the_readme_fit() {
    let package = package();
    fs::write(package.join("readme.mjs"), peers_all_tests::readme("js")).expect("the copy can be written");
    let mut tsc = in_package("node", package);
    tsc.args(["node_modules/typescript/bin/tsc", "--ignoreConfig", "--noEmit", "--checkJs", "--strict"]);
    run(tsc.args(["--module", "nodenext", "--target", "es2022", "--types", "node", "readme.mjs"]));
}

fn the_tasks_of_the_package_run() {
    let package = package();
    let tasks = peers_all_tests::tasks("bindings/node/README.md", "js");
    fs::write(package.join("tasks.mjs"), tasks).expect("the copy can be written");
    run(in_package("node", package).arg("tasks.mjs"));
}

fn the_example_and_the_one_in_c_find_each_other() {
    support::meeting::check_meeting(|| example(package()));
}

fn the_example_takes_a_key_that_only_its_owner_can_read() {
    support::meeting::check_key_files(|| example(package()));
}

/// A copy of the package with its dependencies, installed once for all tests.
fn package() -> &'static Path {
    static PACKAGE: LazyLock<PathBuf> = LazyLock::new(install);
    &PACKAGE
}

/// Copies the package to where npm may write. npm is asked only when the lock file has changed.
fn install() -> PathBuf {
    let copy = scratch().join("package");
    let lock = fs::read(root().join("bindings/node/package-lock.json")).expect("it is a file of the project");
    let installed = copy.join("node_modules/installed");
    if !fs::read(&installed).is_ok_and(|text| text == lock) {
        let _ = fs::remove_dir_all(&copy); // of an earlier run
        fs::create_dir_all(&copy).expect("the scratch folder can be written");
    }
    run(Command::new("cp").arg("-RT").arg(root().join("bindings/node")).arg(&copy));
    if !installed.exists() {
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit"]).current_dir(&copy));
        fs::write(installed, lock).expect("the scratch folder can be written");
    }
    copy
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
