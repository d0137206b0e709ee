//! `AnnounceTimer`: when a node sends to the group without being asked.

use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::rate_limit::RateLimit;
use crate::timers::{Timer, Timers};
use crate::wire::Kind;

/// Gaps between the queries of a burst. The first query may meet a network that is not quite up; the loss of one query or
/// of two is made good within a second. The last three are sent if messages are lost, as news shows. The last one comes late
/// enough for the replies of thousands, which are spread over seconds.
const BURST_GAPS: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(750),
    Duration::from_secs(1),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// Number of queries of a burst without loss.
const BURST_LEN: usize = 3;

/// A burst ends when so many queries in a row have brought nothing new.
const QUERIES_AFTER_NEWS: usize = 2;

/// Time from the last query to the next burst, by how many bursts in a row were cut short by the next one. A network that
/// comes up changes once or twice; one that goes on changing has a fault.
const QUERY_GAPS: [Duration; 6] = [
    Duration::from_millis(50),
    Duration::from_millis(50),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Minimum time from any query to one that takes the place of many probes. Every peer replies to it.
const GROUP_QUERY_GAP: Duration = Duration::from_secs(5);

/// Minimum time between announces of two changes of the value. A slower announce looks slow to a user; a faster one is a
/// stream, for which this protocol is not made.
const CHANGE_GAP: Duration = Duration::from_millis(100);

/// Periodic announces come early by up to this part of the interval, so that nodes started together drift apart.
const JITTER_PART: u32 = 10;

pub(crate) struct AnnounceTimer {
    interval: Duration,
    burst: Burst,
    last_query: Option<Instant>,
    changes: RateLimit,
}

/// The burst that is under way while `Timer::Burst` runs, or the last one.
struct Burst {
    sent: usize,
    wanted: usize,
    /// When the first query was sent.
    began: Instant,
    /// When the next query is due, if one is wanted.
    next_at: Instant,
    /// Bursts in a row before this one that were cut short.
    unfinished: usize,
}

impl Burst {
    fn new(begin: Instant, unfinished: usize) -> Self {
        Burst { sent: 0, wanted: BURST_LEN, began: begin, next_at: begin, unfinished }
    }
}

/// A message that is due to the group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DueMessage {
    pub kind: Kind,
    /// The time of the query before, in the same burst.
    pub queried_at: Option<Instant>,
    /// Of a query: instances received since then do not answer it.
    pub known_since: Option<Instant>,
    /// True if the legacy beacon goes with it: for a periodic announce and the first query of a burst.
    pub with_legacy: bool,
    /// True if it announces a changed value.
    pub is_change: bool,
}

impl DueMessage {
    fn new(kind: Kind, with_legacy: bool) -> Self {
        DueMessage { kind, queried_at: None, known_since: None, with_legacy, is_change: false }
    }
}

impl AnnounceTimer {
    /// Returns a timer that begins with a burst.
    pub fn new(interval: Duration, timers: &mut Timers, now: Instant) -> Self {
        timers.set(Timer::Announce, now + interval);
        timers.set(Timer::Burst, now);
        AnnounceTimer {
            interval,
            burst: Burst::new(now, 0),
            last_query: None,
            changes: RateLimit::new(1, CHANGE_GAP),
        }
    }

    /// Begins a burst: at once, or later if many bursts began lately.
    pub fn begin_burst(&mut self, timers: &mut Timers, now: Instant) {
        let unfinished = match timers.get(Timer::Burst) {
            Some(_) if self.burst.sent == 0 => return,
            Some(_) => self.burst.unfinished + 1,
            None => 0,
        };
        let gap = QUERY_GAPS[unfinished.min(QUERY_GAPS.len() - 1)];
        let begin = self.last_query.map_or(now, |last| now.max(last + gap));
        self.burst = Burst::new(begin, unfinished);
        timers.set(Timer::Burst, begin);
    }

    /// Returns true while news makes the burst go on: until the query after the last one is due.
    pub fn awaits_news(&self, now: Instant) -> bool {
        self.burst.sent > 0 && now < self.burst.next_at
    }

    /// Takes note that a message after the last query of the burst has brought news: messages before it were lost.
    pub fn on_news(&mut self, timers: &mut Timers) {
        let burst = &mut self.burst;
        burst.wanted = burst.wanted.max(burst.sent + QUERIES_AFTER_NEWS).min(BURST_GAPS.len() + 1);
        if burst.sent < burst.wanted {
            timers.set(Timer::Burst, burst.next_at);
        }
    }

    /// Plans one query to the group, unless a query was sent lately or is planned.
    pub fn query_group(&mut self, timers: &mut Timers, now: Instant) {
        let is_free = self.last_query.is_none_or(|last| last + GROUP_QUERY_GAP <= now);
        if is_free && timers.get(Timer::Burst).is_none() {
            timers.set(Timer::GroupQuery, now);
        }
    }

    /// Plans an announce of a changed value: at once, or later if another change was just announced.
    pub fn on_value_change(&mut self, timers: &mut Timers, now: Instant) {
        timers.set(Timer::ValueChange, self.changes.next_free(&(), now));
    }

    /// Takes note of a message to the group. Every one has the value, so no announce of a changed value is left to send.
    pub fn on_announced(&mut self, timers: &mut Timers, now: Instant) {
        if timers.stop(Timer::ValueChange) {
            self.changes.restart((), now, now);
        }
    }

    /// Returns a message that is due by `now`. The caller calls again until there is none.
    pub fn take_due(&mut self, timers: &mut Timers, now: Instant, rng: &mut Rng) -> Option<DueMessage> {
        if timers.take_expired(Timer::Burst, now) {
            return Some(self.take_burst_query(timers, now, rng));
        }
        if timers.take_expired(Timer::GroupQuery, now) {
            self.last_query = Some(now);
            self.on_announced(timers, now);
            // It puts off no periodic announce, because the legacy beacon goes with that.
            let known_since = now.checked_sub(self.interval);
            return Some(DueMessage { known_since, ..DueMessage::new(Kind::Query, false) });
        }
        if timers.take_expired(Timer::Announce, now) {
            self.plan_announce(timers, now, rng);
            return Some(DueMessage::new(Kind::Announce, true));
        }
        if timers.get(Timer::ValueChange).is_some_and(|due| due <= now) {
            self.on_announced(timers, now);
            return Some(DueMessage { is_change: true, ..DueMessage::new(Kind::Announce, false) });
        }
        None
    }

    /// A query announces as well, so the next announce is counted from it.
    fn take_burst_query(&mut self, timers: &mut Timers, now: Instant, rng: &mut Rng) -> DueMessage {
        let burst = &mut self.burst;
        let is_first = burst.sent == 0;
        if is_first {
            burst.began = now;
        }
        burst.next_at = now + BURST_GAPS.get(burst.sent).copied().unwrap_or_default();
        burst.sent += 1;
        if burst.sent < burst.wanted {
            timers.set(Timer::Burst, burst.next_at);
        }
        let known_since = Some(burst.began);
        let queried_at = self.last_query.replace(now).filter(|_| !is_first);
        self.plan_announce(timers, now, rng);
        DueMessage { queried_at, known_since, ..DueMessage::new(Kind::Query, is_first) }
    }

    fn plan_announce(&mut self, timers: &mut Timers, now: Instant, rng: &mut Rng) {
        let jitter = random_up_to(self.interval / JITTER_PART, rng);
        timers.set(Timer::Announce, now + self.interval - jitter);
        self.on_announced(timers, now);
    }
}

/// Returns a random duration below `limit`, or zero if that is zero.
pub(crate) fn random_up_to(limit: Duration, rng: &mut Rng) -> Duration {
    match u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX) {
        0 => Duration::ZERO,
        nanos => Duration::from_nanos(rng.u64(..nanos)),
    }
}
