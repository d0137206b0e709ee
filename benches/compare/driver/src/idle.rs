//! What a process costs that has nothing to do but to stay in touch with two others.

use std::thread;
use std::time::Duration;

use crate::plan::{PATIENCE, Plan};
use crate::process::Process;
use crate::results::{Outcome, What};
use crate::systems::System;
use crate::usage::{Datagrams, Usage};
use support::world::World;

const PROCESSES: u8 = 3;
/// Those that start together announce themselves together, and are heard with one wake-up. In life they do not.
const SPACING: Duration = Duration::from_secs(5);
/// Start-up questions, which some systems ask at intervals that double, are over.
const CALM: Duration = Duration::from_secs(20);

const fn value(name: &'static str, unit: &'static str) -> What {
    What { name, unit, limit: Duration::ZERO }
}

const WAKE_UPS: What = value("idle: wake-ups of all threads", "");
const SENT: What = value("idle: datagrams sent", "");
const TAKEN: What = value("idle: datagrams taken in", "");
const CPU: What = value("idle: CPU time", "ms");
const RESIDENT: What = value("idle: resident memory", "MB");
const GROWN: What = value("idle: memory more than before the start", "MB");
const PRIVATE: What = value("idle: private memory more than before the start", "MB");
const PROPORTIONAL: What = value("idle: its share of memory (PSS)", "MB");

pub fn measure(system: &System, plan: &Plan) -> Vec<(What, Outcome)> {
    let rounds = (0..plan.idle_rounds).map(|_| idle(system, Duration::from_secs(plan.idle_s)));
    rounds.flat_map(|found| found.unwrap_or_else(|reason| vec![(WAKE_UPS, Err(reason))])).collect()
}

fn idle(system: &System, period: Duration) -> Result<Vec<(What, Outcome)>, String> {
    let world = World::new()?;
    let mut started = Vec::new();
    for number in 1..=PROCESSES {
        let host = world.host(number);
        let mut process =
            Process::ready(&host, system, &format!("idle{number}"), &format!("192.0.2.{number}"))?;
        let loaded = Usage::of(process.id())?;
        let name = process.start()?.name;
        started.push((host, process, name, loaded));
        thread::sleep(SPACING);
    }
    let names: Vec<String> = started.iter().map(|(_, _, name, _)| name.clone()).collect();
    for (_, process, own, _) in &mut started {
        for name in names.iter().filter(|name| *name != own) {
            process.expect(&format!("joined {name}"), PATIENCE)?;
        }
    }
    thread::sleep(CALM);
    let look = || started.iter().map(|(_, process, ..)| used(process)).collect::<Result<Vec<_>, String>>();
    let before = look()?;
    thread::sleep(period);
    let after = look()?;
    let loaded = started.iter().map(|(.., loaded)| *loaded);
    let looks = loaded.zip(before).zip(after);
    Ok(looks.flat_map(|((loaded, before), after)| values(loaded, before, after)).collect())
}

fn used(process: &Process) -> Result<(Usage, Datagrams), String> {
    Ok((Usage::of(process.id())?, Datagrams::of(process.id())?))
}

/// Of one process: when it was loaded, before and after the time in which it was idle.
fn values(loaded: Usage, before: (Usage, Datagrams), after: (Usage, Datagrams)) -> Vec<(What, Outcome)> {
    let datagrams = after.1.since(before.1);
    let (before, after) = (before.0, after.0);
    let values = [
        (WAKE_UPS, after.wake_ups - before.wake_ups),
        (SENT, datagrams.sent as f64),
        (TAKEN, datagrams.taken as f64),
        (CPU, (after.cpu - before.cpu).as_secs_f64() * 1e3),
        (RESIDENT, after.resident_mb),
        (GROWN, after.resident_mb - loaded.resident_mb),
        (PRIVATE, after.private_mb - loaded.private_mb),
        (PROPORTIONAL, after.proportional_mb),
    ];
    values.map(|(what, value)| (what, Ok(Some(value)))).into()
}
