//! Three programs in three languages find each other on this machine, by real multicast.
//!
//! ```text
//! cargo run --example demo
//! ```
//!
//! A node in Rust, one in C and one in Python, each in a process of its own, fill their lists. Then the C node is
//! stopped and the Python node is killed, and both leave the lists of those that stay. The exit status is 0 only if
//! every list was right at every stage.

mod node;
mod tools;
#[allow(dead_code)] // as an example of its own it has a main
mod watch;
mod watcher;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tools::{C, Python};
use watcher::{Report, Watcher};

const RUST: &str = "demo-rust";
const IN_C: &str = "demo-c";
const PYTHON: &str = "demo-python";

/// Short, so that nobody has to wait for what takes half a minute with the defaults.
const INTERVAL: Duration = Duration::from_millis(300);
/// Three announcements may be lost, or late on a busy machine, and the next still comes in time.
const EXPIRY: Duration = Duration::from_millis(1300);
/// A stage takes about as long as the expiry. One that takes this long has failed.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        None => demonstrate(),
        Some((first, options)) if first == node::ARGUMENT => {
            node::run(options).map_err(|error| error.to_string())
        }
        Some((first, _)) => Err(format!("{first:?} is not understood; the demo takes no arguments")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("demo: {why}");
            ExitCode::FAILURE
        }
    }
}

fn demonstrate() -> Result<(), String> {
    let (c, python) = (C::find()?, Python::find()?);
    let channel = Channel::random();

    println!("Three nodes on this machine, at {}:{}.", channel.group, channel.port);
    println!(
        "Each announces itself every {} ms, and forgets a node it has not heard for {} ms.\n",
        INTERVAL.as_millis(),
        EXPIRY.as_millis()
    );

    let mut demo = Demo::new();
    demo.start(RUST, "Rust", node::command()?.args(channel.options(RUST, in_milliseconds)))?;
    {
        // A running program does not need its file: the directory goes at the end of this block.
        let program = c.compile("bindings/c/examples/watch.c")?;
        demo.start(IN_C, "C", program.command().args(channel.options(IN_C, in_milliseconds)))?;
    }
    let mut script = python.script("bindings/python/examples/watch.py")?;
    demo.start(PYTHON, "Python", script.args(channel.options(PYTHON, in_seconds)))?;

    demo.wait_until_each_sees_the_others()?;
    demo.say("Each sees exactly the two others.\n");

    demo.say(&format!("Stopping {IN_C} (SIGTERM). It says goodbye."));
    demo.end(IN_C, Signal::SIGTERM)?;
    demo.wait_until_each_sees_the_others()?;
    demo.say("The two that are left see exactly each other.\n");

    demo.say(&format!(
        "Killing {PYTHON} (SIGKILL). The system answers probes of it with ICMP port unreachable."
    ));
    demo.end(PYTHON, Signal::SIGKILL)?;
    demo.wait_until_each_sees_the_others()?;
    demo.say(&format!("{RUST} is alone, and its list is empty."));

    println!("\nEvery list was right at every stage.");
    Ok(())
}

/// Where the three meet. Drawn by lot, so that neither a live network nor a second demo is disturbed.
struct Channel {
    group: String,
    port: u16,
}

impl Channel {
    fn random() -> Channel {
        let [a, b, c, d, ..] = RandomState::new().hash_one(()).to_le_bytes();
        // Groups of 239.255.0.0/16 stay within the site. Ports from 61000 on are not handed out by Linux by itself.
        Channel { group: format!("239.255.{a}.{b}"), port: 61_000 + u16::from_le_bytes([c, d]) % 4_000 }
    }

    /// The options that all three watchers take; they differ in the unit of time.
    fn options(&self, name: &str, time: fn(Duration) -> String) -> Vec<String> {
        let pairs = [
            ("--name", name.to_owned()),
            ("--interval", time(INTERVAL)),
            ("--expiry", time(EXPIRY)),
            ("--group", self.group.clone()),
            ("--port", self.port.to_string()),
        ];
        pairs.into_iter().flat_map(|(option, value)| [option.to_owned(), value]).collect()
    }
}

fn in_milliseconds(time: Duration) -> String {
    time.as_millis().to_string()
}

fn in_seconds(time: Duration) -> String {
    time.as_secs_f64().to_string()
}

/// The nodes that run, and what they report.
struct Demo {
    began: Instant,
    nodes: Vec<Watcher>,
    reports: Receiver<Report>,
    /// For the nodes yet to be started.
    reporter: Sender<Report>,
}

impl Demo {
    fn new() -> Demo {
        let (reporter, reports) = channel();
        Demo { began: Instant::now(), nodes: Vec::new(), reports, reporter }
    }

    fn say(&self, words: &str) {
        println!("{:6.2} s  {words}", self.began.elapsed().as_secs_f64());
    }

    fn start(&mut self, name: &'static str, language: &str, command: &mut Command) -> Result<(), String> {
        self.say(&format!("Starting {name}, in {language}."));
        self.nodes.push(Watcher::start(name, command, self.reporter.clone())?);
        Ok(())
    }

    /// Ends a node by a signal, and waits until it has ended, and as that signal ought to end it.
    fn end(&mut self, name: &str, signal: Signal) -> Result<(), String> {
        let position = self.nodes.iter().position(|node| node.name == name).expect("the node was started");
        let ending = self.nodes.remove(position);
        ending.signal(signal)?;
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.next_report(deadline) {
                Some(Report { name, line: None }) if name == ending.name => return ending.ended_by(signal),
                Some(report) => self.take(report)?,
                None => return Err(format!("{name} still runs {LIMIT:?} after {signal}")),
            }
        }
    }

    /// Each list is right when it has exactly the other nodes that run: the two others, one other, nobody.
    fn wait_until_each_sees_the_others(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + LIMIT;
        while !self.nodes.iter().all(|node| node.list == self.others(node.name)) {
            match self.next_report(deadline) {
                Some(report) => self.take(report)?,
                None => return Err(self.what_is_wrong()),
            }
        }
        Ok(())
    }

    fn others(&self, name: &str) -> BTreeSet<String> {
        self.nodes.iter().filter(|node| node.name != name).map(|node| node.name.to_owned()).collect()
    }

    fn next_report(&self, deadline: Instant) -> Option<Report> {
        self.reports.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    fn take(&mut self, report: Report) -> Result<(), String> {
        // One that is no longer among the nodes was ended, and what it had still to say does not count.
        let Some(node) = self.nodes.iter_mut().find(|node| node.name == report.name) else { return Ok(()) };
        let Some(line) = report.line else { return Err(node.ended_by_itself()) };
        let change = node.apply(&line)?;
        let words = format!("    {:<12} {change:<26} {}", node.name, show(&node.list));
        self.say(&words);
        Ok(())
    }

    fn what_is_wrong(&self) -> String {
        let mut words = format!("after {LIMIT:?} not every list is right:");
        for node in &self.nodes {
            let (expected, seen) = (show(&self.others(node.name)), show(&node.list));
            words += &format!("\n    {:<12} expected {expected}, seen {seen}", node.name);
        }
        words
    }
}

fn show(list: &BTreeSet<String>) -> String {
    format!("[{}]", list.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}
