//! The released command for musl, which is a static program, in a folder that has nothing else.

use std::process::Command;

use crate::outside::Outside;
use crate::release::{can_release, unpack};
use support::{run, skip};

#[test]
fn a_static_command_runs_where_there_is_nothing_else() {
    let test = "a_static_command_runs_where_there_is_nothing_else";
    if !can_release(test) {
        return;
    }
    if run(Command::new("id").arg("-u")) != "0\n" {
        return skip(test, "only root can change the root folder");
    }
    let release = Outside::new("static-release");
    let program = unpack("x86_64-linux-musl", &release).join("bin/peers");
    let outside = Outside::new("static-command");
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
