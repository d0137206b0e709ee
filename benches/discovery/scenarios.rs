//! What is measured of peers that come and go: each from its cause to the event at the other side.

use std::thread;
use std::time::Duration;

use crate::measure::Row;
use crate::node;
use crate::process::{Process, Times};
use support::world::{Host, World};

/// For what should take milliseconds.
const QUICK_LIMIT: Duration = Duration::from_secs(10);
/// A start is over: its last query goes out after a second, and is answered soon after.
pub const SETTLE: Duration = Duration::from_secs(3);

/// The times with which it is measured how a killed node is noticed: the default, and a busy program's.
pub const TIMES: [Times; 2] =
    [Times::DEFAULT, Times { interval: Duration::from_secs(1), expiry: Duration::from_secs(3) }];

type Runs = Vec<Option<Duration>>;

/// Newcomers, leaves, restarts and late networks in turns, seen by one watcher. Each run is on hosts of its own: else
/// the systems' memory of the run before is measured too (who had an address, how often unreachable was told).
pub fn quick(runs: usize) -> Vec<Row> {
    let world = World::new().expect("there was one before");
    let watching = world.host(1);
    let number = |kind: usize, run: usize| (2 + kind * runs + run) as u8;
    let connected: Vec<_> = (0..runs).map(|run| world.host(number(0, run))).collect();
    let late: Vec<_> = (0..runs).map(|run| world.host_without_network(number(1, run))).collect();
    let later: Vec<_> = (0..runs).map(|run| world.host_without_network(number(2, run))).collect();

    let mut watcher = Process::ready(&watching);
    watcher.start("watcher", Times::DEFAULT);
    let mut waiting: Vec<_> = later.iter().map(Process::ready).collect();
    for (run, node) in waiting.iter_mut().enumerate() {
        node.start(&format!("waiting{run}"), Times::DEFAULT);
    }
    thread::sleep(SETTLE);

    let (mut learns, mut learnt, mut left) = (Runs::new(), Runs::new(), Runs::new());
    let (mut restarted, mut up_later, mut up_at_once) = (Runs::new(), Runs::new(), Runs::new());
    for (run, mut node) in waiting.into_iter().enumerate() {
        let name = format!("newcomer{run}");
        let mut newcomer = Process::ready(&connected[run]);
        let (at_newcomer, at_old) = join(&mut watcher, &mut newcomer, &name);
        learns.push(at_newcomer);
        learnt.push(at_old);
        left.push(leave(&mut watcher, &mut newcomer, &name));
        restarted.push(restart(&mut watcher, &connected[run], &format!("restarted{run}")));
        up_later.push(network_up(&mut watcher, &mut node, &later[run], &format!("waiting{run}")));
        let (mut early, name) = (Process::ready(&late[run]), format!("early{run}"));
        early.start(&name, Times::DEFAULT);
        up_at_once.push(network_up(&mut watcher, &mut early, &late[run], &name));
    }
    let row = |what, target, times: Runs| Row::times(what, target, QUICK_LIMIT, &times);
    vec![
        row("newcomer learns the old, from its start", "under 2 ms", learns),
        row("old learns the newcomer, from its start", "under 2 ms", learnt),
        row("clean leave seen, from stop", "under 2 ms", left),
        row("killed and started again: old one gone, from the start", "-", restarted),
        row("network up long after start: both know each other", "under 100 ms", up_later),
        row("network up right after start: both know each other", "under 100 ms", up_at_once),
    ]
}

/// Until the newcomer knows the watcher, and until the watcher knows the newcomer.
fn join(watcher: &mut Process, newcomer: &mut Process, name: &str) -> (Option<Duration>, Option<Duration>) {
    let start = newcomer.start(name, Times::DEFAULT);
    (until(newcomer, "joined watcher", start), until(watcher, &format!("joined {name}"), start))
}

fn leave(watcher: &mut Process, newcomer: &mut Process, name: &str) -> Option<Duration> {
    let stop = newcomer.stop();
    until(watcher, &format!("left {name} Goodbye"), stop)
}

/// A node is killed and another started with its name on its host: until the killed one is gone.
fn restart(watcher: &mut Process, host: &Host<'_>, name: &str) -> Option<Duration> {
    let (mut first, mut second) = (Process::ready(host), Process::ready(host));
    first.start(name, Times::DEFAULT);
    until(watcher, &format!("joined {name}"), Duration::ZERO)?;
    first.kill();
    let start = second.start(name, Times::DEFAULT);
    let gone = until(watcher, &format!("left {name}"), start);
    second.stop();
    gone
}

/// The host of a node, which had loopback alone, gets a network: until both sides know each other, from the moment its
/// interface is up with its address.
fn network_up(watcher: &mut Process, node: &mut Process, host: &Host<'_>, name: &str) -> Option<Duration> {
    host.insert_card();
    host.ip("link set eth0 up");
    let up = node::now();
    let both = [until(node, "joined watcher", up), until(watcher, &format!("joined {name}"), up)];
    node.stop();
    both.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The time from `start` until the process printed `what`.
fn until(process: &mut Process, what: &str, start: Duration) -> Option<Duration> {
    process.wait_for(what, QUICK_LIMIT).map(|line| line.at.saturating_sub(start))
}

/// Nodes on hosts of their own are killed right after they were heard, which is the worst moment: until the watcher
/// has given each of them up.
pub fn kill(times: &Times, runs: usize) -> Vec<Row> {
    let world = World::new().expect("there was one before");
    let hosts: Vec<_> = (1..=runs + 1).map(|number| world.host(number as u8)).collect();
    let mut watcher = Process::ready(&hosts[0]);
    watcher.start("watcher", *times);
    let mut victims: Vec<_> = hosts[1..].iter().map(Process::ready).collect();
    for (run, victim) in victims.iter_mut().enumerate() {
        victim.start(&format!("victim{run}"), *times);
        watcher.expect(&format!("joined victim{run}"));
    }
    let killed: Vec<_> = victims.iter_mut().map(Process::kill).collect();
    let limit = times.expiry * 2;
    let seen = killed.iter().enumerate().map(|(run, killed)| {
        let left = watcher.wait_for(&format!("left victim{run}"), limit)?;
        Some(left.at.saturating_sub(*killed))
    });
    let (interval, expiry) = (times.interval.as_secs(), times.expiry.as_secs());
    let what = format!("kill seen, interval {interval} s, expiry {expiry} s");
    vec![Row::times(what, "-", limit, &seen.collect::<Runs>())]
}
