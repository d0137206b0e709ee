//! The examples leader, worker, client and supervisor, in C and in Python. Those of one language work with those of the other.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use peers::{Config, Peers};
use support::program::Program;
use support::{compile, free_port, output_of, root, shared_library};

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// An example by its name.
type Example = fn(&str) -> Command;

fn c(name: &str) -> Command {
    Command::new(compile(Path::new(&format!("bindings/c/examples/{name}.c"))))
}

fn python(name: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(root().join(format!("bindings/python/examples/{name}.py")));
    python.env("PEERS_LIBRARY", shared_library()).env("PYTHONPATH", root().join("bindings/python"));
    python
}

/// The options by which an example is alone on loopback.
fn options(port: &str) -> [&str; 4] {
    ["--interfaces", "lo", "--port", port]
}

/// Waits until so many candidates are listed, and returns the name of the one with the smallest id.
fn leader(observer: &Peers, count: usize) -> String {
    let mut version = 0;
    loop {
        version = observer.wait(version, Some(PATIENCE)).expect("the list changes");
        let candidates = observer.list().expect("the node lives");
        if candidates.len() == count {
            let first = candidates.into_iter().min_by_key(|peer| peer.id).expect("there are some");
            return first.name;
        }
    }
}

#[test]
fn the_smallest_id_leads_until_it_ends() {
    let port = free_port();
    let observer = Peers::start(Config {
        cluster: "leader".into(),
        interfaces: Some("lo".into()),
        port,
        observer: true,
        ..Config::default()
    });
    let observer = observer.expect("a node starts");
    let port = port.to_string();
    let examples: [(&str, Example); 3] = [("anna", c), ("otto", python), ("lena", c)];
    let mut running: Vec<(&str, Program)> = Vec::new();
    for (name, example) in examples {
        running.push((name, Program::start(example("leader").args(options(&port)).args(["--name", name]))));
    }
    while !running.is_empty() {
        let leader = leader(&observer, running.len());
        for (_, program) in &mut running {
            program.expect([&*format!("{leader} leads")]);
        }
        let at = running.iter().position(|(name, _)| *name == leader).expect("it runs");
        let (_, mut ended) = running.remove(at);
        ended.signal(Signal::SIGTERM);
        ended.expect_end();
    }
}

#[test]
fn a_client_finds_a_worker_of_the_other_language() {
    for (worker, client) in [(c as Example, python as Example), (python, c)] {
        let port = free_port().to_string();
        // The client is there first, and waits.
        let mut client = Program::start(client("client").args(options(&port)).arg("hello"));
        let mut worker = Program::start(worker("worker").args(options(&port)).args(["--name", "anna"]));
        worker.line("anna serves at port ");
        client.expect(["anna answers HELLO"]);
        client.expect_end();
        worker.signal(Signal::SIGTERM);
        worker.expect_end();
    }
}

#[test]
fn a_supervisor_starts_again_a_program_that_left() {
    for supervisor in [c as Example, python] {
        let port = free_port().to_string();
        let mut command = supervisor("supervisor");
        // A peer of a short lifetime, so that nothing takes long.
        command.args(options(&port)).arg("web").arg(compile(Path::new("bindings/c/examples/watch.c")));
        command.args(["--name", "web", "--interval", "200", "--expiry", "1000"]).args(options(&port));
        let mut supervisor = Program::start(&mut command);
        for _ in 0..2 {
            supervisor.expect(["started web", "web is alive"]);
            kill(child_of(supervisor.pid()), Signal::SIGKILL).expect("it runs");
            supervisor.line("web left (");
        }
        supervisor.expect(["started web", "web is alive"]);
        let child = child_of(supervisor.pid());
        supervisor.signal(Signal::SIGTERM);
        supervisor.expect_end();
        assert!(kill(child, None).is_err(), "the supervisor ends what it supervises");
    }
}

/// The only child of a process.
fn child_of(pid: Pid) -> Pid {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it runs");
    Pid::from_raw(children.trim().parse().expect("it has one child"))
}

#[test]
fn wrong_arguments_are_refused() {
    for example in [c as Example, python] {
        for (name, arguments) in [
            ("leader", &["--colour", "red"][..]),
            ("worker", &["--name"]),
            ("client", &["--interfaces", "lo"]),
            ("supervisor", &["--port", "1"]),
        ] {
            let output = output_of(example(name).args(arguments));
            assert_eq!(output.status.code(), Some(2), "{name} {arguments:?}: {output:?}");
        }
    }
}
