//! A process on a host: commanded by lines, and known by the lines it prints. Each line has the time at which it arrived
//! here: the way through the pipe costs all systems the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::plan::PATIENCE;
use crate::systems::System;
use support::world::Host;

/// Dropping it kills it.
pub struct Process {
    child: Child,
    commands: ChildStdin,
    lines: Receiver<Line>,
    /// Lines that nobody has waited for yet.
    seen: Vec<Line>,
    /// Ends with what the process complained about.
    complaints: Option<JoinHandle<String>>,
}

pub struct Line {
    pub at: Instant,
    pub text: String,
}

/// A node that runs in a process of its own.
pub struct Started {
    /// When it was told to start.
    pub at: Instant,
    /// The name by which the others know it.
    pub name: String,
}

impl Process {
    /// A process of a system that is loaded and waits to be started: how programs are loaded is not measured.
    pub fn ready(host: &Host<'_>, system: &System, name: &str, address: &str) -> Result<Process, String> {
        Process::run(host, system.program()?, &[name, address])
    }

    /// A process of this program itself.
    pub fn own(host: &Host<'_>, arguments: &[&str]) -> Result<Process, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        Process::run(host, program.to_str().ok_or("the program's path is not UTF-8")?, arguments)
    }

    fn run(host: &Host<'_>, program: &str, arguments: &[&str]) -> Result<Process, String> {
        let mut command = host.command(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let commands = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut stderr = child.stderr.take().expect("it is piped");
        let (sender, lines) = channel();
        // Both end with the program's output.
        thread::spawn(move || {
            for text in stdout.lines().map_while(Result::ok) {
                if sender.send(Line { at: Instant::now(), text }).is_err() {
                    break;
                }
            }
        });
        let complaints = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut process = Process { child, commands, lines, seen: Vec::new(), complaints: Some(complaints) };
        process.expect("ready", PATIENCE)?;
        Ok(process)
    }

    /// Has it start its node, and waits until the call has returned.
    pub fn start(&mut self) -> Result<Started, String> {
        let at = self.command("start")?;
        let line = self.expect("started", PATIENCE)?;
        let name = line.text.strip_prefix("started ").unwrap_or_default().to_owned();
        Ok(Started { at, name })
    }

    /// Has it leave as the system provides for.
    pub fn stop(&mut self) -> Result<Instant, String> {
        self.command("stop")
    }

    /// Ends it as `kill -9` does; its sockets are closed when this returns.
    pub fn kill(&mut self) -> Instant {
        let at = Instant::now();
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        at
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Gives it a line to do. Returns when that was.
    pub fn command(&mut self, line: &str) -> Result<Instant, String> {
        let at = Instant::now();
        writeln!(self.commands, "{line}").map_err(|_| self.why_ended())?;
        Ok(at)
    }

    /// The next line that is `what`, or begins with it as a word; `None` if there is none within `limit`.
    pub fn wait_for(&mut self, what: &str, limit: Duration) -> Result<Option<Line>, String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(found) = self.seen.iter().position(|line| line.tells(what)) {
                return Ok(Some(self.seen.remove(found)));
            }
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => return Err(self.why_ended()),
            }
        }
    }

    /// As `wait_for`, for what no measurement makes sense without.
    pub fn expect(&mut self, what: &str, limit: Duration) -> Result<Line, String> {
        self.wait_for(what, limit)?.ok_or_else(|| format!("no {what:?} within {} s", limit.as_secs()))
    }

    /// In a line: the last that the process complained about.
    fn why_ended(&mut self) -> String {
        self.kill();
        let complaints = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let last = complaints.lines().rfind(|line| !line.trim().is_empty());
        format!("the process ended: {}", last.unwrap_or("it did not say why").trim())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Line {
    fn tells(&self, what: &str) -> bool {
        self.text.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }

    /// The numbers in it.
    pub fn numbers(&self) -> Vec<f64> {
        self.text.split(' ').filter_map(|word| word.parse().ok()).collect()
    }
}
