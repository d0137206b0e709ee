//! The programs of the tests, and how each is started on a host.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use nix::sys::signal::Signal;

use support::program::{LIMIT, Program};
use support::world::{Host, World};

/// Beacons five times a second, so that nothing takes long; a peer that falls silent is gone after a second.
const MILLISECONDS: [&str; 4] = ["--interval", "200", "--expiry", "1000"];
const SECONDS: [&str; 4] = ["--interval", "0.2", "--expiry", "1"];

/// What happens with these is not brought about by an announcement that was due anyway, nor by time running out.
pub const HOURS: [&str; 4] = ["--interval", "3600000", "--expiry", "7200000"];

/// One that dies is missed for so long: whatever takes two or three of the usual lives has happened by then.
pub const LONG_LIFE: [&str; 2] = ["--expiry", "3500"];

pub fn world(test: &str) -> Option<World> {
    World::new().map_err(|reason| support::skip(test, &format!("no network namespaces: {reason}"))).ok()
}

/// The world of a test that also needs a firewall.
pub fn world_with_firewall(test: &str) -> Option<World> {
    world(test).filter(|_| support::has_tool("nft", test))
}

pub fn rust_watch(host: &Host<'_>, name: &str) -> Program {
    watch_with(host, name, &[])
}

/// Options that come twice count as they come last.
pub fn watch_with(host: &Host<'_>, name: &str, options: &[&str]) -> Program {
    watch(host, &support::example("watch"), name, options)
}

/// What a watch counts, and how many peers it has ("peers"), at this moment.
pub fn counted(watch: &mut Program, counter: &str) -> u64 {
    let health = health_line(watch);
    let figure = health.split(' ').find_map(|figure| figure.strip_prefix(counter)?.strip_prefix('='));
    figure.unwrap_or_else(|| panic!("{health} has no {counter}")).parse().expect("it is a number")
}

/// How a watch is, by its own health at this moment.
pub fn state(watch: &mut Program) -> String {
    drop(watch.take("state "));
    health_line(watch);
    watch.take("state ").pop().expect("it comes before the health")
}

/// What a watch lists at this moment, each as "NAME ADDRESS SOURCE".
pub fn listing(watch: &mut Program) -> Vec<String> {
    drop(watch.take("listed "));
    health_line(watch);
    let listed = watch.take("listed ");
    listed
        .iter()
        .map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [name, address, _, source] => format!("{name} {address} {source}"),
            _ => panic!("{line:?} is no line of a list"),
        })
        .collect()
}

/// All addresses at which a watch lists a peer at this moment, the preferred one first.
pub fn addresses_of(watch: &mut Program, name: &str) -> Vec<String> {
    told_of(watch, "addresses", name).split(' ').map(Into::into).collect()
}

/// The value with which a watch lists a peer at this moment; empty if it does not list the peer.
pub fn value_of(watch: &mut Program, name: &str) -> String {
    told_of(watch, "value", name)
}

fn told_of(watch: &mut Program, what: &str, name: &str) -> String {
    let start = format!("{what} {name} ");
    drop(watch.take(&start));
    health_line(watch);
    watch.take(&start).pop().unwrap_or_default()
}

/// Waits until a condition of a watch holds.
pub fn expect_that(watch: &mut Program, what: &str, mut holds: impl FnMut(&mut Program) -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !holds(watch) {
        assert!(Instant::now() < deadline, "it should come about that {what}");
    }
}

/// What a watch says of each interface and family, as "NAME FAMILY USAGE sent=N looped_back=N received=N error WHY".
pub fn interfaces(watch: &mut Program) -> Vec<String> {
    drop(watch.take("interface "));
    health_line(watch);
    watch.take("interface ")
}

/// What a watch says of one interface and family, from the usage on.
pub fn interface(watch: &mut Program, name: &str, family: u8) -> String {
    let all = interfaces(watch);
    let start = format!("{name} {family} ");
    let found = all.iter().find_map(|line| line.strip_prefix(&start));
    found.unwrap_or_else(|| panic!("{start:?} is not in {all:#?}")).into()
}

/// Waits until a watch uses an interface so.
pub fn expect_interface(watch: &mut Program, name: &str, family: u8, usage: &str) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let all = interfaces(watch);
        if all.iter().any(|line| line.starts_with(&format!("{name} {family} {usage} "))) {
            return;
        }
        assert!(Instant::now() < deadline, "{name} should be {usage} by {family}: {all:#?}");
    }
}

/// The last line of all that a watch tells of itself when it is asked.
fn health_line(watch: &mut Program) -> String {
    watch.expect_to_take(Signal::SIGUSR1);
    watch.signal(Signal::SIGUSR1);
    watch.line("health ")
}

/// Waits until the state of a watch begins like this.
pub fn expect_state(watch: &mut Program, start: &str) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let state = state(watch);
        if state.starts_with(start) {
            return;
        }
        assert!(Instant::now() < deadline, "the state should be {start:?}; it is {state:?}");
    }
}

/// Waits until a watch has counted that many.
pub fn expect_counted(watch: &mut Program, counter: &str, least: u64) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let found = counted(watch, counter);
        if found >= least {
            return;
        }
        assert!(Instant::now() < deadline, "{counter} should come to {least}; it is {found}");
    }
}

pub fn c_watch(host: &Host<'_>, name: &str) -> Program {
    watch(host, &support::compile(&support::root().join("bindings/c/examples/watch.c")), name, &[])
}

fn watch(host: &Host<'_>, program: &Path, name: &str, options: &[&str]) -> Program {
    let mut command = host.command(program.to_str().expect("it is UTF-8"));
    Program::start(command.args(MILLISECONDS).args(["--name", name]).args(options))
}

pub fn python_watch(host: &Host<'_>, name: &str) -> Program {
    let mut python = host.command("python3");
    Program::start(
        with_package(&mut python, "bindings/python/examples/watch.py").args(SECONDS).args(["--name", name]),
    )
}

/// A node "patient" that prints its health, with the same times as the others.
pub fn health(host: &Host<'_>) -> Program {
    health_with(host, ["0.2", "1"])
}

/// As `health`, with that interval and expiry in seconds.
pub fn health_with(host: &Host<'_>, times: [&str; 2]) -> Program {
    Program::start(with_package(&mut host.command("python3"), "tests/network/health.py").args(times))
}

/// The seed "hub" of many nodes, at this port.
pub fn hub(host: &Host<'_>, port: &str) -> Program {
    Program::start(with_package(&mut host.command("python3"), "tests/network/hub.py").arg(port))
}

fn with_package<'a>(python: &'a mut Command, script: &str) -> &'a mut Command {
    python.env("PEERS_LIBRARY", support::shared_library());
    python.env("PYTHONPATH", support::root().join("bindings/python"));
    python.arg(support::root().join(script))
}

pub fn legacy(host: &Host<'_>, hostname: &str) -> Program {
    script(host, "legacy.py", &[hostname])
}

/// Prints what is said to the group.
pub fn ear(host: &Host<'_>, address: &str) -> Program {
    script(host, "ear.py", &[address])
}

/// Asks each node that answers to the group by its own port.
pub fn asker(host: &Host<'_>, address: &str, nodes: &[&str]) -> Program {
    script(host, "ask.py", &[&[address], nodes].concat())
}

pub fn script(host: &Host<'_>, name: &str, arguments: &[&str]) -> Program {
    let script = support::root().join("tests/network").join(name);
    Program::start(host.command("python3").arg(script).args(arguments))
}
