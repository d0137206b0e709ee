//! `Schedule`: when a node speaks to the group without being asked.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::wire::Kind;

/// The queries of a burst follow one another by these times. The first may meet a network that is not quite up, and the
/// loss of one, or of two, is made good within the second that a user waits without noticing.
const BURST_GAPS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

/// No two queries to the group come closer than this, however often the network changes.
const SHORTEST_QUERY_GAP: Duration = Duration::from_millis(250);

/// No two changes of the value are announced closer than this. What is slower looks slow to a user; what is faster is a
/// stream, for which this protocol is not made.
const SHORTEST_CHANGE_GAP: Duration = Duration::from_millis(100);

/// Steady announcements come early by up to this part of the interval, so that nodes started together do not speak
/// together for ever.
const JITTER_PART: u32 = 10;

pub(super) struct Schedule {
    interval: Duration,
    next_announce: Instant,
    burst: Option<Burst>,
    last_query: Option<Instant>,
    /// When to announce a change of the value.
    next_change: Option<Instant>,
    last_change: Option<Instant>,
}

/// A query at once, and two more.
struct Burst {
    next: Instant,
    sent: usize,
}

/// Something to say to the group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub kind: Kind,
    /// Whether the ancestor's line goes with it.
    pub with_line: bool,
}

impl Schedule {
    /// A schedule that begins with a burst.
    pub fn new(interval: Duration, now: Instant) -> Self {
        Schedule {
            interval,
            next_announce: now + interval,
            burst: Some(Burst { next: now, sent: 0 }),
            last_query: None,
            next_change: None,
            last_change: None,
        }
    }

    /// Begins a burst: at once, unless a query has just been sent.
    pub fn begin_burst(&mut self, now: Instant) {
        let earliest = self.last_query.map_or(now, |last| last + SHORTEST_QUERY_GAP);
        self.burst = Some(Burst { next: earliest.max(now), sent: 0 });
    }

    /// The value has changed: announces it at once, unless another change was just announced.
    pub fn note_change(&mut self, now: Instant) {
        let earliest = self.last_change.map_or(now, |last| last + SHORTEST_CHANGE_GAP);
        self.next_change = Some(earliest.max(now));
    }

    /// What is to be said by `now`; to be called until there is nothing.
    pub fn take_due(&mut self, now: Instant, rng: &mut Rng) -> Option<Due> {
        if self.burst.as_ref().is_some_and(|burst| burst.next <= now) {
            return Some(self.take_query(now, rng));
        }
        if self.next_announce <= now {
            self.plan_announce(now, rng);
            return Some(Due { kind: Kind::Announce, with_line: true });
        }
        if self.next_change.is_some_and(|due| due <= now) {
            self.note_told(now);
            return Some(Due { kind: Kind::Announce, with_line: false });
        }
        None
    }

    pub fn poll_timeout(&self) -> Instant {
        let burst = self.burst.as_ref().map(|burst| burst.next);
        [burst, self.next_change].into_iter().flatten().fold(self.next_announce, Instant::min)
    }

    /// A query announces as well, so the next announcement is counted from it.
    fn take_query(&mut self, now: Instant, rng: &mut Rng) -> Due {
        let sent = self.burst.as_ref().map_or(0, |burst| burst.sent);
        self.burst = BURST_GAPS.get(sent).map(|gap| Burst { next: now + *gap, sent: sent + 1 });
        self.last_query = Some(now);
        self.plan_announce(now, rng);
        Due { kind: Kind::Query, with_line: sent == 0 }
    }

    fn plan_announce(&mut self, now: Instant, rng: &mut Rng) {
        self.next_announce = now + self.interval - random_up_to(self.interval / JITTER_PART, rng);
        self.note_told(now);
    }

    /// Every message tells the value, so a change that waited is told now.
    fn note_told(&mut self, now: Instant) {
        if self.next_change.take().is_some() {
            self.last_change = Some(now);
        }
    }
}

/// A random duration below `limit`; zero if that is zero.
pub(super) fn random_up_to(limit: Duration, rng: &mut Rng) -> Duration {
    match u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX) {
        0 => Duration::ZERO,
        nanos => Duration::from_nanos(rng.u64(..nanos)),
    }
}
