//! `Seeds`: addresses that multicast does not reach, and when those are queried from which no peer is listed.
//!
//! The host of a seed may be off. What is sent there waits for an address resolution that fails after seconds (ARP, NDP), and
//! the send buffer has room for so much of that. So queries go out in a rotating order, spread over the interval, and no more
//! wait than the buffer holds beside all else.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::path;
use crate::timers::{Timer, Timers};
use crate::wire::{InstanceId, MAX_MESSAGE};

/// Maximum number of seeds. A full mesh by unicast is meant for about 200 nodes.
pub const MAX_SEEDS: usize = 1024;

/// Gaps between the queries to a new seed that does not reply. From then on it gets one query in each interval.
const RETRY_GAPS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

/// Number of parts of an interval: the queries that are due in one are sent together.
const PARTS: usize = 16;

/// With more seeds that do not reply than this, the first query to each is short.
const FEW: usize = 64;

/// Length of a short query. The systems keep as much for it as for one of a few bytes, and about half of what they keep for the
/// longest. It brings the announce of a seed with a value of some 400 bytes.
const SHORT: usize = 576;

/// Maximum number of short queries to seeds that do not reply within `WINDOW`, after which address resolution has failed. A
/// long query counts as two.
const MAX_WAITING: usize = 256;
const WINDOW: Duration = Duration::from_secs(3);

#[derive(Default)]
pub(crate) struct Seeds {
    seeds: BTreeMap<SocketAddr, Seed>,
    /// What was sent within the last `WINDOW`, in the order of time.
    waiting: VecDeque<(Instant, usize)>,
}

struct Seed {
    /// The instance last received from there. One peer may be at several seeds, and is listed by one.
    received: Option<InstanceId>,
    /// When it is queried, unless a peer is listed there.
    next: Instant,
    /// Number of queries since it became a seed, or since the network changed.
    sent: usize,
}

/// A query to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeedQuery {
    pub seed: SocketAddr,
    pub len: usize,
}

impl Seeds {
    pub fn contains(&self, address: &SocketAddr) -> bool {
        self.seeds.contains_key(address)
    }

    /// Takes note of an instance that was received from an address, if that is a seed.
    pub fn on_received(&mut self, address: SocketAddr, id: InstanceId) {
        if let Some(seed) = self.seeds.get_mut(&address) {
            seed.received = Some(id);
        }
    }

    /// Returns the instance last received from each seed.
    pub fn received(&self) -> impl Iterator<Item = (SocketAddr, &InstanceId)> {
        self.seeds.iter().filter_map(|(address, seed)| Some((*address, seed.received.as_ref()?)))
    }

    /// Returns the seeds of which the first queries have been sent. Each may list this node, with its answer on the way. There
    /// are no more than those for which `copies` short messages may wait beside the queries.
    pub fn queried_lately(&self, copies: usize, now: Instant) -> impl Iterator<Item = SocketAddr> {
        let lately = self.seeds.iter().filter(|(_, seed)| (1..=RETRY_GAPS.len()).contains(&seed.sent));
        lately.map(|(address, _)| *address).take(self.room(now) / copies)
    }

    /// Replaces the seeds by the first `MAX_SEEDS` of these. New ones are queried at once.
    pub fn set(&mut self, addresses: &[SocketAddr], timers: &mut Timers, now: Instant) {
        let mut former = std::mem::take(&mut self.seeds);
        for address in addresses.iter().copied().map(path::normal).take(MAX_SEEDS) {
            let new = Seed { received: None, next: now, sent: 0 };
            self.seeds.insert(address, former.remove(&address).unwrap_or(new));
        }
        self.plan(timers, now);
    }

    /// Queries all seeds as new ones, because the network has changed.
    pub fn restart(&mut self, timers: &mut Timers, now: Instant) {
        for seed in self.seeds.values_mut() {
            (seed.next, seed.sent) = (now, 0);
        }
        self.plan(timers, now);
    }

    /// Returns the queries that are due by `now`: those that are due for the longest time first, and no more than may wait.
    /// Seeds that are `listed` are not queried.
    pub fn take_due(
        &mut self,
        is_listed: impl Fn(&SocketAddr) -> bool,
        interval: Duration,
        timers: &mut Timers,
        now: Instant,
    ) -> Vec<SeedQuery> {
        if !timers.take_expired(Timer::Seeds, now) {
            return Vec::new();
        }
        self.waiting.retain(|(end, _)| now < *end);
        let (due, silent) = self.due(is_listed, interval, now);
        let mut queries = Vec::new();
        for (index, address) in due.into_iter().enumerate() {
            let Some(seed) = self.seeds.get(&address) else { continue };
            let is_short = silent > FEW && seed.sent.is_multiple_of(2);
            let len = if is_short { SHORT } else { MAX_MESSAGE };
            if !self.try_wait(len, now) {
                break;
            }
            let part = (index * PARTS / silent + 1) as u32;
            self.plan_next(address, silent, interval * part / PARTS as u32, interval, now);
            queries.push(SeedQuery { seed: address, len });
        }
        self.plan(timers, now);
        queries
    }

    /// Returns the seeds that are due, those that are due for the longest time first, and the number of all that are not
    /// listed.
    fn due(
        &mut self,
        is_listed: impl Fn(&SocketAddr) -> bool,
        interval: Duration,
        now: Instant,
    ) -> (Vec<SocketAddr>, usize) {
        let mut due: Vec<(Instant, SocketAddr)> = Vec::new();
        let mut silent = 0;
        for (address, seed) in &mut self.seeds {
            if is_listed(address) {
                (seed.next, seed.sent) = (now + interval, RETRY_GAPS.len());
                continue;
            }
            silent += 1;
            if seed.next <= now {
                due.push((seed.next, *address));
            }
        }
        due.sort_unstable();
        (due.into_iter().map(|(_, address)| address).collect(), silent)
    }

    /// Counts a query as waiting, unless that is one too many.
    fn try_wait(&mut self, len: usize, now: Instant) -> bool {
        let cost = if len == SHORT { 1 } else { 2 };
        let has_room = self.room(now) >= cost;
        if has_room {
            self.waiting.push_back((now + WINDOW, cost));
        }
        has_room
    }

    /// Sets when a seed that was queried is queried again: after a gap, or once an interval, from then on in its part of it.
    fn plan_next(
        &mut self,
        address: SocketAddr,
        silent: usize,
        part: Duration,
        interval: Duration,
        now: Instant,
    ) {
        let Some(seed) = self.seeds.get_mut(&address) else { return };
        let is_spread = seed.sent == RETRY_GAPS.len() && silent > PARTS;
        let steady = if is_spread { part } else { interval };
        let gap = RETRY_GAPS.get(seed.sent).copied().unwrap_or(steady);
        (seed.next, seed.sent) = (now + gap, seed.sent + 1);
    }

    /// Sets the timer to the first query, or to when there is room for one.
    fn plan(&self, timers: &mut Timers, now: Instant) {
        let first = self.seeds.values().map(|seed| seed.next).min();
        let room = self.waiting.front().filter(|_| self.room(now) < 2).map(|(end, _)| *end);
        timers.set(Timer::Seeds, first.max(first.and(room)));
    }

    /// Returns how many more short queries may wait.
    fn room(&self, now: Instant) -> usize {
        let waiting: usize = self.waiting.iter().filter(|(end, _)| now < *end).map(|(_, cost)| cost).sum();
        MAX_WAITING.saturating_sub(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(15);

    fn seed(number: u16) -> SocketAddr {
        ([192, 0, 2, 1], number).into()
    }

    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn start() -> Instant {
        Instant::now()
    }

    /// Runs for a time. Returns when which seeds were queried, and how long the queries were.
    fn run(
        seeds: &mut Seeds,
        timers: &mut Timers,
        start: Instant,
        time: Duration,
    ) -> Vec<(Duration, SeedQuery)> {
        let mut queries = Vec::new();
        while let Some(next) = timers.next().filter(|next| *next <= start + time) {
            let due = seeds.take_due(|_| false, INTERVAL, timers, next);
            queries.extend(due.into_iter().map(|query| (next - start, query)));
        }
        queries
    }

    #[test]
    fn a_new_seed_is_queried_three_times_and_then_each_interval() {
        let (start, mut seeds, mut timers) = (start(), Seeds::default(), Timers::default());
        seeds.set(&[seed(2), seed(1), seed(2)], &mut timers, start);
        assert!(seeds.seeds.keys().eq(&[seed(1), seed(2)]));
        let times = run(&mut seeds, &mut timers, start, 2 * INTERVAL);
        let times: Vec<u128> = times.iter().step_by(2).map(|(at, _)| at.as_millis()).collect();
        assert_eq!(times, [0, 250, 1000, 16_000]);

        let later = start + 2 * INTERVAL;
        seeds.set(&[seed(2), seed(3)], &mut timers, later);
        let due = seeds.take_due(|_| false, INTERVAL, &mut timers, later);
        assert_eq!(due, [SeedQuery { seed: seed(3), len: MAX_MESSAGE }]);
    }

    #[test]
    fn one_result_after_another_takes_no_query_from_the_first() {
        let (start, mut seeds, mut timers) = (start(), Seeds::default(), Timers::default());
        seeds.set(&[seed(1)], &mut timers, start);
        seeds.take_due(|_| false, INTERVAL, &mut timers, start);
        seeds.set(&[seed(1), seed(2)], &mut timers, start);
        let queries = run(&mut seeds, &mut timers, start, Duration::from_secs(1));
        let of = |port| queries.iter().filter(|(_, query)| query.seed == seed(port)).count();
        assert_eq!((of(1), of(2)), (2, 3));
    }

    #[test]
    fn no_more_wait_for_address_resolution_than_the_bound() {
        let (start, mut seeds, mut timers) = (start(), Seeds::default(), Timers::default());
        let many: Vec<SocketAddr> = (1..=u16::MAX).map(seed).collect();
        seeds.set(&many, &mut timers, start);
        let queries = run(&mut seeds, &mut timers, start, 8 * INTERVAL);
        for (at, _) in &queries {
            let within = queries.iter().filter(|(other, _)| *at <= *other && *other < *at + WINDOW);
            let cost: usize = within.map(|(_, query)| if query.len == SHORT { 1 } else { 2 }).sum();
            assert!(cost <= MAX_WAITING, "{cost} at {at:?}");
        }
        let queried: std::collections::BTreeSet<SocketAddr> =
            queries.iter().map(|(_, query)| query.seed).collect();
        assert_eq!(queried.len(), MAX_SEEDS, "each has its turn");
    }

    #[test]
    fn the_seeds_of_a_subnet_are_all_queried_at_once() {
        let (start, mut seeds, mut timers) = (start(), Seeds::default(), Timers::default());
        let subnet: Vec<SocketAddr> = (1..=254).map(seed).collect();
        seeds.set(&subnet, &mut timers, start);
        assert_eq!(seeds.take_due(|_| false, INTERVAL, &mut timers, start).len(), 254);
        let rest = run(&mut seeds, &mut timers, start, 8 * INTERVAL);
        let largest = rest.chunk_by(|one, next| one.0 == next.0).map(<[_]>::len).max();
        assert!(largest <= Some(MAX_WAITING), "{largest:?}");
        let last = rest.iter().filter(|(at, _)| *at > 6 * INTERVAL).collect::<Vec<_>>();
        let largest = last.chunk_by(|one, next| one.0 == next.0).map(<[_]>::len).max();
        assert!(largest <= Some(MAX_WAITING / 2), "they are spread: {largest:?}");
    }

    #[test]
    fn a_listed_seed_is_not_queried() {
        let (start, mut seeds, mut timers) = (start(), Seeds::default(), Timers::default());
        seeds.set(&[seed(1), seed(2)], &mut timers, start);
        let due = seeds.take_due(|address| *address == seed(1), INTERVAL, &mut timers, start);
        assert_eq!(due, [SeedQuery { seed: seed(2), len: MAX_MESSAGE }]);
    }
}
