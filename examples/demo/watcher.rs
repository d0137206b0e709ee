//! A node in a process of its own. The lines it prints become its list.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A line that a node printed; `None` when it has closed its output, which is when it ends.
pub struct Report {
    pub name: &'static str,
    pub line: Option<String>,
}

/// A node's process, and its list as its lines tell it. Dropping it kills the process.
pub struct Watcher {
    pub name: &'static str,
    pub list: BTreeSet<String>,
    process: Child,
    /// Collects what the process complains of, until it ends.
    complaints: Option<JoinHandle<String>>,
}

impl Watcher {
    pub fn start(
        name: &'static str,
        command: &mut Command,
        reports: Sender<Report>,
    ) -> Result<Watcher, String> {
        die_with_this_process(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;

        let output = process.stdout.take().expect("stdout is a pipe");
        std::thread::spawn(move || {
            // The demo that no longer listens is about to end, and this thread with it.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = reports.send(Report { name, line: Some(line) });
            }
            let _ = reports.send(Report { name, line: None });
        });
        let mut errors = process.stderr.take().expect("stderr is a pipe");
        let complaints = std::thread::spawn(move || {
            let mut text = Vec::new();
            // What was read before an error is still worth showing.
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Watcher { name, list: BTreeSet::new(), process, complaints: Some(complaints) })
    }

    /// Changes the list as `line` says, and says what changed.
    pub fn apply(&mut self, line: &str) -> Result<String, String> {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("joined"), Some(peer)) => {
                self.list.insert(peer.into());
                Ok(format!("+ {peer}"))
            }
            (Some("updated"), Some(peer)) => Ok(format!("~ {peer}")),
            (Some("left"), Some(peer)) => {
                self.list.remove(peer);
                Ok(format!("- {peer} {}", words.next().unwrap_or_default()))
            }
            _ => Err(format!("{} printed a line that is none of a watcher's: {line:?}", self.name)),
        }
    }

    pub fn signal(&self, signal: Signal) -> Result<(), String> {
        // The process was not waited for, so the id is still its own.
        kill(Pid::from_raw(self.process.id().cast_signed()), signal)
            .map_err(|error| format!("{} cannot be sent {signal}: {error}", self.name))
    }

    /// After it has ended: whether `signal` ended it as it should. A node that is asked to end does so in order.
    pub fn ended_by(mut self, signal: Signal) -> Result<(), String> {
        let status = self.wait();
        let (as_expected, expected) = match signal {
            Signal::SIGKILL => (status.signal() == Some(libc::SIGKILL), "to be killed"),
            _ => (status.success(), "exit status 0"),
        };
        if as_expected {
            return Ok(());
        }
        let complaints = self.complaints();
        Err(format!("{} after {signal}: expected {expected}, seen {status}{complaints}", self.name))
    }

    /// After it has ended unbidden: the words for it.
    pub fn ended_by_itself(&mut self) -> String {
        let (status, complaints) = (self.wait(), self.complaints());
        format!("{} ended by itself, with {status}{complaints}", self.name)
    }

    fn wait(&mut self) -> ExitStatus {
        self.process.wait().expect("a child can be waited for")
    }

    fn complaints(&mut self) -> String {
        let text = self.complaints.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        match text.trim_end() {
            "" => String::new(),
            text => format!("; it wrote:\n{text}"),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Dropping kills the child when the demo ends in order. This is for when the demo itself is killed.
fn die_with_this_process(command: &mut Command) {
    // SAFETY: between fork and exec, prctl only sets an attribute of the new process; it is async-signal-safe.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
}
