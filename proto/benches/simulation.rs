//! Figures of the protocol in virtual time, on the simulated network of `proto/simulator`: how often a peer is wrongly
//! believed gone, what is sent, and how long it takes until all know.
//!
//! `cargo bench --bench simulation` takes some minutes, on two threads. A cluster of two is watched for a
//! simulated day; larger ones for as many simulated hours as `PEERS_HOURS` says (24 for the day), or for less.

use std::env;
use std::sync::Mutex;
use std::time::Duration;

use peers_simulator::{Conditions, Firewall, Program, World};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Rows that have nothing to do with one another are worked out by as many threads.
const THREADS: usize = 2;
const LOSSES: [f64; 3] = [0.01, 0.05, 0.10];
/// The simulated hours of large clusters, unless `PEERS_HOURS` is set.
const HOURS_OF_A_HUNDRED: f64 = 1.0;
const HOURS_OF_A_THOUSAND: f64 = 0.02;
/// A cluster has settled this long after all started at once.
const SETTLED: Duration = Duration::from_secs(5);
/// What takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// One row of a table, worked out when it is its turn.
type Row = Box<dyn FnOnce() -> String + Send>;

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return; // `cargo test --benches` wants to know no more than that it was built
    }
    let tables = [steady_state(), convergence(), departures()];
    print_rows(tables.into_iter().flatten().collect());
}

/// What comes before the rows of a table.
fn heading(title: &str, explanation: &str, columns: &str) -> Row {
    let rule = "|---".repeat(columns.split(" | ").count());
    let text = format!("\n## {title}\n\n{explanation}\n\n| {columns} |\n{rule}|");
    Box::new(|| text)
}

fn steady_state() -> Vec<Row> {
    let hours = env::var("PEERS_HOURS").ok();
    let hours = hours.map(|text| text.parse().expect("PEERS_HOURS is a number"));
    let mut rows = vec![heading(
        "Steady state",
        "Datagrams and bytes of UDP payload are for each node and hour. The legacy program sends 240 datagrams.",
        "nodes | loss | the legacy beacon too | seed | simulated hours | false leaves | announcements | questions and answers | lines | all | bytes",
    )];
    let hours_of_a_thousand = hours.unwrap_or(HOURS_OF_A_THOUSAND);
    rows.push(Box::new(move || steady_row(1000, 0.05, true, hours_of_a_thousand)));
    for (count, hours) in [(100, hours.unwrap_or(HOURS_OF_A_HUNDRED)), (2, 24.0)] {
        for loss in LOSSES {
            for legacy in [false, true] {
                rows.push(Box::new(move || steady_row(count, loss, legacy, hours)));
            }
        }
    }
    rows
}

fn steady_row(count: usize, loss: f64, legacy: bool, hours: f64) -> String {
    let seed = 1;
    let mut world = settled(seed, count, legacy);
    world.traffic = Default::default();
    world.conditions = Conditions::losing(loss);
    world.run_for(HOUR.mul_f64(hours));
    let traffic = world.traffic;
    let each = |total: u64| total as f64 / hours / count as f64;
    let all = traffic.native() + traffic.lines;
    format!(
        "| {count} | {:.0} % | {} | {seed} | {hours} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |",
        loss * 100.0,
        if legacy { "yes" } else { "no" },
        world.false_leaves,
        each(traffic.group.datagrams),
        each(traffic.unicast.datagrams),
        each(traffic.lines.datagrams),
        each(all.datagrams),
        each(all.bytes),
    )
}

fn convergence() -> Vec<Row> {
    let mut rows = vec![heading(
        "Time until all know all",
        "The legacy beacon is on.",
        "nodes | loss | after | seeds | median | worst | simulated",
    )];
    for (count, runs) in [(1000, 1), (100, 20), (2, 100)] {
        for loss in [0.0, 0.05] {
            rows.push(Box::new(move || convergence_rows(count, runs, loss)));
        }
    }
    rows
}

/// Both of one run each: it is the start of a thousand that takes long.
fn convergence_rows(count: usize, runs: u64, loss: f64) -> String {
    let (started, healed) = (1..=runs).map(|seed| start_and_heal(seed, count, loss)).unzip();
    let row = |what| format!("| {count} | {:.0} % | {what}", loss * 100.0);
    let rows = [
        times_row(&row("all start at once"), started),
        times_row(&row("a partition of 2 min heals"), healed),
    ];
    rows.join("\n")
}

fn start_and_heal(seed: u64, count: usize, loss: f64) -> (Measured, Measured) {
    let mut world = World::new(seed);
    world.conditions = Conditions::losing(loss);
    world.start_many(count, true);
    let started = time_until(&mut world, |world| world.all_know_all(count));
    world.run_for(SETTLED);
    world.partition((0..count).map(|host| (host % 2) as u8).collect());
    world.run_for(120 * SECOND);
    world.heal();
    (started, time_until(&mut world, |world| world.all_know_all(count)))
}

/// What happens to the process of that number.
#[derive(Debug, Clone, Copy)]
enum Departure {
    Stop,
    Kill,
    KillOnSilentHost,
    Restart,
    RestartOnSilentHost,
}

fn departures() -> Vec<Row> {
    let cases = [
        (Departure::Stop, "a clean stop"),
        (Departure::Kill, "a kill; the host answers that nobody is there"),
        (Departure::KillOnSilentHost, "a kill; the host is silent"),
        (Departure::Restart, "a kill and a restart"),
        (Departure::RestartOnSilentHost, "a kill and a restart; the host is silent"),
    ];
    let mut rows = vec![heading(
        "Time until all have seen it",
        "It happens to one node, at a random time. The legacy beacon is on.",
        "nodes | loss | what | seeds | median | worst | simulated",
    )];
    for (count, loss) in [(2, 0.0), (100, 0.0), (2, 0.05), (100, 0.05)] {
        for (departure, what) in cases {
            let row = format!("| {count} | {:.0} % | {what}", loss * 100.0);
            rows.push(Box::new(move || {
                let measured = (1..=20).map(|seed| depart(seed, count, loss, departure));
                times_row(&row, measured.collect())
            }));
        }
    }
    rows
}

fn depart(seed: u64, count: usize, loss: f64, departure: Departure) -> Measured {
    let mut world = settled(seed, count, true);
    world.conditions = Conditions::losing(loss);
    // Nothing to do with anybody's announcements.
    let pause = 60 * SECOND.mul_f64(world.rng.f64());
    world.run_for(pause);
    let host = world.host_of(0);
    if matches!(departure, Departure::KillOnSilentHost | Departure::RestartOnSilentHost) {
        world.set_firewall(host, Firewall::Stealth);
    }
    match departure {
        Departure::Stop => world.stop(0),
        _ => world.kill(0),
    }
    if matches!(departure, Departure::Stop | Departure::Kill | Departure::KillOnSilentHost) {
        return time_until(&mut world, |world| world.listed_by(0) == 0);
    }
    let program: Program = world.program(0).clone();
    let new = world.start(host, program);
    time_until(&mut world, |world| world.listed_by(0) == 0 && world.listed_by(new) == count - 1)
}

/// A cluster some time after all started at once, without loss.
fn settled(seed: u64, count: usize, legacy: bool) -> World {
    let mut world = World::new(seed);
    world.start_many(count, legacy);
    world.run_for(SETTLED);
    assert!(world.all_know_all(count), "seed {seed}: {count} nodes have not settled");
    world
}

/// How long it took until something was so, and how long the whole run was.
struct Measured {
    time: Option<Duration>,
    simulated: Duration,
}

fn time_until(world: &mut World, is_so: impl Fn(&World) -> bool) -> Measured {
    let begin = world.now();
    let time = world.run_until(begin + PATIENCE, is_so).map(|then| then - begin);
    Measured { time, simulated: world.now() }
}

/// The median and the worst of the runs with the seeds from 1.
fn times_row(row: &str, measured: Vec<Measured>) -> String {
    let mut times: Vec<Duration> =
        measured.iter().map(|measured| measured.time.unwrap_or(Duration::MAX)).collect();
    times.sort();
    let shown = |time: Duration| match time {
        Duration::MAX => format!("over {PATIENCE:?}"),
        time if time < SECOND => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        time => format!("{:.2} s", time.as_secs_f64()),
    };
    let (median, worst) = (shown(times[times.len() / 2]), shown(times[times.len() - 1]));
    let simulated: Duration = measured.iter().map(|measured| measured.simulated).sum();
    format!("{row} | 1 to {} | {median} | {worst} | {:.0} s |", measured.len(), simulated.as_secs_f64())
}

/// Prints the rows in their order, each as soon as it and those before it are there.
fn print_rows(rows: Vec<Row>) {
    let waiting = Mutex::new(rows.into_iter().enumerate());
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let (waiting, done) = (&waiting, done.clone());
            scope.spawn(move || {
                loop {
                    let next = waiting.lock().expect("no row has panicked").next();
                    let Some((number, row)) = next else { return };
                    done.send((number, row())).expect("the rows are printed to the end");
                }
            });
        }
        drop(done);
        let mut finished_rows = std::collections::BTreeMap::new();
        let mut printed = 0;
        for (number, row) in finished {
            finished_rows.insert(number, row);
            while let Some(row) = finished_rows.remove(&printed) {
                println!("{row}");
                printed += 1;
            }
        }
    });
}
