//! Real multicast between real processes on hosts of their own: network namespaces on one bridge.

mod addresses;
mod changes;
mod clones;
mod discovery;
mod floods;
mod health;
mod hostile;
mod interfaces;
mod keys;
mod languages;
mod leaving;
mod links;
mod log;
mod names;
mod nodes;
mod refused;
mod routed;
mod seeds;
mod seeds_leaving;
#[cfg(feature = "swim")]
mod swim;

use std::process::Command;

use nix::sys::signal::Signal;
use nodes::{ear, rust_watch, world_with_firewall};
use support::program::Program;
use support::world::Host;

/// The second implementation, with the default times.
fn second(host: &Host<'_>, name: &str, address: &str) -> Program {
    let script = support::root().join("tests/network/second.py");
    Program::start(host.command("python3").arg(script).args([name, address]))
}

#[test]
fn a_second_implementation_decodes_and_encodes_the_vectors() {
    for file in ["docs/protocol-vectors.json", "docs/cluster-vectors.json"] {
        let mut checks = Command::new("python3");
        checks.arg(support::root().join("tests/network/second.py"));
        checks.arg("--vectors").arg(support::root().join(file));
        assert!(checks.status().expect("python3 runs").success(), "the vectors printed above do not hold");
    }
}

#[test]
fn a_second_implementation_interoperates() {
    let Some(world) = world_with_firewall("a_second_implementation_interoperates") else {
        return;
    };
    let (left, right, secluded) = (world.host(1), world.host(2), world.host(3));
    let mut ear = ear(&left, "192.0.2.1");
    ear.expect(["listening"]);
    let mut ours = rust_watch(&left, "ours");
    let mut theirs = second(&right, "theirs", "192.0.2.2");
    ours.expect(["joined theirs 192.0.2.2"]);
    theirs.expect(["joined ours 192.0.2.1", "answer ours"]);

    // It hears nothing that goes to the group: what it hears is an answer.
    secluded.firewall("input", "drop");
    let mut asking = rust_watch(&secluded, "asking");
    asking.expect(["joined theirs 192.0.2.2"]);
    theirs.expect(["joined asking 192.0.2.3"]);
    // Its own queries would have brought the answers that come next.
    ear.expect(["v4 query theirs 3"]);

    // It hears nothing but what goes to the group, and asks for its answers there.
    let walled = world.host(4);
    for rule in [
        "add table inet test",
        "add chain inet test input { type filter hook input priority 0 ; }",
        "add rule inet test input udp dport != 49001 drop",
    ] {
        assert!(walled.command("nft").args(rule.split(' ')).status().expect("nft runs").success(), "{rule}");
    }
    let mut unanswered = rust_watch(&walled, "unanswered");
    theirs.expect(["joined unanswered 192.0.2.4", "answered the group"]);
    unanswered.expect(["joined theirs 192.0.2.2"]);
    unanswered.kill();

    theirs.signal(Signal::SIGUSR1);
    ours.expect(["updated theirs 192.0.2.2"]);

    theirs.signal(Signal::SIGTERM);
    ours.expect(["left theirs (goodbye)"]);

    let mut again = second(&right, "again", "192.0.2.2");
    again.expect(["joined ours 192.0.2.1", "joined asking 192.0.2.3"]);
    ours.signal(Signal::SIGTERM);
    again.expect(["left ours (goodbye)"]);
    asking.kill();
    again.expect(["left asking (expired)"]);
}
