//! Figures of clusters by SWIM on a network that fails, in virtual time: runs in which a peer left that was only cut off.
//!
//! `cargo bench --bench outages -- [MEMBERS...] [FAILURES...]` (default: 3 6 20 100 500 1000, and all failures) prints a table.
//! A failure is named by a part of its name. All runs lose 1 % of the datagrams beside what is said. More than 500 members are
//! only started.

use std::env;
use std::ops::Range;
use std::time::Duration;

use peers_proto::Mode;
use peers_simulator::{Conditions, Serial, World};

const SIZES: [usize; 6] = [3, 6, 20, 100, 500, 1000];
const MAX_OUTAGES: usize = 500;
const LOSS: f64 = 0.01;
const SEEDS: usize = 3;

/// How long a run is watched after the failure.
const WATCHED: Duration = Duration::from_secs(60);

/// Loss while all members start.
const START_LOSS: f64 = 0.05;

/// What fails in a run.
#[derive(Debug, Clone, Copy)]
enum Failure {
    /// Nothing gets to or from so many members: one, a third, or all.
    Outage(Part, u64),
    /// Halves do not hear each other.
    Split(u64),
    /// A member does not run.
    Pause(u64),
    /// A member is killed, and started anew at another address.
    Restart,
    /// Each second a packet claims that a member is down, or of a later generation.
    Forgeries,
    /// All members start at once, at a greater loss.
    MassStart,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    One,
    Third,
    All,
}

const FAILURES: [Failure; 23] = [
    Failure::Outage(Part::One, 3),
    Failure::Outage(Part::One, 5),
    Failure::Outage(Part::One, 10),
    Failure::Outage(Part::One, 17),
    Failure::Outage(Part::One, 25),
    Failure::Outage(Part::Third, 3),
    Failure::Outage(Part::Third, 5),
    Failure::Outage(Part::Third, 10),
    Failure::Outage(Part::Third, 17),
    Failure::Outage(Part::All, 3),
    Failure::Outage(Part::All, 5),
    Failure::Outage(Part::All, 10),
    Failure::Outage(Part::All, 17),
    Failure::Outage(Part::One, 40),
    Failure::Outage(Part::One, 90),
    Failure::Split(15),
    Failure::Split(60),
    Failure::Pause(10),
    Failure::Pause(20),
    Failure::Pause(60),
    Failure::Restart,
    Failure::Forgeries,
    Failure::MassStart,
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return; // `cargo test --benches` wants to know no more than that it was built
    }
    let sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let is_name = |argument: &&String| !argument.starts_with('-') && argument.parse::<usize>().is_err();
    let names: Vec<&String> = arguments.iter().filter(is_name).collect();
    let is_wanted = |failure: &Failure| {
        names.is_empty() || names.iter().any(|part| name(*failure).contains(part.as_str()))
    };
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    println!(
        "| failure | members | runs | with a false leave | all know all again after, worst | B/s of each |"
    );
    println!("|{}", "---|".repeat(6));
    for failure in FAILURES.into_iter().filter(is_wanted) {
        for count in &sizes {
            if *count <= MAX_OUTAGES || matches!(failure, Failure::MassStart) {
                println!("{}", row(failure, *count));
            }
        }
    }
}

fn row(failure: Failure, count: usize) -> String {
    let runs = match count {
        0..=20 => 20,
        21..=100 => 4,
        _ => 1,
    };
    let results: Vec<Outcome> = (1..=runs).map(|seed| run(failure, count, seed)).collect();
    let bad = results.iter().filter(|outcome| outcome.false_leaves > 0).count();
    let worst = results.iter().map(|outcome| outcome.healed).max().flatten();
    let is_healed = results.iter().all(|outcome| outcome.healed.is_some());
    let healed = match worst {
        Some(worst) if is_healed => format!("{:.1} s", worst.as_secs_f64()),
        _ => "never".to_owned(),
    };
    let bytes = results.iter().map(|outcome| outcome.bytes).sum::<f64>() / results.len() as f64;
    format!("| {} | {count} | {runs} | {bad} | {healed} | {bytes:.0} |", name(failure))
}

struct Outcome {
    false_leaves: usize,
    /// Time until all know all, from the end of the failure.
    healed: Option<Duration>,
    bytes: f64,
}

fn run(failure: Failure, count: usize, seed: u64) -> Outcome {
    let mut world = match failure {
        Failure::MassStart => World::new(seed),
        _ => settled(seed, count),
    };
    let begin = world.now();
    let affected = fail(&mut world, failure, count);
    let end = world.now();
    let running = world.alive().len();
    let known = world.run_until(end + WATCHED, |world| world.all_know_all(running));
    if !matches!(failure, Failure::MassStart) {
        world.run_until(end + WATCHED, |_| false);
    }
    let time = (world.now() - begin).as_secs_f64();
    let sent = world.traffic.native();
    let is_false = |(viewer, gone): &&(Serial, Serial)| is_false(failure, &affected, *viewer, *gone);
    Outcome {
        false_leaves: world.left.iter().filter(is_false).count(),
        healed: known.map(|known| known - end),
        bytes: (sent.bytes + 28 * sent.datagrams) as f64 / count as f64 / time,
    }
}

fn settled(seed: u64, count: usize) -> World {
    let mut world = World::settled_cluster(seed, count, Mode::Swim, SEEDS.min(count), LOSS);
    world.run_for(Duration::from_secs(30));
    world.left.clear();
    world.traffic = Default::default();
    world
}

/// Makes the network fail, and mends it. Returns the members that were cut off.
fn fail(world: &mut World, failure: Failure, count: usize) -> Range<Serial> {
    let affected = match failure {
        Failure::Outage(Part::Third, _) => 0..count.div_ceil(3),
        Failure::Outage(Part::All, _) => 0..count,
        Failure::Split(_) => 0..count / 2,
        _ => 1..2,
    };
    match failure {
        Failure::Outage(_, seconds) => {
            let affected: Vec<Serial> = affected.clone().collect();
            world.cut_off(&affected, Duration::from_secs(seconds));
        }
        Failure::Split(seconds) => {
            world.partition((0..count).map(|host| u8::from(host < count / 2)).collect());
            world.run_for(Duration::from_secs(seconds));
            world.heal();
        }
        Failure::Pause(seconds) => {
            world.suspend(1);
            world.run_for(Duration::from_secs(seconds));
            world.resume(1, true);
        }
        Failure::Restart => {
            world.kill(1);
            world.start_member(Mode::Swim, &[0, 2]);
            world.run_for(Duration::from_secs(40));
        }
        Failure::Forgeries => {
            for second in 0..60u16 {
                let claim = if second % 2 == 0 { (0, 0, 2) } else { (u32::from(second), 0, 0) };
                world.forge_claim(0, 2, 1, claim);
                world.forge_claim(0, 2, 1, (u32::MAX, 0, 0));
                world.run_for(Duration::from_secs(1));
            }
        }
        Failure::MassStart => {
            world.conditions = Conditions::losing(START_LOSS);
            world.start_cluster(count, Mode::Swim, SEEDS.min(count));
        }
    }
    affected
}

/// True if nothing kept the two apart for long enough that one may have left.
fn is_false(failure: Failure, affected: &Range<Serial>, viewer: Serial, gone: Serial) -> bool {
    let is_affected = |serial: Serial| affected.contains(&serial);
    match failure {
        Failure::Outage(_, ..=25) | Failure::Split(..=25) | Failure::Pause(..=25) => true,
        Failure::Forgeries | Failure::MassStart => true,
        Failure::Outage(..) => !is_affected(viewer) && !is_affected(gone),
        Failure::Split(_) => is_affected(viewer) == is_affected(gone),
        Failure::Pause(_) | Failure::Restart => !is_affected(gone),
    }
}

fn name(failure: Failure) -> String {
    match failure {
        Failure::Outage(Part::One, seconds) => format!("one cut off for {seconds} s"),
        Failure::Outage(Part::Third, seconds) => format!("a third cut off for {seconds} s"),
        Failure::Outage(Part::All, seconds) => format!("all cut off for {seconds} s"),
        Failure::Split(seconds) => format!("halves apart for {seconds} s"),
        Failure::Pause(seconds) => format!("one paused for {seconds} s"),
        Failure::Restart => "one killed and restarted".to_owned(),
        Failure::Forgeries => "forged claims about one, two a second".to_owned(),
        Failure::MassStart => format!("all start at once, {} % loss", START_LOSS * 100.0),
    }
}
