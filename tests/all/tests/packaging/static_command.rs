//! The command as a static program, in a folder that has nothing else.

use std::process::Command;

use crate::outside::{Outside, build_within_limit};
use support::{root, run, skip};

const TARGET: &str = "x86_64-unknown-linux-musl";

#[test]
fn a_static_command_runs_where_there_is_nothing_else() {
    let test = "a_static_command_runs_where_there_is_nothing_else";
    let libraries = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let libraries = libraries.expect("rustc runs").stdout;
    if !std::path::Path::new(String::from_utf8_lossy(&libraries).trim()).is_dir() {
        return skip(test, &format!("rustup target add {TARGET} has not been run"));
    }
    if run(Command::new("id").arg("-u")) != "0\n" {
        return skip(test, "only root can change the root folder");
    }
    let target = support::scratch().join("static");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--locked",
        "--release",
        "--package",
        "peers-cli",
        "--target",
        TARGET,
        "--target-dir",
    ]);
    let output = build_within_limit(cargo.arg(&target).current_dir(root()));
    assert!(output.status.success(), "{output:?}");

    let outside = Outside::new("static-command");
    let program = target.join(TARGET).join("release/peers");
    std::fs::copy(program, outside.path().join("peers")).expect("it can be copied");
    let within =
        |arguments: &[&str]| run(Command::new("chroot").arg(outside.path()).arg("/peers").args(arguments));
    assert_eq!(within(&["--version"]), concat!("peers ", env!("CARGO_PKG_VERSION"), "\n"));
    let port = support::free_port().to_string();
    let place = ["--interface", "lo", "--group-port", &port];
    let list = within(&[&["list", "--wait", "10ms", "--json"], &place[..]].concat());
    assert_eq!(list, "[]\n");
    let report = within(&[&["doctor", "--wait", "10ms"], &place[..]].concat());
    assert!(report.contains("lo, IPv4: a node receives its own and those of a second node"), "{report}");
}
