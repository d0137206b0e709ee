//! The node in Rust: what watch.c and watch.py are in C and Python. The demo runs itself once more to be it.

use std::process::Command;
use std::time::Duration;

use peers::{Config, Event, LeaveReason, Peer, Peers};

/// The first argument that makes the demo this node.
pub const ARGUMENT: &str = "--node";

/// The command that runs it, but for its options.
pub fn command() -> Result<Command, String> {
    let program = std::env::current_exe().map_err(|error| format!("the demo cannot find itself: {error}"))?;
    let mut command = Command::new(program);
    command.arg(ARGUMENT);
    Ok(command)
}

/// Runs a node, and prints a line for each change of its list, until it is killed.
pub fn run(options: &[String]) -> Result<(), String> {
    let node = Peers::start(config(options)?).map_err(|error| error.to_string())?;
    loop {
        match node.next_event(None).map_err(|error| error.to_string())? {
            Event::Joined(peer) => println!("joined {} {}", peer.name, address(&peer)),
            Event::Updated(peer) => println!("updated {} {}", peer.name, address(&peer)),
            Event::Left(peer, LeaveReason::Expired) => println!("left {} (expired)", peer.name),
            Event::Left(peer, reason) => println!("left {} ({reason:?})", peer.name),
            Event::Resync => return Err("events were lost".into()),
        }
    }
}

fn address(peer: &Peer) -> String {
    peer.address.map_or("-".into(), |address| address.to_string())
}

fn config(options: &[String]) -> Result<Config, String> {
    let mut config = Config::default();
    for pair in options.chunks(2) {
        let [option, value] = pair else { return Err(format!("{} needs a value", pair[0])) };
        let bad = |error: &dyn std::error::Error| format!("{option} {value}: {error}");
        let time = || value.parse().map(Duration::from_millis).map_err(|error| bad(&error));
        match option.as_str() {
            "--name" => config.name = Some(value.clone()),
            "--interval" => config.interval = time()?,
            "--expiry" => config.expiry = time()?,
            "--group" => config.group = value.parse().map_err(|error| bad(&error))?,
            "--port" => config.port = value.parse().map_err(|error| bad(&error))?,
            _ => return Err(format!("there is no option {option}")),
        }
    }
    Ok(config)
}
