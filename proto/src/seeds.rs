//! `Seeds`: addresses that get unicast copies, because multicast does not reach them, and when new ones are queried.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::path;
use crate::timers::{Timer, Timers};
use crate::wire::InstanceId;

/// Maximum number of seeds. A full mesh by unicast is meant for about 200 nodes.
pub const MAX_SEEDS: usize = 1024;

/// Gaps between the queries to a new seed that does not reply. From then on it gets one message in each interval.
const RETRY_GAPS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

#[derive(Default)]
pub(crate) struct Seeds {
    addresses: Vec<SocketAddr>,
    /// The instance last received from each seed. One peer may be at several, and is listed by one.
    heard: BTreeMap<SocketAddr, InstanceId>,
    bootstrap: Option<Bootstrap>,
}

/// The seeds that are new, and the queries sent to them.
struct Bootstrap {
    addresses: Vec<SocketAddr>,
    sent: usize,
}

impl Seeds {
    /// Returns the addresses, in order, each once.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub fn contains(&self, address: &SocketAddr) -> bool {
        self.addresses.binary_search(address).is_ok()
    }

    /// Returns true for a new seed that is still queried.
    pub fn is_bootstrapping(&self, address: &SocketAddr) -> bool {
        self.bootstrap.as_ref().is_some_and(|bootstrap| bootstrap.addresses.contains(address))
    }

    /// Takes note of an instance that was received from an address, if that is a seed.
    pub fn on_received(&mut self, address: SocketAddr, id: InstanceId) {
        if self.contains(&address) {
            self.heard.insert(address, id);
        }
    }

    /// Returns the instance last received from each seed.
    pub fn heard(&self) -> impl Iterator<Item = (SocketAddr, &InstanceId)> {
        self.heard.iter().map(|(address, id)| (*address, id))
    }

    /// Replaces the seeds by the first `MAX_SEEDS` of these, and plans queries to new ones.
    pub fn set(&mut self, addresses: &[SocketAddr], timers: &mut Timers, now: Instant) {
        let mut addresses: Vec<SocketAddr> = addresses.iter().copied().map(path::normal).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(MAX_SEEDS);
        self.heard.retain(|address, _| addresses.binary_search(address).is_ok());
        let former = std::mem::replace(&mut self.addresses, addresses);
        let is_new = |address: &SocketAddr| former.binary_search(address).is_err();
        let new: Vec<SocketAddr> = self.addresses.iter().copied().filter(is_new).collect();
        if !new.is_empty() {
            self.bootstrap = Some(Bootstrap { addresses: new, sent: 0 });
            timers.set(Timer::Bootstrap, now);
        }
    }

    /// Returns the new seeds that are to be queried by `now`.
    pub fn take_due(&mut self, timers: &mut Timers, now: Instant) -> Vec<SocketAddr> {
        if !timers.take_expired(Timer::Bootstrap, now) {
            return Vec::new();
        }
        let Some(mut bootstrap) = self.bootstrap.take() else { return Vec::new() };
        bootstrap.addresses.retain(|address| self.contains(address));
        let due = bootstrap.addresses.clone();
        if let Some(gap) = RETRY_GAPS.get(bootstrap.sent) {
            self.bootstrap = Some(Bootstrap { sent: bootstrap.sent + 1, ..bootstrap });
            timers.set(Timer::Bootstrap, now + *gap);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_seed_is_queried_three_times_and_a_known_one_not_again() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let start = Instant::now();
        let seed = |last: u8| SocketAddr::from(([192, 0, 2, last], 49002));
        let (mut seeds, mut timers) = (Seeds::default(), Timers::default());
        seeds.set(&[seed(2), seed(1), seed(2)], &mut timers, start);
        assert_eq!(seeds.addresses(), [seed(1), seed(2)]);
        let mut asked = Vec::new();
        while let Some(next) = timers.next() {
            asked.push((next - start, seeds.take_due(&mut timers, next).len()));
        }
        assert_eq!(asked, [0, 250, 1000].map(|at| (Duration::from_millis(at), 2)));

        seeds.set(&[seed(2), seed(3)], &mut timers, start);
        assert_eq!(seeds.take_due(&mut timers, start), [seed(3)]);
        seeds.set(&[seed(2)], &mut timers, start);
        assert_eq!(seeds.take_due(&mut timers, start + RETRY_GAPS[0]), [], "it is no seed any more");
    }

    #[test]
    fn there_are_no_more_than_the_most() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let now = Instant::now();
        let many: Vec<SocketAddr> = (1..=u16::MAX).map(|port| ([192, 0, 2, 1], port).into()).collect();
        let (mut seeds, mut timers) = (Seeds::default(), Timers::default());
        seeds.set(&many, &mut timers, now);
        assert_eq!((seeds.addresses().len(), seeds.take_due(&mut timers, now).len()), (MAX_SEEDS, MAX_SEEDS));
    }
}
