//! `World`: the processes, the queue of what happens next, and the clock.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::adversary::Recording;
use crate::conditions::Conditions;
use crate::process::{Datagram, Process, Serial};
use crate::topology::{Host, LINKS, Link, Partition};
use crate::trace::Trace;
use crate::traffic::Traffic;

pub struct World {
    pub rng: Rng,
    pub conditions: Conditions,
    pub traffic: Traffic,
    /// Peers that a process believed gone although nothing had kept the two apart.
    pub false_leaves: u64,
    /// All peers that left for another reason than a goodbye: which process saw which other one leave.
    pub left: Vec<(Serial, Serial)>,
    seed: u64,
    pub(crate) base: Instant,
    pub(crate) now: Duration,
    /// Whose turn it is, for the message of a panic.
    pub(crate) current: Option<Serial>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) processes: Vec<Process>,
    /// Who is on a link and alive.
    pub(crate) members: [Vec<Serial>; LINKS],
    pub(crate) partitions: Vec<Partition>,
    pub(crate) queue: BinaryHeap<Reverse<Queued>>,
    queued: u64,
    pub(crate) trace: Trace,
    /// What was sent lately.
    pub(crate) recorded: VecDeque<Recording>,
    /// How many of the entries of all running processes are about a process that is alive.
    pub(crate) knowing: usize,
}

/// Something that will happen, ordered by its time and then by when it was queued.
pub(crate) struct Queued {
    at: Duration,
    serial: u64,
    what: Happening,
}

pub(crate) enum Happening {
    /// A datagram to the group arrives on a link at these.
    Group(Arc<Datagram>, Link, Vec<Serial>),
    /// A datagram to one socket arrives.
    Unicast(Arc<Datagram>, Link, SocketAddr),
    /// A sender learns that nobody is there.
    Unreachable(Serial, SocketAddr),
    Timeout(Serial),
}

impl World {
    /// A world without hosts, and a network with nothing wrong.
    pub fn new(seed: u64) -> Self {
        #[allow(clippy::disallowed_methods)]
        // virtual time has to begin at some time; none of it is looked at
        let base = Instant::now();
        World {
            rng: Rng::with_seed(seed),
            conditions: Conditions::PERFECT,
            traffic: Traffic::default(),
            false_leaves: 0,
            left: Vec::new(),
            seed,
            base,
            now: Duration::ZERO,
            current: None,
            hosts: Vec::new(),
            processes: Vec::new(),
            members: Default::default(),
            partitions: Vec::new(),
            queue: BinaryHeap::new(),
            queued: 0,
            trace: Trace::default(),
            recorded: VecDeque::new(),
            knowing: 0,
        }
    }

    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time, |_| false);
    }

    /// Runs to the end, or until something is so; the time when it was, if it was.
    pub fn run_until(&mut self, end: Duration, is_so: impl Fn(&Self) -> bool) -> Option<Duration> {
        while !is_so(self) {
            if self.queue.peek().is_none_or(|Reverse(next)| next.at > end) {
                self.now = end;
                return None;
            }
            let Some(Reverse(next)) = self.queue.pop() else { unreachable!("there was one to peek at") };
            assert!(next.at >= self.now, "the queue is in order");
            self.now = next.at;
            self.happen(next.what);
        }
        Some(self.now)
    }

    pub fn now(&self) -> Duration {
        self.now
    }

    pub fn trace(&self) -> Trace {
        self.trace
    }

    pub(crate) fn instant(&self) -> Instant {
        self.base + self.now
    }

    pub(crate) fn push(&mut self, at: Duration, what: Happening) {
        self.queued += 1;
        self.queue.push(Reverse(Queued { at, serial: self.queued, what }));
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Group(datagram, link, receivers) => {
                for receiver in receivers {
                    self.receive(receiver, &datagram, link);
                }
            }
            Happening::Unicast(datagram, link, to) => self.receive_unicast(datagram, link, to),
            Happening::Unreachable(serial, to) => self.hear_unreachable(serial, to),
            Happening::Timeout(serial) => self.wake(serial),
        }
    }
}

impl Drop for World {
    /// A panic says in which run it was, and when, and at whose turn.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let turn = self.current.map(|serial| self.label(serial)).unwrap_or_default();
            let (seed, now) = (self.seed, self.now);
            eprintln!("seed {seed}: failed at {now:?}, at the turn of {turn}; PEERS_SEED={seed} repeats it");
        }
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}
