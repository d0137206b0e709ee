//! Some of the nodes of a large cluster, in one process.

use std::io::stdin;
use std::sync::Arc;
use std::thread;

use peers::{Config, Peers};

/// Waits for "start", has `count` nodes, numbered from `first`, and prints "full" when each of them knows the `all` that
/// there are. To "health" it prints how many datagrams they have sent, and how many peers they
/// list, all together.
pub fn run(first: &str, count: &str, all: &str) -> Result<(), String> {
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{text:?} is no number"));
    let (first, count, all) = (number(first)?, number(count)?, number(all)?);
    let mut nodes = Vec::new();
    println!("ready");
    for command in stdin().lines().map_while(Result::ok) {
        match command.as_str() {
            "start" => {
                nodes = (first..first + count).map(start).collect::<Result<Vec<_>, String>>()?;
                let watched = nodes.clone();
                thread::spawn(move || wait_until_full(&watched, all - 1));
            }
            "health" => {
                let health: Vec<_> = nodes.iter().map(|node| node.health()).collect();
                let sent: u64 = health.iter().map(|health| health.counters.sent).sum();
                let known: usize = health.iter().map(|health| health.peers).sum();
                println!("health {sent} {known}");
            }
            _ => return Err(format!("{command:?} is no command")),
        }
    }
    Ok(())
}

fn start(number: usize) -> Result<Arc<Peers>, String> {
    let config = Config { name: Some(format!("node{number}")), ..Config::default() };
    Peers::start(config).map(Arc::new).map_err(|error| error.to_string())
}

/// One after the other: that all are full is when the last of them is, whichever that is.
fn wait_until_full(nodes: &[Arc<Peers>], peers: usize) {
    for node in nodes {
        while node.health().peers < peers {
            if node.next_event(None).is_err() {
                return;
            }
        }
    }
    println!("full");
}
