//! The notices of the crates that are linked in, as packaging/THIRD-PARTY.txt has them for every package.

use std::process::Command;
use std::{env, fs};

use support::{read, root, run};

const NOTICES: &str = "packaging/THIRD-PARTY.txt";

#[test]
fn the_notices_are_those_of_the_crates_in_use() {
    let made = run(Command::new("python3").arg(root().join("packaging/third_party.py")).arg("notices"));
    if env::var_os("PEERS_UPDATE_THIRD_PARTY").is_some_and(|value| value == "1") {
        fs::write(root().join(NOTICES), &made).expect("it is a file of the project");
    }
    assert!(
        read(NOTICES) == made,
        "{NOTICES} differs from Cargo.lock; PEERS_UPDATE_THIRD_PARTY=1 cargo test -p peers-all-tests notices writes it"
    );
}

#[test]
fn the_notices_name_the_source_of_foca_and_its_licence() {
    let notices = read(NOTICES);
    assert!(notices.contains("\nfoca 2.0.0: MPL-2.0, "));
    assert!(notices.contains("https://crates.io/crates/foca, in the version below"));
    assert!(notices.contains("\nfoca:\n\nMozilla Public License Version 2.0\n"));
}
