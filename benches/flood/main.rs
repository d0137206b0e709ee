//! What a flood does to a node, and to the program that calls it: a host sends what it can, as fast as it can, to a node
//! with the default options on another. Needs root, or a system that allows user namespaces.
//!
//!     cargo bench --bench flood
//!     cargo bench --bench flood -- --count 100000

mod process;
mod sender;
mod victim;
use std::env;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use process::Process;
use sender::Kind;
use support::world::World;

/// Datagrams of each flood.
const COUNT: usize = 1_000_000;

/// For what has to come.
const LIMIT: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    // cargo bench adds --bench.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        ["victim"] => victim::run(),
        ["bystander"] => victim::run_bystander(),
        ["sender", kind, count] => sender::run(kind, count),
        ["--count", count] => count.parse().map_err(|_| "--count takes a number".into()).and_then(flood_all),
        [] => flood_all(COUNT),
        _ => Err("there is one option: --count N".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("flood: {error}");
            ExitCode::FAILURE
        }
    }
}

fn flood_all(count: usize) -> Result<(), String> {
    for kind in Kind::ALL {
        flood(kind, count)?;
    }
    Ok(())
}

/// Floods a node of its own, and prints what became of it.
fn flood(kind: Kind, count: usize) -> Result<(), String> {
    let world = World::new().map_err(|reason| format!("no network namespaces: {reason}"))?;
    let (quiet, hostile, friendly) = (world.host(1), world.host(2), world.host(3));
    let mut victim = Process::start(&quiet, &["victim"]);
    let _live = Process::start(&friendly, &["bystander"]);
    victim.expect("joined", LIMIT)?;
    let mut sender = Process::start(&hostile, &["sender", kind.name(), &count.to_string()]);
    sender.expect("ready", LIMIT)?;
    let before = victim.ask("look", LIMIT)?;
    let sent = sender.ask("sent", LIMIT)?;
    let flooded = victim.ask("look", LIMIT)?;
    // The live peer, and the program's own.
    let deadline = Instant::now() + LIMIT;
    while victim.ask("peers", LIMIT)? != " 2" && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(100));
    }
    let after = victim.ask("look", LIMIT)?;
    println!("{}: {sent}", kind.name());
    for (when, look) in [("before", before), ("at its end", flooded), ("when it has expired", after)] {
        println!("  {when:<20} {look}");
    }
    Ok(())
}
