//! What it costs to take in the announcements of peers that are known already. One host sends, another receives.

use std::thread;
use std::time::{Duration, Instant};

use crate::plan::{PATIENCE, Plan, SETTLE};
use crate::process::Process;
use crate::results::{Results, What};
use crate::sender::{self, Kind};
use crate::systems::System;
use crate::usage::{Datagrams, Usage, queued};
use support::world::{Host, World};

/// Who receives.
enum Receiver<'a> {
    /// A loop that receives and drops, by that system call.
    Bare(&'static str),
    System(&'a System, Kind),
}

/// A rate that a slow receiver keeps up with, in small bursts.
const EVEN_RATE: u64 = 2000;

const fn figure(name: &'static str, unit: &'static str) -> What {
    What { name, unit, limit: Duration::ZERO }
}

/// The figures of one load.
struct Figures {
    rate: u64,
    taken: What,
    lost: What,
    cpu: What,
}

const FLOOD: Figures = Figures {
    rate: 0,
    taken: figure("flood: taken in", "/s"),
    lost: figure("flood: lost", "%"),
    cpu: figure("flood: CPU for each", "ns"),
};
const EVEN: Figures = Figures {
    rate: EVEN_RATE,
    taken: figure("2000 a second: taken in", "/s"),
    lost: figure("2000 a second: lost", "%"),
    cpu: figure("2000 a second: CPU for each", "ns"),
};

pub fn measure(systems: &[System], plan: &Plan, results: &mut Results) {
    let mut receivers = vec![Receiver::Bare("recvfrom"), Receiver::Bare("recvmmsg")];
    for system in systems {
        match system.name {
            "libpeers" => receivers.push(Receiver::System(system, Kind::Announce)),
            "mdns-sd" | "python-zeroconf" | "avahi" => receivers.push(Receiver::System(system, Kind::Mdns)),
            _ => {}
        }
    }
    for round in 0..plan.receive_rounds {
        eprintln!("receiving, round {} of {}", round + 1, plan.receive_rounds);
        for receiver in &receivers {
            if let Err(reason) = receiver.measure(plan.receive_s, results) {
                results.note(FLOOD.taken, &receiver.name(), Err(reason));
            }
        }
    }
}

impl Receiver<'_> {
    fn name(&self) -> String {
        match self {
            Receiver::Bare(how) => format!("bare loop, {how}"),
            Receiver::System(system, _) => system.name.into(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Receiver::Bare(_) => Kind::Announce,
            Receiver::System(_, kind) => *kind,
        }
    }

    fn measure(&self, seconds: u64, results: &mut Results) -> Result<(), String> {
        let world = World::new()?;
        let (here, there) = (world.host(1), world.host(2));
        let mut receiver = self.start(&here)?;
        let mut sender = Process::own(&there, &["sender", self.kind().name()])?;
        sender.command("introduce")?;
        sender.expect("introduced", PATIENCE)?;
        if let Receiver::System(..) = self {
            for number in 0..sender::PEERS {
                receiver.expect(&format!("joined {}", sender::name(number)), PATIENCE)?;
            }
            // Its own start is over, too.
            thread::sleep(SETTLE);
        }
        for figures in [EVEN, FLOOD] {
            let found = receive(&receiver, &mut sender, seconds, figures.rate)?;
            let mut note = |what, value| results.note(what, &self.name(), Ok(Some(value)));
            note(figures.taken, found.taken as f64 / found.time.as_secs_f64());
            note(figures.lost, 100.0 * found.dropped as f64 / found.sent.max(1.0));
            note(figures.cpu, found.cpu.as_nanos() as f64 / found.taken.max(1) as f64);
        }
        Ok(())
    }

    fn start(&self, host: &Host<'_>) -> Result<Process, String> {
        match self {
            Receiver::Bare(how) => Process::own(host, &["listener", how]),
            Receiver::System(system, _) => {
                let mut process = Process::ready(host, system, "receiver", "192.0.2.1")?;
                process.start()?;
                Ok(process)
            }
        }
    }
}

fn receive(receiver: &Process, sender: &mut Process, seconds: u64, rate: u64) -> Result<Received, String> {
    let (used, counted) = (Usage::of(receiver.id())?, Datagrams::of(receiver.id())?);
    let begin = sender.command(&format!("send {seconds} {rate}"))?;
    let sent = sender.expect("sent", PATIENCE)?.numbers();
    wait_until_empty(receiver)?;
    let time = begin.elapsed();
    let datagrams = Datagrams::of(receiver.id())?.since(counted);
    Ok(Received {
        sent: sent.first().copied().unwrap_or_default(),
        taken: datagrams.taken,
        dropped: datagrams.dropped,
        time,
        cpu: Usage::of(receiver.id())?.cpu - used.cpu,
    })
}

struct Received {
    sent: f64,
    taken: u64,
    dropped: u64,
    /// From the first until the last was taken in.
    time: Duration,
    cpu: Duration,
}

/// Until its sockets are empty.
fn wait_until_empty(process: &Process) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    while queued(process.id())? > 0 {
        if Instant::now() > deadline {
            return Err(format!("datagrams wait in its socket after {} s", PATIENCE.as_secs()));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
