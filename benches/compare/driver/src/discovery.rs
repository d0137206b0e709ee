//! How fast peers find each other and see each other leave. Each system has a link of its own with one peer that stays;
//! the systems take turns, round by round.

use std::thread;
use std::time::{Duration, Instant};

use crate::plan::{LEAVE_LIMIT, LIMIT, Plan, SETTLE};
use crate::process::{Process, Started};
use crate::results::{Outcome, Results, What};
use crate::systems::System;
use support::world::World;

const fn times(name: &'static str, limit: Duration) -> What {
    What { name, unit: "ms", limit }
}

const LEARNS: What = times("newcomer learns the old", LIMIT);
const LEARNT: What = times("the old learns the newcomer", LIMIT);
const LEFT: What = times("clean leave seen", LEAVE_LIMIT);
const NETWORK_UP: What = times("network up after the start: both know each other", LIMIT);
const STAYS: What = times("a peer that stays", LIMIT);

/// A system on its link.
struct Stage<'a> {
    system: &'a System,
    world: &'a World,
    watcher: Process,
    /// The watcher, as the others know it.
    watcher_name: String,
    /// Hosts that there have been: each run is on a host of its own, else what the systems remember is measured too.
    hosts: u8,
}

pub fn measure(systems: &[System], plan: &Plan, results: &mut Results) {
    let worlds: Vec<World> = systems.iter().map(|_| World::new().expect("there was one before")).collect();
    let stages = systems.iter().zip(&worlds).map(|(system, world)| (system, Stage::set(system, world)));
    let mut hopeful = Vec::new();
    for (system, stage) in stages {
        match stage {
            Ok(stage) => hopeful.push(stage),
            Err(reason) => results.note(STAYS, system.name, Err(reason)),
        }
    }
    thread::sleep(SETTLE);
    for round in 0..plan.rounds {
        eprintln!("discovery, round {} of {}", round + 1, plan.rounds);
        hopeful.iter_mut().for_each(|stage| stage.newcomer(results));
    }
    for round in 0..plan.late_rounds {
        eprintln!("late network, round {} of {}", round + 1, plan.late_rounds);
        late_networks(&mut hopeful, results);
    }
}

impl<'a> Stage<'a> {
    fn set(system: &'a System, world: &'a World) -> Result<Self, String> {
        let host = world.host(1);
        let mut watcher = Process::ready(&host, system, "watcher", "192.0.2.1")?;
        let watcher_name = watcher.start()?.name;
        // Its process keeps the host.
        drop(host);
        Ok(Stage { system, world, watcher, watcher_name, hosts: 1 })
    }

    /// One starts, is known, and leaves.
    fn newcomer(&mut self, results: &mut Results) {
        let (number, name, address) = self.next_host();
        let host = self.world.host(number);
        let started = Process::ready(&host, self.system, &name, &address)
            .and_then(|mut process| Ok((process.start()?, process)));
        let (started, mut process) = match started {
            Ok(started) => started,
            Err(reason) => return results.note(LEARNT, self.system.name, Err(reason)),
        };
        let (learns, learnt) = self.both_know(&mut process, &started, started.at);
        results.note(LEARNS, self.system.name, learns);
        results.note(LEARNT, self.system.name, learnt);
        if results.is_hopeful(LEFT, self.system.name) {
            let left =
                process.stop().and_then(|at| until(&mut self.watcher, "left", &started.name, at, LEFT));
            results.note(LEFT, self.system.name, left);
        }
    }

    /// Until the newcomer knows the watcher, and until the watcher knows the newcomer.
    fn both_know(&mut self, process: &mut Process, started: &Started, since: Instant) -> (Outcome, Outcome) {
        let learns = until(process, "joined", &self.watcher_name, since, LEARNS);
        (learns, until(&mut self.watcher, "joined", &started.name, since, LEARNT))
    }

    fn next_host(&mut self) -> (u8, String, String) {
        self.hosts += 1;
        (self.hosts, format!("peer{}", self.hosts), format!("192.0.2.{}", self.hosts))
    }
}

/// On each link one is started whose host has loopback alone. Some time later its network comes up.
fn late_networks(stages: &mut [Stage<'_>], results: &mut Results) {
    let mut waiting = Vec::new();
    for stage in stages.iter_mut().filter(|stage| results.is_hopeful(NETWORK_UP, stage.system.name)) {
        let (number, name, address) = stage.next_host();
        let host = stage.world.host_without_network(number);
        let started = Process::ready(&host, stage.system, &name, &address)
            .and_then(|mut process| Ok((process.start()?, process)));
        waiting.push((stage, host, started));
    }
    thread::sleep(SETTLE);
    for (stage, host, started) in waiting {
        let outcome = started.and_then(|(started, mut process)| {
            host.insert_card();
            host.ip("link set eth0 up");
            let up = Instant::now();
            host.ip("route add default dev eth0");
            let (learns, learnt) = stage.both_know(&mut process, &started, up);
            Ok(learns?.zip(learnt?).map(|(one, other)| one.max(other)))
        });
        results.note(NETWORK_UP, stage.system.name, outcome);
    }
}

/// Milliseconds from `since` until the process told this of that name.
fn until(process: &mut Process, what: &str, name: &str, since: Instant, measured: What) -> Outcome {
    let line = process.wait_for(&format!("{what} {name}"), measured.limit)?;
    Ok(line.map(|line| line.at.saturating_duration_since(since).as_secs_f64() * 1e3))
}
