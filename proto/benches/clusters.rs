//! Figures of what multicast does not reach, in virtual time, on the simulated network of `proto/simulator`: clusters by SWIM
//! beside a full mesh by seeds and multicast.
//!
//! `cargo bench --bench clusters -- [NODES...] [MODES...]` (default: 20 100 500 1000 swim seeds multicast) takes some minutes, on
//! two threads, and prints a table.

use std::env;
use std::time::Duration;

use peers_proto::Mode;
use peers_simulator::{Conditions, Firewall, World};

const SECOND: Duration = Duration::from_secs(1);
const LOSSES: [f64; 3] = [0.0, 0.01, 0.05];
const SIZES: [usize; 4] = [20, 100, 500, 1000];
/// A full mesh by unicast is meant for no more.
const MOST_IN_MESH: usize = 200;
/// Seeds of a cluster: three, as one may be away.
const SEEDS: usize = 3;
/// What takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_secs(300);
/// The steady state is watched for this long, this long after the start.
const SETTLED: Duration = Duration::from_secs(60);
const WATCHED: Duration = Duration::from_secs(300);
/// IPv4 and UDP.
const HEADERS: u64 = 28;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return; // `cargo test --benches` wants to know no more than that it was built
    }
    let is_named = |mode: &Mode| arguments.contains(&format!("{mode:?}").to_lowercase());
    let modes = [Mode::Swim, Mode::Seeds, Mode::Multicast];
    let named: Vec<Mode> = modes.into_iter().filter(is_named).collect();
    let modes = if named.is_empty() { modes.to_vec() } else { named };
    let sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    println!(
        "| nodes | mode | loss | all know all after | bytes of each until then | B/s of each, steady | false leaves a node-hour | a newcomer knows all | all know a leave | all know a kill |"
    );
    println!("|{}", "---|".repeat(10));
    let cases = sizes.iter().flat_map(|count| {
        let modes = modes.iter().copied().filter(move |mode| *mode != Mode::Seeds || *count <= MOST_IN_MESH);
        modes.flat_map(move |mode| LOSSES.map(|loss| (*count, mode, loss)))
    });
    let cases: Vec<_> = cases.collect();
    std::thread::scope(|scope| {
        let mut rows = cases.chunks(2).flat_map(|pair| {
            let threads: Vec<_> = pair.iter().map(|case| scope.spawn(|| row(*case))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no row panics")).collect::<Vec<_>>()
        });
        rows.by_ref().for_each(|row| println!("{row}"));
    });
}

fn row((count, mode, loss): (usize, Mode, f64)) -> String {
    let mut world = World::new(1);
    world.conditions = Conditions::losing(loss);
    let seeds = match mode {
        Mode::Swim => SEEDS.min(count),
        Mode::Seeds => count,
        _ => 0,
    };
    world.start_cluster(count, mode, seeds);
    let started = until(&mut world, |world| world.all_know_all(count));
    let start = bytes_of_each(&world, count);
    world.run_for(SETTLED);
    world.traffic = Default::default();
    world.false_leaves = 0;
    world.run_for(WATCHED);
    let steady = bytes_of_each(&world, count) / WATCHED.as_secs_f64();
    let node_hours = count as f64 * WATCHED.as_secs_f64() / 3600.0;
    let false_leaves = world.false_leaves as f64 / node_hours;

    let newcomer = world.start_member(mode, &(0..seeds).collect::<Vec<_>>());
    let joined =
        until(&mut world, |world| world.peers(newcomer).len() >= count && world.listed_by(newcomer) >= count);
    world.stop(newcomer);
    let left = until(&mut world, |world| world.listed_by(newcomer) == 0);
    let victim = count / 2;
    world.set_firewall(world.host_of(victim), Firewall::Stealth);
    world.kill(victim);
    let killed = until(&mut world, |world| world.listed_by(victim) == 0);
    format!(
        "| {count} | {mode:?} | {:.0} % | {} | {:.0} | {steady:.0} | {false_leaves:.3} | {} | {} | {} |",
        loss * 100.0,
        shown(started),
        start,
        shown(joined),
        shown(left),
        shown(killed),
    )
}

fn bytes_of_each(world: &World, count: usize) -> f64 {
    let sent = world.traffic.native();
    (sent.bytes + HEADERS * sent.datagrams) as f64 / count as f64
}

fn until(world: &mut World, is_so: impl Fn(&World) -> bool) -> Option<Duration> {
    let begin = world.now();
    world.run_until(begin + PATIENCE, is_so).map(|then| then - begin)
}

fn shown(time: Option<Duration>) -> String {
    match time {
        None => format!("over {PATIENCE:?}"),
        Some(time) if time < SECOND => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        Some(time) => format!("{:.1} s", time.as_secs_f64()),
    }
}
