//! `Seeds`: addresses that are told by unicast, because multicast does not reach them, and when they are first asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::path;
use crate::wire::InstanceId;

/// The most addresses that are kept. A full mesh by unicast is meant for some 200 nodes; a name with more addresses than
/// this is none of a cluster.
pub const MAX_SEEDS: usize = 1024;

/// A new seed that does not answer is asked again after these times, as everybody is when a node starts; from then on it
/// hears from us once an interval.
const RETRY_GAPS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

#[derive(Default)]
pub(crate) struct Seeds {
    addresses: Vec<SocketAddr>,
    /// Who was last heard from a seed's address. One peer may be at several, and is listed by one.
    heard: BTreeMap<SocketAddr, InstanceId>,
    bootstrap: Option<Bootstrap>,
}

/// Seeds that are new, and not all asked as often as a new one is.
struct Bootstrap {
    addresses: Vec<SocketAddr>,
    next: Instant,
    sent: usize,
}

impl Seeds {
    /// The addresses, in order, each once.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub fn contains(&self, address: &SocketAddr) -> bool {
        self.addresses.binary_search(address).is_ok()
    }

    /// True for a seed that is new, and is asked again.
    pub fn is_bootstrapping(&self, address: &SocketAddr) -> bool {
        self.bootstrap.as_ref().is_some_and(|bootstrap| bootstrap.addresses.contains(address))
    }

    /// Takes note of who was heard from there, if it is a seed.
    pub fn on_received(&mut self, address: SocketAddr, id: InstanceId) {
        if self.contains(&address) {
            self.heard.insert(address, id);
        }
    }

    /// Who was last heard from each seed, as far as anybody was.
    pub fn heard(&self) -> impl Iterator<Item = (SocketAddr, &InstanceId)> {
        self.heard.iter().map(|(address, id)| (*address, id))
    }

    /// Replaces the seeds, by the first `MAX_SEEDS` of these. Those that are new are to be greeted.
    pub fn set(&mut self, addresses: &[SocketAddr], now: Instant) {
        let mut addresses: Vec<SocketAddr> = addresses.iter().copied().map(path::normal).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(MAX_SEEDS);
        self.heard.retain(|address, _| addresses.binary_search(address).is_ok());
        let former = std::mem::replace(&mut self.addresses, addresses);
        let is_new = |address: &SocketAddr| former.binary_search(address).is_err();
        let new: Vec<SocketAddr> = self.addresses.iter().copied().filter(is_new).collect();
        if !new.is_empty() {
            self.bootstrap = Some(Bootstrap { addresses: new, next: now, sent: 0 });
        }
    }

    /// The new seeds that are to be asked by `now`: those that are still seeds.
    pub fn take_due(&mut self, now: Instant) -> Vec<SocketAddr> {
        let Some(mut bootstrap) = self.bootstrap.take_if(|bootstrap| bootstrap.next <= now) else {
            return Vec::new();
        };
        bootstrap.addresses.retain(|address| self.contains(address));
        let due = bootstrap.addresses.clone();
        if let Some(gap) = RETRY_GAPS.get(bootstrap.sent) {
            self.bootstrap = Some(Bootstrap { next: now + *gap, sent: bootstrap.sent + 1, ..bootstrap });
        }
        due
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.bootstrap.as_ref().map(|bootstrap| bootstrap.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_asked_three_times_and_what_is_known_is_not_asked_again() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let start = Instant::now();
        let seed = |last: u8| SocketAddr::from(([192, 0, 2, last], 49002));
        let mut seeds = Seeds::default();
        seeds.set(&[seed(2), seed(1), seed(2)], start);
        assert_eq!(seeds.addresses(), [seed(1), seed(2)]);
        let mut asked = Vec::new();
        while let Some(next) = seeds.poll_timeout() {
            asked.push((next - start, seeds.take_due(next).len()));
        }
        assert_eq!(asked, [0, 250, 1000].map(|at| (Duration::from_millis(at), 2)));

        seeds.set(&[seed(2), seed(3)], start);
        assert_eq!(seeds.take_due(start), [seed(3)]);
        seeds.set(&[seed(2)], start);
        assert_eq!(seeds.take_due(start + RETRY_GAPS[0]), [], "it is no seed any more");
    }

    #[test]
    fn there_are_no_more_than_the_most() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let now = Instant::now();
        let many: Vec<SocketAddr> = (1..=u16::MAX).map(|port| ([192, 0, 2, 1], port).into()).collect();
        let mut seeds = Seeds::default();
        seeds.set(&many, now);
        assert_eq!((seeds.addresses().len(), seeds.take_due(now).len()), (MAX_SEEDS, MAX_SEEDS));
    }
}
