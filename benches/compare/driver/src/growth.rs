//! What more nodes cost: real ones of ours, all started at once; and simulated ones, where a machine is too small.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::plan::{Plan, SETTLE};
use crate::process::Process;
use crate::results::Results;
use crate::usage::{Datagrams, Usage, link_bytes};
use support::world::{Host, World};

/// Nodes that share a process, and its host, when there are many.
const SHARED: usize = 50;
/// Up to here each node has a process and a host of its own.
const ALONE: usize = 10;
/// For all to know all.
const LIMIT: Duration = Duration::from_secs(90);

pub fn measure(plan: &Plan, results: &mut Results) {
    for nodes in plan.real {
        eprintln!("growth, {nodes} real nodes");
        let window = Duration::from_secs(plan.real_window_s);
        results.note_growth(row("real", *nodes, *nodes, real(*nodes, window)));
    }
    for nodes in plan.simulated {
        eprintln!("growth, {nodes} simulated nodes");
        results.note_growth(row("simulated", *nodes, *nodes, own(&["simulated", &nodes.to_string()])));
    }
    for (peers, cap) in plan.observed {
        eprintln!("growth, one node that hears {peers}");
        let cap = if *cap == 0 { *peers } else { *cap };
        let found = own(&["observed", &peers.to_string(), &cap.to_string()]);
        results.note_growth(row("observed", *peers, cap, found));
    }
}

fn row(kind: &str, nodes: usize, cap: usize, found: Result<Value, String>) -> Value {
    let mut row = match found {
        Ok(found) => found,
        Err(reason) => {
            eprintln!("  {nodes} nodes: {reason}");
            json!({ "failed": reason })
        }
    };
    row["kind"] = kind.into();
    row["nodes"] = nodes.into();
    row["max_peers"] = cap.into();
    row
}

/// What this program finds out in a process of its own, whose memory is that of the nodes alone.
fn own(arguments: &[&str]) -> Result<Value, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = std::process::Command::new(program).args(arguments).output();
    let output = output.map_err(|error| error.to_string())?;
    match output.status.success() {
        true => serde_json::from_slice(&output.stdout).map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("it ended").into()),
    }
}

/// A process with some of the nodes.
struct Crowd<'a> {
    _host: Host<'a>,
    process: Process,
}

/// What all of them together have used.
struct Total {
    cpu: Duration,
    resident_mb: f64,
    /// Datagrams that the nodes sent, by their own count: a copy of a group message for each interface.
    sent: f64,
    /// Peers that they list.
    known: f64,
    taken: u64,
    dropped: u64,
    bytes: u64,
}

fn real(nodes: usize, window: Duration) -> Result<Value, String> {
    let world = World::new()?;
    let share = if nodes <= ALONE { 1 } else { nodes.div_ceil(ALONE).min(SHARED) };
    let mut crowds = Vec::new();
    for first in (0..nodes).step_by(share) {
        let host = world.host(crowds.len() as u8 + 1);
        let numbers = [first, share.min(nodes - first), nodes].map(|number| number.to_string());
        let process = Process::own(&host, &["crowd", &numbers[0], &numbers[1], &numbers[2]])?;
        crowds.push(Crowd { _host: host, process });
    }

    let before = total(&mut crowds)?;
    let begin = Instant::now();
    for crowd in &mut crowds {
        crowd.process.command("start")?;
    }
    let Some(known) = wait_until_full(&mut crowds, begin)? else {
        let (total, pairs) = (total(&mut crowds)?, (nodes * (nodes - 1)) as f64);
        let (share, seconds) = (100.0 * total.known / pairs, LIMIT.as_secs());
        return Err(format!(
            "after {seconds} s each knew {share:.0} % of the others; this machine is too small"
        ));
    };
    thread::sleep(SETTLE);
    let (settled, since) = (total(&mut crowds)?, Instant::now());
    thread::sleep(window);
    let after = total(&mut crowds)?;
    let seconds = since.elapsed().as_secs_f64();

    let each = |value: f64| value / nodes as f64;
    Ok(json!({
        "processes": crowds.len(),
        "all_know_all_s": known.as_secs_f64(),
        "start_sent_each": each(settled.sent - before.sent),
        "start_dropped": settled.dropped - before.dropped,
        "start_cpu_ms_each": each((settled.cpu - before.cpu).as_secs_f64() * 1e3),
        "sent_each_per_min": each(after.sent - settled.sent) / seconds * 60.0,
        "taken_each_per_s": each((after.taken - settled.taken) as f64) / seconds,
        "link_datagrams_per_s": (after.sent - settled.sent) / seconds,
        "link_bytes_per_s": (after.bytes - settled.bytes) as f64 / seconds,
        "dropped": after.dropped - settled.dropped,
        "cpu_ms_each_per_s": each((after.cpu - settled.cpu).as_secs_f64() * 1e3) / seconds,
        "memory_mb_each": each(after.resident_mb - before.resident_mb),
    }))
}

/// The time until each of them knew all, since `begin`.
fn wait_until_full(crowds: &mut [Crowd<'_>], begin: Instant) -> Result<Option<Duration>, String> {
    let mut known = Duration::ZERO;
    for crowd in crowds {
        let left = (begin + LIMIT).saturating_duration_since(Instant::now());
        let Some(line) = crowd.process.wait_for("full", left)? else { return Ok(None) };
        known = known.max(line.at.saturating_duration_since(begin));
    }
    Ok(Some(known))
}

fn total(crowds: &mut [Crowd<'_>]) -> Result<Total, String> {
    let mut total = Total {
        cpu: Duration::ZERO,
        resident_mb: 0.0,
        sent: 0.0,
        known: 0.0,
        taken: 0,
        dropped: 0,
        bytes: 0,
    };
    for crowd in crowds {
        crowd.process.command("health")?;
        let health = crowd.process.expect("health", LIMIT)?.numbers();
        let [sent, known] = health[..] else { return Err("health has two numbers".into()) };
        let (usage, datagrams) = (Usage::of(crowd.process.id())?, Datagrams::of(crowd.process.id())?);
        total.cpu += usage.cpu;
        total.resident_mb += usage.resident_mb;
        total.sent += sent;
        total.known += known;
        total.taken += datagrams.taken;
        total.dropped += datagrams.dropped;
        total.bytes += link_bytes(crowd.process.id())?;
    }
    Ok(total)
}
