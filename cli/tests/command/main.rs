//! The command `peers`, run as its users run it: on loopback and a port of the test's own, in a terminal, and on hosts that
//! are network namespaces. What a test waits for is a line, an event or the end of a process, and no time.
#![cfg(unix)]

mod doctor;
mod generated;
mod lines;
mod pictures;
mod schema;
mod terminal;
mod values;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use peers::{Config, Event, Peers};
use serde_json::Value;

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// As `PATIENCE`, for `--wait` of a command that ends earlier if all is well.
const WAIT: &str = "120s";

/// The program.
const PEERS: &str = env!("CARGO_BIN_EXE_peers");

/// Loopback, on a port on which there is nothing else.
struct Place {
    port: u16,
}

impl Place {
    fn new() -> Place {
        Place { port: support::free_port() }
    }

    /// The command with this subcommand and these arguments.
    fn command(&self, subcommand: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(PEERS);
        command
            .args([subcommand, "--interface", "lo", "--group-port", &self.port.to_string()])
            .args(arguments);
        command
    }

    /// Runs the command to its end.
    fn run(&self, subcommand: &str, arguments: &[&str]) -> Ended {
        support::output_of(&mut self.command(subcommand, arguments)).into()
    }

    /// Starts the command.
    fn start(&self, subcommand: &str, arguments: &[&str]) -> Running {
        Running::new(self.command(subcommand, arguments))
    }

    /// Starts an announcement, and waits until it has begun.
    fn announce(&self, arguments: &[&str]) -> Running {
        let running = self.start("announce", arguments);
        let line = running.line();
        assert!(line.starts_with("announcing "), "{line}");
        running
    }

    /// Starts a node, which sees what the command does.
    fn node(&self, name: &str) -> Peers {
        self.node_with(Config { name: Some(name.into()), ..Config::default() })
    }

    fn node_with(&self, config: Config) -> Peers {
        Peers::start(Config { interfaces: Some("lo".into()), port: self.port, ..config })
            .expect("a node starts")
    }
}

/// The next event of a node.
fn event(node: &Peers) -> Event {
    node.next_event(Some(PATIENCE)).expect("an event")
}

/// The end of a command.
#[derive(Debug)]
struct Ended {
    status: Option<i32>,
    output: String,
    errors: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the command prints UTF-8");
        Ended { status: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
    }
}

impl Ended {
    /// What it printed, if it ended with this status and without a word on the standard error.
    fn with(self, status: i32) -> String {
        assert_eq!((self.status, &*self.errors), (Some(status), ""), "{}", self.output);
        self.output
    }

    fn json(self) -> Value {
        serde_json::from_str(&self.with(0)).expect("it prints JSON")
    }
}

/// A command that runs. It is killed when it is dropped.
struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: BufReader<ChildStderr>,
}

impl Running {
    fn new(mut command: Command) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let errors = BufReader::new(child.stderr.take().expect("it is piped"));
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Running { child, lines, errors }
    }

    /// Waits until the observer of the command has sent its query. The command runs with `--verbose`.
    fn until_observing(&mut self) {
        until_observing(&mut self.errors);
    }

    /// The next line that it prints.
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.line()).expect("a line of JSON")
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().try_into().expect("a process id is a pid_t");
        kill(Pid::from_raw(pid), signal).expect("the process is there");
    }

    /// Its exit status, the lines that were left, and its errors.
    fn ended(mut self) -> Ended {
        let output = self.lines.iter().map(|line| line + "\n").collect();
        let mut errors = String::new();
        self.errors.read_to_string(&mut errors).expect("its errors are UTF-8");
        let status = self.child.wait().expect("it can be waited for").code();
        Ended { status, output, errors }
    }
}

/// Reads the log of a command up to the start of its observer.
fn until_observing(log: impl BufRead) {
    let mut lines = log.lines().map(|line| line.expect("the log is UTF-8"));
    // The doctor tries the interface first, by an observer in a cluster of its own.
    let is_start = |line: String| line.contains(", as an observer, on lo ") && !line.contains(" in cluster ");
    assert!(lines.any(is_start), "no observer has started");
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
