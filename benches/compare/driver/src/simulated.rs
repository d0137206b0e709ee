//! A cluster in the simulator of `proto/simulator`: every node in full, on a network in virtual time.

use std::time::{Duration, Instant};

use serde_json::json;

use peers_simulator::World;

const PATIENCE: Duration = Duration::from_secs(120);
const SETTLED: Duration = Duration::from_secs(5);
/// Two intervals.
const WINDOW: Duration = Duration::from_secs(30);

/// Starts them all at once, and prints what became of it.
pub fn run(nodes: &str) -> Result<(), String> {
    let nodes: usize = nodes.parse().map_err(|_| format!("{nodes:?} is no number"))?;
    let begin = Instant::now();
    let mut world = World::new(1);
    world.start_many(nodes, true);
    let known = world.run_until(PATIENCE, |world| world.all_know_all(nodes));
    let known = known.ok_or("not all know all in time")?;
    world.run_for(SETTLED);
    let started = world.traffic.native() + world.traffic.lines;
    world.traffic = Default::default();
    world.run_for(WINDOW);
    let steady = world.traffic.native() + world.traffic.lines;
    let each = |total: u64| total as f64 / nodes as f64;
    let found = json!({
        "all_know_all_s": known.as_secs_f64(),
        "start_sent_each": each(started.datagrams),
        "sent_each_per_min": each(steady.datagrams) / WINDOW.as_secs_f64() * 60.0,
        "link_datagrams_per_s": steady.datagrams as f64 / WINDOW.as_secs_f64(),
        "payload_bytes_per_s": steady.bytes as f64 / WINDOW.as_secs_f64(),
        "real_s": begin.elapsed().as_secs_f64(),
    });
    println!("{found}");
    Ok(())
}
