//! Figures of the protocol in virtual time, on the simulated network of `proto/simulator`: how often a peer is wrongly
//! believed gone, what is sent, and how long it takes until all know.
//!
//! `cargo bench --bench simulation` takes some minutes, on two threads. A cluster of two is watched for a
//! simulated day; larger ones for as many simulated hours as `PEERS_HOURS` says (24 for the day), or for less.
//! `PEERS_LOSS=0.05` measures at that loss alone, `PEERS_NODES=100` clusters of so many nodes alone,
//! `cargo bench --bench simulation -- newcomers` one table alone.

use std::env;
use std::sync::Mutex;
use std::time::Duration;

use peers_simulator::{Conditions, Count, Firewall, Program, World};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Rows that have nothing to do with one another are worked out by as many threads.
const THREADS: usize = 2;
const LOSSES: [f64; 4] = [0.0, 0.01, 0.05, 0.10];
/// The simulated hours of large clusters, unless `PEERS_HOURS` is set.
const HOURS_OF_TEN: f64 = 4.0;
const HOURS_OF_A_HUNDRED: f64 = 1.0;
const HOURS_OF_A_THOUSAND: f64 = 0.02;
/// A cluster has settled this long after all started at once.
const SETTLED: Duration = Duration::from_secs(5);
/// What takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// One row of a table, worked out when it is its turn.
type Row = Box<dyn FnOnce() -> String + Send>;

/// Returns the rows of a table.
type Table = fn() -> Vec<Row>;

fn main() {
    if env::args().any(|argument| argument == "--test") {
        return; // `cargo test --benches` wants to know no more than that it was built
    }
    let tables: [(&str, Table); 5] = [
        ("steady", steady_state),
        ("starts", starts),
        ("newcomers", newcomers),
        ("convergence", convergence),
        ("departures", departures),
    ];
    let wanted: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    print_rows(tables.into_iter().filter(|(name, _)| is_wanted(name)).flat_map(|(_, rows)| rows()).collect());
}

/// Returns true if clusters of so many nodes are to be measured.
fn is_wanted(count: usize) -> bool {
    let only = env::var("PEERS_NODES").ok();
    only.is_none_or(|text| text.parse() == Ok(count))
}

/// Returns the losses that are to be measured.
fn losses() -> Vec<f64> {
    let only = env::var("PEERS_LOSS").ok();
    let only: Option<f64> = only.map(|text| text.parse().expect("PEERS_LOSS is a number"));
    only.map_or(LOSSES.to_vec(), |only| vec![only])
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
        "nodes | loss | beacons, keys | seed | simulated hours | false leaves | announcements | questions and answers | lines | all | bytes",
    )];
    let counts = [
        (2, 24.0),
        (10, hours.unwrap_or(HOURS_OF_TEN)),
        (100, hours.unwrap_or(HOURS_OF_A_HUNDRED)),
        (1000, hours.unwrap_or(HOURS_OF_A_THOUSAND)),
    ];
    for (count, hours) in counts.into_iter().filter(|(count, _)| is_wanted(*count)) {
        for loss in losses() {
            for kind in [Kind::Plain, Kind::WithBeacons, Kind::WithKeys] {
                // A thousand take minutes each.
                if count < 1000 || matches!(kind, Kind::WithBeacons) || loss == 0.05 {
                    rows.push(Box::new(move || steady_row(count, loss, kind, hours)));
                }
            }
        }
    }
    rows
}

/// What the nodes of a steady cluster send beside the messages of the native protocol.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    WithBeacons,
    WithKeys,
}

fn steady_row(count: usize, loss: f64, kind: Kind, hours: f64) -> String {
    let seed = 1;
    let (program, kind) = match kind {
        Kind::Plain => (Program { legacy: false, ..program(None) }, "neither"),
        Kind::WithBeacons => (program(None), "beacons"),
        Kind::WithKeys => (program(Some(1)), "keys"),
    };
    let mut world = settled(seed, count, &program);
    world.traffic = Default::default();
    world.conditions = Conditions::losing(loss);
    world.run_for(HOUR.mul_f64(hours));
    let traffic = world.traffic;
    let each = |total: u64| total as f64 / hours / count as f64;
    let all = traffic.native() + traffic.lines;
    format!(
        "| {count} | {:.0} % | {kind} | {seed} | {hours} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |",
        loss * 100.0,
        world.false_leaves,
        each(traffic.group.datagrams),
        each(traffic.unicast.datagrams),
        each(traffic.lines.datagrams),
        each(all.datagrams),
        each(all.bytes),
    )
}

/// What nodes are that were measured: with or without a key, without legacy beacons if so.
fn program(key: Option<u8>) -> Program {
    Program { key, ..Program::named("") }
}

fn starts() -> Vec<Row> {
    let mut rows = vec![heading(
        "All start at once",
        "Datagrams and bytes that each node sends in the first 5 s, the mean of the seeds; time until all know all.",
        "nodes | keys | loss | seeds | datagrams | bytes | known after, median | worst",
    )];
    for (count, runs) in
        [(2, 50), (10, 20), (100, 5), (1000, 1)].into_iter().filter(|(count, _)| is_wanted(*count))
    {
        for key in [None, Some(1)] {
            for loss in losses() {
                rows.push(Box::new(move || start_row(count, runs, key, loss)));
            }
        }
    }
    rows
}

fn start_row(count: usize, runs: u64, key: Option<u8>, loss: f64) -> String {
    let (mut datagrams, mut bytes, mut times) = (0, 0, Vec::new());
    for seed in 1..=runs {
        let mut world = World::new(seed);
        world.conditions = Conditions::losing(loss);
        world.start_many_of(count, &program(key));
        let (time, all) = known_and_sent(&mut world, count, SETTLED);
        times.push(time);
        (datagrams, bytes) = (datagrams + all.datagrams, bytes + all.bytes);
    }
    let each = |total: u64| total as f64 / runs as f64 / count as f64;
    let keys = if key.is_some() { "yes" } else { "no" };
    let (median, worst) = median_and_worst(times);
    format!(
        "| {count} | {keys} | {:.0} % | 1 to {runs} | {:.1} | {:.0} | {median} | {worst} |",
        loss * 100.0,
        each(datagrams),
        each(bytes)
    )
}

/// Returns how long it takes until all know all, and all that is sent in the time from now, however long the former is.
fn known_and_sent(world: &mut World, count: usize, time: Duration) -> (Option<Duration>, Count) {
    let begin = world.now();
    let soon = world.run_until(begin + time, |world| world.all_know_all(count));
    let left = (begin + time).saturating_sub(world.now());
    world.run_for(left);
    let sent = world.traffic.native() + world.traffic.lines;
    let known = soon.or_else(|| world.run_until(begin + PATIENCE, |world| world.all_know_all(count)));
    (known.map(|known| known - begin), sent)
}

fn newcomers() -> Vec<Row> {
    let mut rows = vec![heading(
        "One more starts",
        "Datagrams and bytes of all nodes together in the 2 s after a start, less those of 2 s before; time until it knows all, and all know it.",
        "nodes | keys | loss | seeds | datagrams | bytes | known after, median | worst",
    )];
    for (count, runs) in [(100, 10), (1000, 1)].into_iter().filter(|(count, _)| is_wanted(*count)) {
        for key in [None, Some(1)] {
            for loss in losses() {
                rows.push(Box::new(move || newcomer_row(count, runs, key, loss)));
            }
        }
    }
    rows
}

fn newcomer_row(count: usize, runs: u64, key: Option<u8>, loss: f64) -> String {
    let (mut datagrams, mut bytes, mut times) = (0, 0, Vec::new());
    for seed in 1..=runs {
        let mut world = World::new(seed);
        world.start_many_of(count, &program(key));
        world.run_for(SETTLED);
        world.conditions = Conditions::losing(loss);
        world.traffic = Default::default();
        world.run_for(2 * SECOND);
        let before = world.traffic.native() + world.traffic.lines;
        world.traffic = Default::default();
        world.start_many_of(1, &program(key));
        let (time, all) = known_and_sent(&mut world, count + 1, 2 * SECOND);
        times.push(time);
        datagrams += all.datagrams.saturating_sub(before.datagrams);
        bytes += all.bytes.saturating_sub(before.bytes);
    }
    let keys = if key.is_some() { "yes" } else { "no" };
    let (median, worst) = median_and_worst(times);
    format!(
        "| {count} | {keys} | {:.0} % | 1 to {runs} | {:.1} | {:.0} | {median} | {worst} |",
        loss * 100.0,
        datagrams as f64 / runs as f64,
        bytes as f64 / runs as f64,
    )
}

fn convergence() -> Vec<Row> {
    let mut rows = vec![heading(
        "Time until all know all",
        "The legacy beacon is on.",
        "nodes | loss | after | seeds | median | worst | simulated",
    )];
    for (count, runs) in [(2, 100), (100, 20), (1000, 1)].into_iter().filter(|(count, _)| is_wanted(*count)) {
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
    for (count, loss) in
        [(2, 0.0), (100, 0.0), (2, 0.05), (100, 0.05)].into_iter().filter(|(count, _)| is_wanted(*count))
    {
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
    let mut world = settled(seed, count, &program(None));
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

/// A cluster of one program some time after all started at once, without loss.
fn settled(seed: u64, count: usize, program: &Program) -> World {
    let mut world = World::new(seed);
    world.start_many_of(count, program);
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
    let count = measured.len();
    let simulated: Duration = measured.iter().map(|measured| measured.simulated).sum();
    let (median, worst) = median_and_worst(measured.into_iter().map(|measured| measured.time).collect());
    format!("{row} | 1 to {count} | {median} | {worst} | {:.0} s |", simulated.as_secs_f64())
}

fn median_and_worst(times: Vec<Option<Duration>>) -> (String, String) {
    let mut times: Vec<Duration> = times.into_iter().map(|time| time.unwrap_or(Duration::MAX)).collect();
    times.sort();
    let shown = |time: Duration| match time {
        Duration::MAX => format!("over {PATIENCE:?}"),
        time if time < SECOND => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        time => format!("{:.2} s", time.as_secs_f64()),
    };
    (shown(times[times.len() / 2]), shown(times[times.len() - 1]))
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
