//! A program that runs on a host and prints lines, waited for by what it prints.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Long enough for any machine; a test that fails takes this long, one that passes does not wait.
pub const LIMIT: Duration = Duration::from_secs(120);

pub struct Program {
    what: String,
    child: Child,
    lines: Receiver<String>,
    /// What was printed since it was last expected.
    seen: Vec<String>,
    /// Everything that was printed.
    history: Vec<String>,
}

impl Program {
    pub fn start(command: &mut Command) -> Program {
        let what = format!("{command:?}");
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
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
        Program { what, child, lines, seen: Vec::new(), history: Vec::new() }
    }

    /// Waits until all of `expected` were printed since the last `expect`, in any order.
    pub fn expect<const N: usize>(&mut self, expected: [&str; N]) {
        let deadline = Instant::now() + LIMIT;
        while let Some(missing) = expected.iter().find(|line| !self.seen.iter().any(|seen| seen == *line)) {
            self.read_line(deadline, &format!("print {missing:?}"));
        }
        self.seen.retain(|seen| !expected.contains(&seen.as_str()));
    }

    /// Waits until, by what was printed, the peers of that name are listed at exactly these addresses.
    pub fn expect_listed(&mut self, name: &str, addresses: &[&str]) {
        let deadline = Instant::now() + LIMIT;
        while listed(&self.history, name) != addresses {
            self.read_line(deadline, &format!("list {name} at {addresses:?}"));
        }
    }

    /// Waits until a peer of that name is listed, and returns its address.
    pub fn address_of(&mut self, name: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        while listed(&self.history, name).is_empty() {
            self.read_line(deadline, &format!("list {name}"));
        }
        listed(&self.history, name)[0].into()
    }

    /// How many peers of that name were ever listed at once, by what was printed until now.
    pub fn most_listed(&self, name: &str) -> usize {
        let after = |lines| listed(&self.history[..lines], name).len();
        (0..=self.history.len()).map(after).max().unwrap_or(0)
    }

    /// Waits for a line that begins with `start`, and returns the rest of it.
    pub fn line(&mut self, start: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(found) = self.seen.iter().position(|line| line.starts_with(start)) {
                return self.seen.remove(found)[start.len()..].into();
            }
            self.read_line(deadline, &format!("print a line that begins with {start:?}"));
        }
    }

    /// Takes the lines that begin with `start` and were read, but not expected, and returns the rest of each.
    pub fn take(&mut self, start: &str) -> Vec<String> {
        let (taken, left) = self.seen.drain(..).partition(|line| line.starts_with(start));
        self.seen = left;
        let taken: Vec<String> = taken;
        taken.iter().map(|line| line[start.len()..].into()).collect()
    }

    /// Waits until the program has ended.
    pub fn expect_end(&mut self) {
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.note(line),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{}\nshould end; it printed {:?}", self.what, self.history)
                }
            }
        }
    }

    fn read_line(&mut self, deadline: Instant, wanted: &str) {
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => self.note(line),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                panic!("{}\nshould {wanted}; it printed {:?}", self.what, self.history)
            }
        }
    }

    fn note(&mut self, line: String) {
        self.history.push(line.clone());
        self.seen.push(line);
    }

    /// Fails if any line printed until now begins with `start`, but for those that were expected.
    pub fn never_printed(&mut self, start: &str) {
        assert!(!self.has_printed(start), "{} printed {:?}", self.what, self.seen);
    }

    /// True if any line printed until now begins with `start`, but for those that were expected.
    pub fn has_printed(&mut self, start: &str) -> bool {
        while let Ok(line) = self.lines.try_recv() {
            self.note(line);
        }
        self.seen.iter().any(|line| line.starts_with(start))
    }

    /// Waits until the program waits for such a signal, which would have ended it before.
    pub fn expect_to_take(&self, signal: Signal) {
        let deadline = Instant::now() + LIMIT;
        while !self.blocks(signal) {
            assert!(Instant::now() < deadline, "{} should take {signal}", self.what);
            thread::yield_now();
        }
    }

    /// Waits until the program has no thread of that name.
    pub fn expect_no_thread(&self, name: &str) {
        let deadline = Instant::now() + LIMIT;
        while self.threads().iter().any(|thread| thread.trim_end() == name) {
            assert!(Instant::now() < deadline, "{}: its thread {name} should end", self.what);
            thread::yield_now();
        }
    }

    fn threads(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs");
        // One that ends meanwhile has no name.
        tasks.flatten().flat_map(|task| fs::read_to_string(task.path().join("comm"))).collect()
    }

    fn blocks(&self, signal: Signal) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
        let blocked = blocked.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0);
        blocked & (1 << (signal as i32 - 1)) != 0
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id is a pid_t"))
    }

    /// Id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it runs");
    }

    /// Ends it as `kill -9` does, with no chance to say goodbye.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it can be waited for");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The addresses at which peers of that name are listed after these lines.
fn listed<'a>(lines: &'a [String], name: &str) -> Vec<&'a str> {
    let mut addresses: Vec<&str> = Vec::new();
    for line in lines {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["joined", joined, address] if joined == name => addresses.push(address),
            // Of namesakes the tests change none.
            ["updated", updated, address] if updated == name => addresses = vec![address],
            ["left", left, _] if left == name => drop(addresses.pop()),
            _ => {}
        }
    }
    addresses
}
