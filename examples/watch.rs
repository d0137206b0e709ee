//! Announces itself and prints peers as they come and go, one line each. Its twins in C and Python are
//! `bindings/c/examples/watch.c` and `bindings/python/examples/watch.py`.
//!
//!     cargo run --example watch -- --name kitchen

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use peers::{Config, Event, LeaveReason, Peer, Peers};

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

/// Runs a node, and prints a line for each change of its list, until it is killed. The demo runs it, too.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let node = Peers::start(config(arguments)?)?;
    loop {
        match node.next_event(None)? {
            Event::Joined(peer) => println!("joined {} {}", peer.name, address(&peer)),
            Event::Updated(peer) => println!("updated {} {}", peer.name, address(&peer)),
            Event::Left(peer, LeaveReason::Expired) => println!("left {} (expired)", peer.name),
            Event::Left(peer, reason) => println!("left {} ({reason:?})", peer.name),
            Event::Resync => println!("resync"),
        }
    }
}

fn config(arguments: &[String]) -> Result<Config, Box<dyn Error>> {
    let mut config = Config::default();
    for pair in arguments.chunks(2) {
        let [option, value] = pair else { return Err(format!("{} needs a value", pair[0]).into()) };
        let wrong = |error: &dyn Error| format!("{option} {value}: {error}");
        let milliseconds = || value.parse().map(Duration::from_millis).map_err(|error| wrong(&error));
        match option.as_str() {
            "--name" => config.name = Some(value.clone()),
            "--interval" => config.interval = milliseconds()?,
            "--expiry" => config.expiry = milliseconds()?,
            "--port" => config.port = value.parse().map_err(|error| wrong(&error))?,
            "--group" => config.group_v4 = Some(value.parse().map_err(|error| wrong(&error))?),
            "--interfaces" => config.interfaces = Some(value.clone()),
            _ => {
                let known = "--name, --interval and --expiry in milliseconds, --port, --group, --interfaces";
                return Err(format!("{option} is not known; there are {known}").into());
            }
        }
    }
    Ok(config)
}

fn address(peer: &Peer) -> String {
    peer.address.map(|address| address.to_string()).unwrap_or_default()
}
