//! Announces itself and prints peers as they come and go, one line each, until it gets SIGINT (Ctrl-C) or SIGTERM:
//! then it says goodbye. Its twins in C and Python are `bindings/c/examples/watch.c` and
//! `bindings/python/examples/watch.py`.
//!
//!     cargo run --example watch -- --name kitchen

#![allow(clippy::disallowed_methods)] // a program has threads

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use peers::{Config, ErrorKind, Event, LeaveReason, Notice, Peer, Peers};

const OPTIONS: &str = "--name, --cluster and --value TEXT, --interval and --expiry in milliseconds, --port, --group \
                       (IPv4), --interfaces LIST, --ipv4-only, --ipv6-only, --notice system|poll|watchdog|none (how \
                       changes of the network are noticed; else in all ways)";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watch: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a node, and prints a line for each change of its list, until a signal ends it. The demo runs it, too.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let config = config(arguments)?;
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    // Blocked, they wait for the thread that asks for them.
    signals.thread_block()?;
    let node = Arc::new(Peers::start(config)?);
    let stopping = node.clone();
    let stopper = thread::spawn(move || signals.wait().map(|_| stopping.stop()));
    loop {
        match node.next_event(None) {
            Ok(event) => print(&event),
            Err(error) if error.kind() == ErrorKind::Stopped => break,
            Err(error) => return Err(error.into()),
        }
    }
    // It ends when the goodbye has been said.
    stopper.join().expect("it does not panic")?;
    Ok(())
}

fn print(event: &Event) {
    match event {
        Event::Joined(peer) => println!("joined {} {}", peer.name, address(peer)),
        Event::Updated(peer) => println!("updated {} {}", peer.name, address(peer)),
        Event::Left(peer, LeaveReason::Goodbye) => println!("left {} (goodbye)", peer.name),
        Event::Left(peer, LeaveReason::Expired) => println!("left {} (expired)", peer.name),
        Event::Left(peer, LeaveReason::Unreachable) => println!("left {} (unreachable)", peer.name),
        Event::Left(peer, reason) => println!("left {} ({reason:?})", peer.name),
        Event::Resync => println!("resync"),
    }
}

fn config(arguments: &[String]) -> Result<Config, Box<dyn Error>> {
    let mut config = Config::default();
    let mut arguments = arguments.iter();
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{option} needs a value"));
        let wrong = |error: &dyn Error| format!("{option}: {error}");
        match option.as_str() {
            "--name" => config.name = Some(value()?.clone()),
            "--cluster" => config.cluster = value()?.clone(),
            "--value" => config.value = value()?.clone().into_bytes(),
            "--interval" => config.interval = milliseconds(value()?).map_err(|error| wrong(&error))?,
            "--expiry" => config.expiry = milliseconds(value()?).map_err(|error| wrong(&error))?,
            "--port" => config.port = value()?.parse().map_err(|error| wrong(&error))?,
            "--group" => config.group_v4 = Some(value()?.parse().map_err(|error| wrong(&error))?),
            "--interfaces" => config.interfaces = Some(value()?.clone()),
            "--ipv4-only" => config.group_v6 = None,
            "--ipv6-only" => config.group_v4 = None,
            "--notice" => config.notice = only(value()?)?,
            _ => return Err(format!("{option} is not known; there are {OPTIONS}").into()),
        }
    }
    Ok(config)
}

fn milliseconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

/// Only the named way to notice changes.
fn only(way: &str) -> Result<Notice, String> {
    let none = Notice { system: false, poll: false, watchdog: false };
    match way {
        "system" => Ok(Notice { system: true, ..none }),
        "poll" => Ok(Notice { poll: true, ..none }),
        "watchdog" => Ok(Notice { watchdog: true, ..none }),
        "none" => Ok(none),
        _ => Err(format!("--notice {way} is not known; there are system, poll, watchdog and none")),
    }
}

fn address(peer: &Peer) -> String {
    peer.address_text().unwrap_or_default()
}
