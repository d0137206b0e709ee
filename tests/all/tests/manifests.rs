//! The files for Kubernetes and for Compose: a checker with their schemas accepts them, and the program that they start
//! takes the options they give it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use support::{key_file, output_of, read, root, run, scratch, shared_library};

/// Has the schemas of Kubernetes in it, and what reads YAML and checks it by any schema.
const KUBERNETES: [&str; 1] = ["kubernetes-validate==1.37.0"];

/// Has the schema of Compose, which is all that is needed of it.
const COMPOSE: [&str; 1] = ["docker-compose==1.29.2"];

/// The oldest and the newest version of Kubernetes that the checker knows.
const VERSIONS: [&str; 2] = ["1.25", "1.37"];

const MANIFESTS: [&str; 2] = ["examples/kubernetes/seeds.yaml", "examples/kubernetes/swim.yaml"];

const COMPOSE_FILE: &str = "examples/compose/compose.yaml";

#[test]
fn kubernetes_takes_the_manifests() {
    for (manifest, version) in
        MANIFESTS.iter().flat_map(|manifest| VERSIONS.map(|version| (manifest, version)))
    {
        let said = run(&mut checked_by_kubernetes(&root().join(manifest), version));
        assert_eq!(said.matches("passed").count(), 3, "{said}");
    }
}

#[test]
fn a_manifest_with_an_unknown_word_is_refused() {
    let broken =
        broken("examples/kubernetes/seeds.yaml", "publishNotReadyAddresses", "publishNotReadyAddress");
    let output = output_of(&mut checked_by_kubernetes(&broken, VERSIONS[1]));
    assert!(!output.status.success(), "{output:?}");
}

#[test]
fn compose_takes_its_file() {
    run(&mut checked_by_compose(&root().join(COMPOSE_FILE)));
}

#[test]
fn a_file_with_a_word_that_compose_does_not_know_is_refused() {
    let output = output_of(&mut checked_by_compose(&broken(COMPOSE_FILE, "read_only", "readonly")));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("'readonly' does not match"), "{told}");
}

#[test]
fn the_program_finds_its_copies_with_the_options_of_every_file() {
    for file in [MANIFESTS[0], MANIFESTS[1], COMPOSE_FILE] {
        let mut meet = script("meet.py");
        meet.arg(root().join(file)).arg(root().join("examples/kubernetes/app.py")).arg(key_file(32, 0o640));
        run(meet.env("PYTHONPATH", root().join("bindings/python")).env("PEERS_LIBRARY", shared_library()));
    }
}

fn checked_by_kubernetes(manifest: &Path, version: &str) -> Command {
    let mut checker = Command::new(&*ENVIRONMENT);
    checker.args(["-m", "kubernetes_validate", "--strict", "--kubernetes-version", version]).arg(manifest);
    checker
}

fn checked_by_compose(file: &Path) -> Command {
    let mut checker = script("check_compose.py");
    checker.arg(file);
    checker
}

fn script(name: &str) -> Command {
    let mut script = Command::new(&*ENVIRONMENT);
    script.arg(root().join("tests/all/manifests").join(name));
    script
}

/// A copy of a file with one word misspelt.
fn broken(file: &str, word: &str, misspelt: &str) -> PathBuf {
    let text = read(file);
    assert!(text.contains(word), "{file} has no {word}");
    let path = scratch().join(format!("{misspelt}.yaml"));
    fs::write(&path, text.replace(word, misspelt)).expect("the scratch folder can be written");
    path
}

/// The interpreter of the environment with both checkers.
static ENVIRONMENT: LazyLock<PathBuf> = LazyLock::new(|| {
    let python = support::venv::make();
    support::venv::install(&python, &[], &KUBERNETES);
    support::venv::install(&python, &["--no-deps"], &COMPOSE);
    python
});
