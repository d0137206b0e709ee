//! `Answers`: what a node owes to those who asked, when it is due, and how much of that it owes at most.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::path::Path;
use super::registry::ExpiringRegistry;
use super::schedule::random_up_to;

/// With no more peers than this a query is answered at once: so many small datagrams drown nobody.
const SMALL_CLUSTER: usize = 16;

/// In a larger cluster an answer is sent at random within this time for each peer, so that a newcomer to a thousand hears
/// two a millisecond.
const SPREAD_PER_PEER: Duration = Duration::from_micros(500);

/// One address gets no second answer within this time. Whoever forges a sender can make a node send it twenty datagrams a
/// second, none longer than what it has to send itself.
const SHORTEST_GAP: Duration = Duration::from_millis(50);

/// The most addresses that can be answered within `SHORTEST_GAP`. The rest is not: it asks again, and hears the next
/// announcement.
const MAX_ANSWERS: usize = 1024;

pub(super) struct Answers {
    /// By the time they are due, and a number that makes each its own.
    pending: BTreeMap<(Instant, u64), Path>,
    serial: u64,
    /// Who waits for an answer or has just had one.
    served: ExpiringRegistry<SocketAddr, ()>,
}

impl Answers {
    pub fn new(now: Instant) -> Self {
        Answers { pending: BTreeMap::new(), serial: 0, served: ExpiringRegistry::new(MAX_ANSWERS, now) }
    }

    /// Owes an answer to whoever asked by `path`, one of `peers`.
    pub fn owe(&mut self, path: Path, peers: usize, now: Instant, rng: &mut Rng) {
        let delay = match peers {
            ..=SMALL_CLUSTER => Duration::ZERO,
            _ => random_up_to(SPREAD_PER_PEER * u32::try_from(peers).unwrap_or(u32::MAX), rng),
        };
        self.served.handle_timeout(now);
        let is_served = self.served.get(&path.address).is_some();
        if !is_served && self.served.register(path.address, (), delay + SHORTEST_GAP, now).is_ok() {
            self.serial += 1;
            self.pending.insert((now + delay, self.serial), path);
        }
    }

    /// Everybody has just been told by a message to the group.
    pub fn cancel(&mut self) {
        self.pending.clear();
    }

    /// The next of those to answer by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Path> {
        let first = self.pending.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.pending.first_key_value().map(|((due, _), _)| *due)
    }
}
