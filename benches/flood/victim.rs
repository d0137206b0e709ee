//! The node that is flooded, in a process whose calls are timed all the while.

use std::fs;
use std::io::stdin;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use peers::{Config, Event, Peers};

/// What the program around the node has in its registry itself.
const OWN: &str = "registered";
const LIVE: &str = "live";

/// Between two rounds of calls: else most of them would be made in the first moments, when they are quick.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the calls took since somebody last looked.
#[derive(Default)]
struct Calls {
    list: Vec<Duration>,
    register: Vec<Duration>,
    /// Lists in which the live peer was missing.
    missing: usize,
}

/// Runs the node. Asked by a line it prints how many `peers` it has, or, to `look`, how it is and was since it was last
/// asked that.
pub fn run() -> Result<(), String> {
    let node = Arc::new(start("victim")?);
    while !matches!(node.next_event(None), Ok(Event::Joined(peer)) if peer.name == LIVE) {}
    println!("joined");
    let calls = Arc::new(Mutex::new(Calls::default()));
    let (called, measured) = (node.clone(), calls.clone());
    thread::spawn(move || call_all_the_time(&called, &measured));
    for command in stdin().lines().map_while(Result::ok) {
        if command == "peers" {
            println!("peers {}", node.health().peers);
        } else {
            let calls = std::mem::take(&mut *calls.lock().expect("nobody panics with it"));
            println!("look {}", describe(&node, calls));
        }
    }
    Ok(())
}

/// Runs the peer that was there before the flood.
pub fn run_bystander() -> Result<(), String> {
    let _node = start(LIVE)?;
    stdin().lines().for_each(drop);
    Ok(())
}

fn start(name: &str) -> Result<Peers, String> {
    Peers::start(Config { name: Some(name.into()), ..Config::default() }).map_err(|error| error.to_string())
}

fn call_all_the_time(node: &Peers, calls: &Mutex<Calls>) {
    loop {
        let start = Instant::now();
        let peers = node.list().expect("the node runs");
        let list = start.elapsed();
        let is_missing = !peers.iter().any(|peer| peer.name == LIVE);
        drop(peers);
        let start = Instant::now();
        node.register(OWN, b"value", Some(Duration::from_secs(3600)))
            .expect("it is there already, or is the first");
        let register = start.elapsed();
        let mut calls = calls.lock().expect("nobody panics with it");
        calls.list.push(list);
        calls.register.push(register);
        calls.missing += usize::from(is_missing);
        drop(calls);
        thread::sleep(PAUSE);
    }
}

fn describe(node: &Peers, mut calls: Calls) -> String {
    let health = node.health();
    let counters = health.counters;
    format!(
        "list {} | register {} | live missing in {} | RSS {:.1} MB, peak {:.1} MB | peers={} \
         received={} dropped by the system={} malformed={} stale={} refused_full={} rate_limited={} off_link={} \
         events_lost={} | sent={} datagrams, {} bytes out",
        spread(&mut calls.list),
        spread(&mut calls.register),
        calls.missing,
        memory("VmRSS:"),
        memory("VmHWM:"),
        health.peers,
        counters.received,
        dropped(),
        counters.malformed,
        counters.stale,
        counters.refused_full,
        counters.rate_limited,
        counters.off_link,
        counters.events_lost,
        counters.sent,
        bytes_out(),
    )
}

/// Median and worst of how many.
fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let show = |time: Option<&Duration>| {
        time.map_or("-".into(), |time| format!("{:.3} ms", time.as_secs_f64() * 1e3))
    };
    format!("{} / {} of {}", show(times.get(times.len() / 2)), show(times.last()), times.len())
}

/// Megabytes, by a line of the system's report on this process (proc_pid_status(5)).
fn memory(line: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes =
        status.lines().find_map(|found| found.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(f64::NAN) / 1024.0
}

/// Datagrams that found the queue of their socket full: the last column of the tables of sockets.
fn dropped() -> u64 {
    let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    rows.filter_map(|row| row.split_whitespace().last()?.parse::<u64>().ok()).sum()
}

/// Bytes that have left by eth0, with their heads: the ninth of its numbers.
fn bytes_out() -> u64 {
    let table = fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
    let numbers = table.lines().find_map(|line| line.trim().strip_prefix("eth0:"));
    numbers.and_then(|numbers| numbers.split_whitespace().nth(8)?.parse().ok()).unwrap_or(0)
}
