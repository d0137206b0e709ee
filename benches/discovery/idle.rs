//! What a node costs that has nothing to do but to stay in touch.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::measure::{Row, Unit};
use crate::process::{Process, Times};
use crate::scenarios::SETTLE;
use support::world::{Host, World};

/// How many peers the idle nodes have.
pub const CROWDS: [usize; 3] = [2, 10, 100];

const PERIOD: Duration = Duration::from_secs(30);
/// Nodes that are there to be peers share processes of this many.
const SHARED: usize = 27;

/// What one process has used until now.
struct Usage {
    wake_ups: f64,
    cpu_ms: f64,
    sent: f64,
    received: f64,
    resident_mb: f64,
    proportional_mb: f64,
}

/// `runs` nodes or more, each a process on a host of its own, that know `peers` others each.
pub fn idle(peers: usize, runs: usize) -> Vec<Row> {
    let on_one_link = runs.min(peers + 1);
    let worlds: Vec<_> =
        (0..runs.div_ceil(on_one_link)).map(|_| World::new().expect("there was one before")).collect();
    let hosts: Vec<_> = worlds.iter().map(|world| hosts(world, on_one_link + 1)).collect();
    // Nodes that start together announce themselves together, and are heard with one wake-up. In life they do not.
    let spacing = Times::DEFAULT.interval / (peers as u32 + 1);
    let others = peers + 1 - on_one_link;
    let _crowds: Vec<_> = hosts.iter().map(|hosts| crowd(&hosts[on_one_link], others, spacing)).collect();
    let mut measured = spaced(&hosts, on_one_link, spacing);
    for process in &mut measured {
        (0..peers).for_each(|_| drop(process.expect("joined")));
    }

    thread::sleep(SETTLE);
    let before: Vec<_> = measured.iter_mut().map(|process| usage(process, peers)).collect();
    thread::sleep(PERIOD);
    let after: Vec<_> = measured.iter_mut().map(|process| usage(process, peers)).collect();
    rows(peers, &before, &after)
}

/// A process with one node on each of the first `count` hosts of every link.
fn spaced(links: &[Vec<Host<'_>>], count: usize, spacing: Duration) -> Vec<Process> {
    let mut processes = Vec::new();
    for number in 0..count {
        for hosts in links {
            let mut process = Process::ready(&hosts[number]);
            process.start(&format!("idle{number}"), Times::DEFAULT);
            processes.push(process);
        }
        thread::sleep(spacing);
    }
    processes
}

fn hosts(world: &World, count: usize) -> Vec<Host<'_>> {
    (1..=count).map(|number| world.host(number as u8)).collect()
}

/// Processes on one host that have `count` nodes together, started one after the other.
fn crowd(host: &Host<'_>, count: usize, spacing: Duration) -> Vec<Process> {
    let numbers: Vec<_> = (0..count).collect();
    let processes = numbers.chunks(SHARED).map(|numbers| {
        let mut process = Process::ready(host);
        for number in numbers {
            process.start(&format!("crowd{number}"), Times::DEFAULT);
            thread::sleep(spacing);
        }
        process
    });
    processes.collect()
}

fn rows(peers: usize, before: &[Usage], after: &[Usage]) -> Vec<Row> {
    let seconds = PERIOD.as_secs();
    let row = |what: &str, target: &str, unit, value: &dyn Fn(&Usage, &Usage) -> f64| {
        let values = before.iter().zip(after).map(|(before, after)| value(before, after)).collect();
        Row::values(format!("idle {seconds} s, {peers} peers: {what}"), target, unit, values)
    };
    vec![
        row("wake-ups", "the beacons", Unit::Count, &|before, after| after.wake_ups - before.wake_ups),
        row("datagrams sent", "the beacons", Unit::Count, &|before, after| after.sent - before.sent),
        row("datagrams heard", "-", Unit::Count, &|before, after| after.received - before.received),
        row("CPU time", "-", Unit::Milliseconds, &|before, after| after.cpu_ms - before.cpu_ms),
        row("resident memory", "under 3 MB", Unit::Megabytes, &|_, after| after.resident_mb),
        row("its share of it (PSS)", "-", Unit::Megabytes, &|_, after| after.proportional_mb),
    ]
}

fn usage(process: &mut Process, peers: usize) -> Usage {
    process.command("health");
    let health = process.expect("health").text;
    let [known, sent, received] = numbers(&health)[..] else { panic!("{health:?} has three numbers") };
    assert_eq!(known, peers as f64, "an idle node lost or gained a peer");
    let folder = PathBuf::from(format!("/proc/{}", process.id()));
    let tasks: Vec<_> = fs::read_dir(folder.join("task"))
        .expect("the process runs")
        .map(|task| task.expect("it can be listed").path())
        .collect();
    let own =
        tasks.iter().find(|task| read(&task.join("comm")) == "peers\n").expect("the node has its thread");
    // The system says kB and means 1024 bytes.
    let megabytes = |file: &str, field: &str| number_after(&read(&folder.join(file)), field) * 1024.0 / 1e6;
    Usage {
        wake_ups: number_after(&read(&own.join("status")), "voluntary_ctxt_switches:"),
        // Its first number is the time on a core, in nanoseconds.
        cpu_ms: tasks.iter().map(|task| numbers(&read(&task.join("schedstat")))[0] / 1e6).sum(),
        sent,
        received,
        resident_mb: megabytes("status", "VmRSS:"),
        proportional_mb: megabytes("smaps_rollup", "Pss:"),
    }
}

/// The number in the line of a file of /proc that begins with `field`.
fn number_after(text: &str, field: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    numbers(line.unwrap_or_else(|| panic!("there is no {field} in {text}")))[0]
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
