//! Announces itself and prints peers as they come and go, one line each. Its twins in C and Python are
//! `bindings/c/examples/watch.c` and `bindings/python/examples/watch.py`.
//!
//!     cargo run --example watch -- --name kitchen

use std::env;
use std::error::Error;
use std::time::Duration;

use peers::{Config, Event, LeaveReason, Peer, Peers};

fn main() -> Result<(), Box<dyn Error>> {
    let node = Peers::start(config_from_arguments()?)?;
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

fn config_from_arguments() -> Result<Config, Box<dyn Error>> {
    let mut config = Config::default();
    let mut arguments = env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--name" => config.name = Some(value),
            "--interval" => config.interval = Duration::from_millis(value.parse()?),
            "--expiry" => config.expiry = Duration::from_millis(value.parse()?),
            "--port" => config.port = value.parse()?,
            "--group" => config.group = value.parse()?,
            "--interfaces" => config.interfaces = Some(value),
            _ => return Err(format!("{option} is not known; there are --name, --interval and --expiry in milliseconds, --port, --group, --interfaces").into()),
        }
    }
    Ok(config)
}

fn address(peer: &Peer) -> String {
    peer.address.map(|address| address.to_string()).unwrap_or_default()
}
