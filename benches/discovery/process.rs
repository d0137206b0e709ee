//! The process of a node, as the benchmark holds it: commanded by lines, and waited for by what it prints.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::node;
use support::world::Host;

/// The argument that makes the benchmark's program a node.
pub const NODE: &str = "node";

/// For what is not measured, and has to come: long enough for any machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A node's process. Dropping it kills it.
pub struct Process {
    child: Child,
    commands: ChildStdin,
    lines: Receiver<Line>,
    /// Lines that nobody has waited for yet.
    seen: Vec<Line>,
}

/// What a node printed.
pub struct Line {
    /// When that was, since the machine started.
    pub at: Duration,
    pub text: String,
}

/// The times of a node: between two announcements, and until it is given up.
#[derive(Clone, Copy)]
pub struct Times {
    pub interval: Duration,
    pub expiry: Duration,
}

impl Times {
    pub const DEFAULT: Times = Times { interval: Duration::from_secs(15), expiry: Duration::from_secs(35) };
}

impl Process {
    /// A process on `host` that is ready to start nodes, so that what is measured is not how programs are loaded.
    pub fn ready(host: &Host<'_>) -> Process {
        let program = env::current_exe().expect("the benchmark finds itself");
        let mut command = host.command(program.to_str().expect("it is UTF-8"));
        command.arg(NODE).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let commands = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        // Ends with the program's output.
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok).filter_map(|line| Line::parse(&line)) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut process = Process { child, commands, lines, seen: Vec::new() };
        process.expect("ready");
        process
    }

    /// Starts a node in the process. Returns when `start` was called.
    pub fn start(&mut self, name: &str, times: Times) -> Duration {
        let (interval, expiry) = (times.interval.as_millis(), times.expiry.as_millis());
        self.command(&format!("start {name} {interval} {expiry}"));
        self.expect("start").at
    }

    /// Stops its nodes in order. Returns when `stop` was called.
    pub fn stop(&mut self) -> Duration {
        self.command("stop");
        self.expect("stop").at
    }

    /// Ends it as `kill -9` does. Returns when that was, once its sockets are closed.
    pub fn kill(&mut self) -> Duration {
        let at = node::now();
        self.child.kill().expect("it runs");
        self.child.wait().expect("a child can be waited for");
        at
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Gives it a line to do.
    pub fn command(&mut self, line: &str) {
        writeln!(self.commands, "{line}").expect("the process runs");
    }

    /// The next line that is `what`, or begins with it as a word; `None` if there is none within `limit`.
    pub fn wait_for(&mut self, what: &str, limit: Duration) -> Option<Line> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(found) = self.seen.iter().position(|line| line.tells(what)) {
                return Some(self.seen.remove(found));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            self.seen.push(self.lines.recv_timeout(left).ok()?);
        }
    }

    /// As `wait_for`, for what no measurement makes sense without.
    pub fn expect(&mut self, what: &str) -> Line {
        self.wait_for(what, LIMIT).unwrap_or_else(|| {
            let seen: Vec<_> = self.seen.iter().map(|line| &line.text).collect();
            panic!("a node should print {what:?}; it printed {seen:?}")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Line {
    fn parse(line: &str) -> Option<Line> {
        let (at, text) = line.strip_prefix("t=")?.split_once(' ')?;
        Some(Line { at: Duration::from_nanos(at.parse().ok()?), text: text.into() })
    }

    fn tells(&self, what: &str) -> bool {
        self.text.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }
}
