//! Figures of the protocol in virtual time, on the simulated network of `tests/simulation`: how often a peer is wrongly
//! believed gone, what is sent, and how long it takes until all know.
//!
//! `cargo bench --bench simulation` takes some minutes. A thousand nodes are watched for `PEERS_HOURS` simulated hours,
//! a tenth of one if that is not set; `PEERS_HOURS=24` is the whole day, and takes hours.

#[allow(dead_code, unused_imports)] // some of it is for the tests alone
#[path = "../tests/simulation/simulator/mod.rs"]
mod simulator;

use std::env;
use std::time::Duration;

use simulator::{Conditions, Program, Serial, World};

const HOUR: Duration = Duration::from_secs(60 * 60);
const LOSSES: [f64; 3] = [0.01, 0.05, 0.10];
/// A cluster has settled this long after all started at once.
const SETTLED: Duration = Duration::from_secs(5);
/// What takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return; // `cargo test --benches` wants to know no more than that it was built
    }
    print_steady_state();
    print_convergence();
    print_departures();
}

fn print_steady_state() {
    println!("## Steady state\n");
    println!(
        "Seed 1. Datagrams and bytes of UDP payload are for each node and hour. The ancestor sends 240 datagrams.\n"
    );
    println!(
        "| nodes | loss | the ancestor's line too | hours | false leaves | announcements | questions and answers | lines | all | bytes |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let hours: f64 =
        env::var("PEERS_HOURS").map_or(0.1, |text| text.parse().expect("PEERS_HOURS is a number"));
    for (count, hours) in [(2, 24.0), (100, 24.0), (1000, hours)] {
        for loss in LOSSES {
            for ancestor in [false, true] {
                print_steady_row(count, loss, ancestor, hours);
            }
        }
    }
    println!();
}

fn print_steady_row(count: usize, loss: f64, ancestor: bool, hours: f64) {
    let mut world = settled(1, count, ancestor);
    world.traffic = Default::default();
    world.conditions = Conditions::losing(loss);
    world.run_for(HOUR.mul_f64(hours));
    let traffic = world.traffic;
    let each = |total: u64| total as f64 / hours / count as f64;
    let all = traffic.native() + traffic.lines;
    println!(
        "| {count} | {:.0} % | {} | {hours} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |",
        loss * 100.0,
        if ancestor { "yes" } else { "no" },
        world.false_leaves,
        each(traffic.group.datagrams),
        each(traffic.unicast.datagrams),
        each(traffic.lines.datagrams),
        each(all.datagrams),
        each(all.bytes),
    );
}

fn print_convergence() {
    println!("## Time until all know all\n");
    println!("Seeds 1 to the number of runs.\n");
    println!("| nodes | loss | after | runs | median | worst |");
    println!("|---|---|---|---|---|---|");
    for loss in [0.0, 0.05] {
        for (count, runs) in [(2, 100), (100, 20), (1000, 1)] {
            print_times(&format!("{count} | {:.0} % | all start at once", loss * 100.0), runs, |seed| {
                start_at_once(seed, count, loss)
            });
            print_times(
                &format!("{count} | {:.0} % | a partition of 2 min heals", loss * 100.0),
                runs,
                |seed| heal(seed, count, loss),
            );
        }
    }
    println!();
}

fn start_at_once(seed: u64, count: usize, loss: f64) -> Option<Duration> {
    let mut world = World::new(seed);
    world.conditions = Conditions::losing(loss);
    world.start_many(count, true);
    world.run_until(PATIENCE, |world| world.all_know_all(count))
}

fn heal(seed: u64, count: usize, loss: f64) -> Option<Duration> {
    let mut world = settled(seed, count, true);
    world.conditions = Conditions::losing(loss);
    world.partition((0..count).map(|host| (host % 2) as u8).collect());
    world.run_for(Duration::from_secs(120));
    world.heal();
    time_until(&mut world, |world| world.all_know_all(count))
}

/// Something that happens to process 0.
type Act = fn(&mut World);

fn print_departures() {
    println!("## Time until all have seen it\n");
    println!("20 runs each, seeds 1 to 20, the ancestor's line on.\n");
    println!("| nodes | loss | what | runs | median | worst |");
    println!("|---|---|---|---|---|---|");
    let cases: [(&str, Act); 3] = [
        ("a clean stop", |world| world.stop(0)),
        ("a kill; the host answers that nobody is there", |world| world.kill(0)),
        ("a kill; the host is silent", |world| {
            world.silence(world.host_of(0));
            world.kill(0);
        }),
    ];
    for (count, loss) in [(2, 0.0), (100, 0.0), (2, 0.05), (100, 0.05)] {
        let row = |what| format!("{count} | {:.0} % | {what}", loss * 100.0);
        for (what, act) in cases {
            print_times(&row(what), 20, |seed| {
                let mut world = at_some_time(seed, count, loss);
                act(&mut world);
                time_until(&mut world, |world| world.listed_by(0) == 0)
            });
        }
        for (what, silent) in [("a restart", false), ("a restart; the host is silent", true)] {
            print_times(&row(what), 20, |seed| restart(seed, count, loss, silent));
        }
    }
}

fn restart(seed: u64, count: usize, loss: f64, silent: bool) -> Option<Duration> {
    let mut world = at_some_time(seed, count, loss);
    let host = world.host_of(0);
    if silent {
        world.silence(host);
    }
    world.kill(0);
    let program: Program = world.program(0).clone();
    let new: Serial = world.start(host, program);
    time_until(&mut world, |world| world.listed_by(0) == 0 && world.listed_by(new) == count - 1)
}

/// A settled cluster, at a time that has nothing to do with anybody's announcements.
fn at_some_time(seed: u64, count: usize, loss: f64) -> World {
    let mut world = settled(seed, count, true);
    world.conditions = Conditions::losing(loss);
    let time = Duration::from_secs(60).mul_f64(world.rng.f64());
    world.run_for(time);
    world
}

/// A cluster some time after all started at once, without loss.
fn settled(seed: u64, count: usize, ancestor: bool) -> World {
    let mut world = World::new(seed);
    world.start_many(count, ancestor);
    world.run_for(SETTLED);
    assert!(world.all_know_all(count), "seed {seed}: {count} nodes have not settled");
    world
}

/// How long from now on it takes until something is so.
fn time_until(world: &mut World, is_so: impl Fn(&World) -> bool) -> Option<Duration> {
    let now = world.now();
    world.run_until(now + PATIENCE, is_so).map(|then| then - now)
}

/// The median and the worst of as many runs.
fn print_times(row: &str, runs: u64, time: impl Fn(u64) -> Option<Duration>) {
    let mut times: Vec<Duration> = (1..=runs).map(|seed| time(seed).unwrap_or(Duration::MAX)).collect();
    times.sort();
    let shown = |time: Duration| match time {
        Duration::MAX => format!("over {PATIENCE:?}"),
        time if time < Duration::from_secs(1) => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        time => format!("{:.2} s", time.as_secs_f64()),
    };
    println!("| {row} | {runs} | {} | {} |", shown(times[times.len() / 2]), shown(times[times.len() - 1]));
}
