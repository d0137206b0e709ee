//! What the log tells.

use nix::sys::signal::Signal;

use crate::nodes::world_with_firewall;
use support::program::Program;
use support::world::Host;

/// A program that logs, and what it logs among what it prints.
fn verbose_watch(host: &Host<'_>, expiry: &str) -> Program {
    let watch = support::compile(&support::root().join("bindings/c/examples/watch.c"));
    let mut shell = host.command("sh");
    shell.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(watch);
    Program::start(shell.args(["--verbose", "--interval", "200", "--expiry", expiry]))
}

#[test]
fn the_log_tells_of_each_trouble_once_and_of_its_end() {
    let Some(world) = world_with_firewall("the_log_tells_of_each_trouble_once_and_of_its_end") else {
        return;
    };
    let host = world.host(1);
    // With an expiry that no silence here reaches.
    let mut mute = verbose_watch(&host, "600000");
    host.firewall("output", "drop");
    mute.expect(["warning: degraded: sending through eth0: Operation not permitted (os error 1)"]);
    host.firewall("output", "accept");
    mute.expect(["info: no longer: sending through eth0: Operation not permitted (os error 1); all is well"]);
    mute.never_printed("warning: ");

    let mut deaf = verbose_watch(&host, "1000");
    host.firewall("input", "drop");
    let silence =
        "nothing is received, not even the node's own announcements; a firewall may drop UDP multicast";
    let reopened = "info: sockets reopened: nothing was received for the expiry time";
    deaf.expect([&format!("warning: degraded: {silence}"), reopened]);
    deaf.expect([reopened]);
    host.firewall("input", "accept");
    deaf.expect([&format!("info: no longer: {silence}; all is well")]);
    deaf.never_printed("warning: ");

    host.unplug();
    mute.expect(["info: left interface eth0", "info: joined on interface lo (127.0.0.1)"]);
    mute.signal(Signal::SIGTERM);
    mute.expect(["info: stopped"]);
}
