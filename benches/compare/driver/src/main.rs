//! Measures libpeers and others of its kind side by side: real processes on hosts of their own, which are network
//! namespaces on bridges. `benches/compare.sh` builds all that takes part, and runs this.
//!
//! compare PROGRAMS DATA [--quick | --receiving]
//!
//! PROGRAMS is a folder of executables, one for each system (see `systems`), DATA the file for what was measured;
//! with `--receiving` the cost of taking in announcements alone.

mod crowd;
mod discovery;
mod growth;
mod idle;
mod kills;
mod listener;
mod machine;
mod observed;
mod plan;
mod process;
mod receiving;
mod results;
mod sender;
mod simulated;
#[allow(dead_code, unused_imports)] // some of it is for the tests alone
mod systems;
mod usage;

use std::path::Path;
use std::process::ExitCode;
use std::thread;

use plan::Plan;
use results::Results;
use systems::System;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        // What it runs of itself, on the hosts.
        ["listener", how] => listener::run(how),
        ["sender", kind] => sender::run(kind),
        ["crowd", first, count, all] => crowd::run(first, count, all),
        ["observed", peers, cap] => observed::run(peers, cap),
        ["simulated", nodes] => simulated::run(nodes),
        [programs, data] => compare(programs.as_ref(), data.as_ref(), &Plan::FULL),
        [programs, data, "--quick"] => compare(programs.as_ref(), data.as_ref(), &Plan::QUICK),
        [programs, data, "--receiving"] => compare_receiving(programs.as_ref(), data.as_ref()),
        _ => Err("usage: compare PROGRAMS DATA [--quick | --receiving]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare_receiving(programs: &Path, data: &Path) -> Result<(), String> {
    let systems = systems::all(programs);
    let mut results = Results::new(&Plan::FULL, &systems);
    receiving::measure(&systems, &Plan::FULL, &mut results);
    results.write(data)
}

fn compare(programs: &Path, data: &Path, plan: &Plan) -> Result<(), String> {
    support::world::World::new().map_err(|reason| format!("no network namespaces: {reason}"))?;
    let systems = systems::all(programs);
    let mut results = Results::new(plan, &systems);

    // What takes milliseconds, or all of a core, has the machine to itself.
    discovery::measure(&systems, plan, &mut results);
    receiving::measure(&systems, plan, &mut results);
    growth::measure(plan, &mut results);
    wait_long(&systems, plan, &mut results);
    results.write(data)
}

/// What takes long is nearly idle, and runs side by side.
fn wait_long(systems: &[System], plan: &Plan, results: &mut Results) {
    let found = thread::scope(|scope| {
        let waiting: Vec<_> = systems
            .iter()
            .flat_map(|system| {
                let kills = scope.spawn(move || kills::measure(system, plan));
                let idle = scope.spawn(move || idle::measure(system, plan));
                [(system, kills), (system, idle)]
            })
            .collect();
        let ended = waiting.into_iter().map(|(system, thread)| (system, thread.join()));
        ended.collect::<Vec<_>>()
    });
    for (system, found) in found {
        match found {
            Ok(found) => results.extend(system, found),
            Err(_) => results.fail(system, "a measurement panicked, as told on the terminal"),
        }
    }
}
