//! How long the others take to see that a process was killed. The host that it ran on lives on.

use std::thread;
use std::time::{Duration, Instant};

use crate::plan::{PATIENCE, Plan, SETTLE};
use crate::process::Process;
use crate::results::{Outcome, What};
use crate::systems::System;
use support::world::World;

/// The kills are spread over as long: their time has nothing to do with anybody's announcements.
const SPREAD: Duration = Duration::from_secs(15);

pub fn measure(system: &System, plan: &Plan) -> Vec<(What, Outcome)> {
    let limit = Duration::from_secs(plan.kill_limit_s);
    let what = What { name: "kill seen", unit: "s", limit };
    match kill_all(system, plan.kills, limit) {
        Ok(times) => times.into_iter().map(|time| (what, Ok(time.map(|time| time.as_secs_f64())))).collect(),
        Err(reason) => vec![(what, Err(reason))],
    }
}

/// One watches, the others are killed. The times until it told that they left.
fn kill_all(system: &System, kills: usize, limit: Duration) -> Result<Vec<Option<Duration>>, String> {
    let world = World::new()?;
    let watching = world.host(1);
    let mut watcher = Process::ready(&watching, system, "watcher", "192.0.2.1")?;
    watcher.start()?;
    let mut victims = Vec::new();
    for number in 2..2 + kills as u8 {
        let host = world.host(number);
        let mut process =
            Process::ready(&host, system, &format!("victim{number}"), &format!("192.0.2.{number}"))?;
        let name = process.start()?.name;
        victims.push((host, process, name));
    }
    for (_, _, name) in &victims {
        watcher.expect(&format!("joined {name}"), PATIENCE)?;
    }
    thread::sleep(SETTLE);
    let mut killed = Vec::new();
    for (_host, process, name) in &mut victims {
        killed.push((process.kill(), name.clone()));
        thread::sleep(SPREAD / (kills as u32).max(1));
    }
    let mut times = Vec::new();
    for (at, name) in killed {
        let left = (at + limit).saturating_duration_since(Instant::now());
        let line = watcher.wait_for(&format!("left {name}"), left)?;
        times.push(line.map(|line| line.at.saturating_duration_since(at)));
    }
    Ok(times)
}
