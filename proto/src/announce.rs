//! `AnnounceTimer`: when a node speaks to the group without being asked.

use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::wire::Kind;

/// The queries of a burst follow one another by these times. The first may meet a network that is not quite up, and the
/// loss of one, or of two, is made good within the second that a user waits without noticing.
const BURST_GAPS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

/// How long after the last query a burst begins that was wanted before the one before it was through, and that one before
/// its own: a network that comes up changes once or twice, one that goes on changing has a fault.
const QUERY_GAPS: [Duration; 6] = [
    Duration::from_millis(50),
    Duration::from_millis(50),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Many silent peers are asked through the group no more often than this. They are asked again at each part of their
/// life, and everybody has to answer.
const GROUP_QUERY_GAP: Duration = Duration::from_secs(5);

/// No two changes of the value are announced closer than this. What is slower looks slow to a user; what is faster is a
/// stream, for which this protocol is not made.
const CHANGE_GAP: Duration = Duration::from_millis(100);

/// Steady announcements come early by up to this part of the interval, so that nodes started together do not speak
/// together for ever.
const JITTER_PART: u32 = 10;

pub(crate) struct AnnounceTimer {
    interval: Duration,
    next_announce: Instant,
    burst: Option<Burst>,
    /// When to ask everybody once, in the place of many questions.
    next_group_query: Option<Instant>,
    last_query: Option<Instant>,
    /// When to announce a change of the value.
    next_change: Option<Instant>,
    last_change: Option<Instant>,
}

/// A query at once, and two more.
struct Burst {
    next: Instant,
    sent: usize,
    /// How many bursts before this one were not through when the next was wanted.
    unfinished: usize,
}

/// Something to say to the group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DueMessage {
    pub kind: Kind,
    /// When it was asked before, in the same burst.
    pub queried_at: Option<Instant>,
    /// Whether the legacy beacon goes with it.
    pub with_legacy: bool,
}

impl AnnounceTimer {
    /// A schedule that begins with a burst.
    pub fn new(interval: Duration, now: Instant) -> Self {
        AnnounceTimer {
            interval,
            next_announce: now + interval,
            burst: Some(Burst { next: now, sent: 0, unfinished: 0 }),
            next_group_query: None,
            last_query: None,
            next_change: None,
            last_change: None,
        }
    }

    /// Begins a burst: at once, unless there have been many lately.
    pub fn begin_burst(&mut self, now: Instant) {
        let unfinished = match &self.burst {
            Some(burst) if burst.sent == 0 => return,
            Some(burst) => burst.unfinished + 1,
            None => 0,
        };
        let gap = QUERY_GAPS[unfinished.min(QUERY_GAPS.len() - 1)];
        let earliest = self.last_query.map_or(now, |last| last + gap);
        self.burst = Some(Burst { next: earliest.max(now), sent: 0, unfinished });
    }

    /// Asks everybody once, unless that was done lately.
    pub fn query_group(&mut self, now: Instant) {
        if self.burst.is_none() && self.last_query.is_none_or(|last| last + GROUP_QUERY_GAP <= now) {
            self.next_group_query = Some(now);
        }
    }

    /// The value has changed: announces it at once, unless another change was just announced.
    pub fn on_value_change(&mut self, now: Instant) {
        let earliest = self.last_change.map_or(now, |last| last + CHANGE_GAP);
        self.next_change = Some(earliest.max(now));
    }

    /// What is to be said by `now`; to be called until there is nothing.
    pub fn take_due(&mut self, now: Instant, rng: &mut Rng) -> Option<DueMessage> {
        if self.burst.as_ref().is_some_and(|burst| burst.next <= now) {
            return Some(self.take_query(now, rng));
        }
        if self.next_group_query.take_if(|due| *due <= now).is_some() {
            self.last_query = Some(now);
            self.on_announced(now);
            // It puts off no announcement: a line goes with that.
            return Some(DueMessage { kind: Kind::Query, queried_at: None, with_legacy: false });
        }
        if self.next_announce <= now {
            self.plan_announce(now, rng);
            return Some(DueMessage { kind: Kind::Announce, queried_at: None, with_legacy: true });
        }
        if self.next_change.is_some_and(|due| due <= now) {
            self.on_announced(now);
            return Some(DueMessage { kind: Kind::Announce, queried_at: None, with_legacy: false });
        }
        None
    }

    pub fn poll_timeout(&self) -> Instant {
        let burst = self.burst.as_ref().map(|burst| burst.next);
        [burst, self.next_group_query, self.next_change]
            .into_iter()
            .flatten()
            .fold(self.next_announce, Instant::min)
    }

    /// A query announces as well, so the next announcement is counted from it.
    fn take_query(&mut self, now: Instant, rng: &mut Rng) -> DueMessage {
        let (sent, unfinished) = self.burst.as_ref().map_or((0, 0), |burst| (burst.sent, burst.unfinished));
        self.burst = BURST_GAPS.get(sent).map(|gap| Burst { next: now + *gap, sent: sent + 1, unfinished });
        let queried_at = self.last_query.replace(now).filter(|_| sent > 0);
        self.plan_announce(now, rng);
        DueMessage { kind: Kind::Query, queried_at, with_legacy: sent == 0 }
    }

    fn plan_announce(&mut self, now: Instant, rng: &mut Rng) {
        self.next_announce = now + self.interval - random_up_to(self.interval / JITTER_PART, rng);
        self.on_announced(now);
    }

    /// Every message to the group tells the value, so a change that waited is told now.
    pub fn on_announced(&mut self, now: Instant) {
        if self.next_change.take().is_some() {
            self.last_change = Some(now);
        }
    }
}

/// A random duration below `limit`; zero if that is zero.
pub(crate) fn random_up_to(limit: Duration, rng: &mut Rng) -> Duration {
    match u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX) {
        0 => Duration::ZERO,
        nanos => Duration::from_nanos(rng.u64(..nanos)),
    }
}
