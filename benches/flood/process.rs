//! A process of the benchmark on a host: commanded by lines, and waited for by what it prints.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use support::world::Host;

/// Dropping it kills it.
pub struct Process {
    child: Child,
    commands: ChildStdin,
    lines: Receiver<String>,
}

impl Process {
    pub fn start(host: &Host<'_>, arguments: &[&str]) -> Process {
        let program = env::current_exe().expect("the benchmark finds itself");
        let mut command = host.command(program.to_str().expect("it is UTF-8"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let commands = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        // Ends with the program's output.
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Process { child, commands, lines }
    }

    /// Gives it a line to do, and waits for its answer, which begins with the same word.
    pub fn ask(&mut self, command: &str, limit: Duration) -> Result<String, String> {
        writeln!(self.commands, "{command}").map_err(|error| format!("{command}: {error}"))?;
        self.expect(command, limit)
    }

    /// The rest of the next line that begins with this word.
    pub fn expect(&mut self, word: &str, limit: Duration) -> Result<String, String> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|_| format!("nobody printed {word:?}"))?;
            if let Some(rest) = line.strip_prefix(word) {
                return Ok(rest.into());
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
