//! How fast peers find and lose each other, and what an idle node costs: real processes on hosts of their own, which
//! are network namespaces on one bridge. Needs root, or a system that allows user namespaces.
//!
//!     cargo bench --bench discovery -- --runs 20

mod idle;
mod measure;
mod node;
mod process;
mod scenarios;
use std::env;
use std::fs;
use std::process::ExitCode;
use std::thread;

use support::world::World;

const RUNS: usize = 20;
/// Each run needs three hosts, and a link has numbers for some 250.
const MOST_RUNS: usize = 80;

fn main() -> ExitCode {
    // cargo bench adds --bench.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments == [process::NODE] {
        return node::run();
    }
    match runs(&arguments).and_then(measure_all) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("discovery: {error}");
            ExitCode::FAILURE
        }
    }
}

fn runs(arguments: &[String]) -> Result<usize, String> {
    match arguments {
        [] => Ok(RUNS),
        [option, count] if option == "--runs" => count
            .parse()
            .ok()
            .filter(|runs| (1..=MOST_RUNS).contains(runs))
            .ok_or_else(|| format!("--runs {count}: it is 1 to {MOST_RUNS}")),
        _ => Err("there is one option: --runs N".into()),
    }
}

fn measure_all(runs: usize) -> Result<(), String> {
    World::new().map_err(|reason| format!("no network namespaces: {reason}"))?;
    println!("{}\n", machine());

    // What takes milliseconds has the machine to itself. What takes long is nearly idle, and runs side by side.
    let mut rows = scenarios::quick(runs);
    let slow: Vec<_> = thread::scope(|scope| {
        let kills = scenarios::TIMES.map(|times| scope.spawn(move || scenarios::kill(&times, runs)));
        let idle = idle::CROWDS.map(|peers| scope.spawn(move || idle::idle(peers, runs)));
        kills.into_iter().chain(idle).map(|measurement| measurement.join()).collect()
    });
    let all_ended = slow.iter().all(|measurement| measurement.is_ok());
    rows.extend(slow.into_iter().flatten().flatten());
    measure::print(&rows);
    match all_ended {
        true => Ok(()),
        false => Err("a measurement failed, as told above, and is not in the table".into()),
    }
}

fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, Linux {}", kernel.trim_end())
}
