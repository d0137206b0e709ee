//! A node in a process of its own, commanded by lines on its input. Each line it prints begins with the time of what
//! it tells, by the clock that all processes of a machine share.

use std::io::{BufRead, stdin};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use peers::{Config, Event, Peers};

/// Time since the machine started.
pub fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every system has this clock").into()
}

/// Does what the lines say until the input ends, as it does when the benchmark ends, however that happens.
pub fn run() -> ExitCode {
    let mut nodes = Vec::new();
    tell(now(), "ready");
    for line in stdin().lock().lines().map_while(Result::ok) {
        match *line.split(' ').collect::<Vec<_>>() {
            ["start", name, interval, expiry] => nodes.push(start(name, interval, expiry)),
            ["stop"] => stop(&nodes),
            ["health"] => nodes.iter().for_each(|node| tell_health(node)),
            _ => panic!("{line:?} is no command"),
        }
    }
    ExitCode::SUCCESS
}

/// Starts a node, and a thread that tells its events. The times are in milliseconds.
fn start(name: &str, interval: &str, expiry: &str) -> Arc<Peers> {
    let milliseconds = |text: &str| Duration::from_millis(text.parse().expect("a number"));
    let config = Config {
        name: Some(name.into()),
        interval: milliseconds(interval),
        expiry: milliseconds(expiry),
        ..Config::default()
    };
    let called = now();
    let node = Arc::new(Peers::start(config).expect("the node starts"));
    let watched = node.clone();
    thread::spawn(move || tell_events(&watched));
    tell(called, "start");
    node
}

fn tell_events(node: &Peers) {
    // The error is that the node was stopped.
    while let Ok(event) = node.next_event(None) {
        let at = now();
        match event {
            Event::Joined(peer) => tell(at, &format!("joined {}", peer.name)),
            Event::Updated(peer) => tell(at, &format!("updated {}", peer.name)),
            Event::Left(peer, reason) => tell(at, &format!("left {} {reason:?}", peer.name)),
            Event::Resync => tell(at, "resync"),
            other => panic!("the bench does not know {other:?}"),
        }
    }
}

fn stop(nodes: &[Arc<Peers>]) {
    let called = now();
    nodes.iter().for_each(|node| node.stop());
    tell(called, "stop");
}

fn tell_health(node: &Peers) {
    let health = node.health();
    let (sent, received) = (health.counters.sent, health.counters.received);
    tell(now(), &format!("health {} {sent} {received}", health.peers));
}

fn tell(at: Duration, what: &str) {
    println!("t={} {what}", at.as_nanos());
}
