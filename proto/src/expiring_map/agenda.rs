//! `Agenda`: which slots of an owner are due, and when the next one is.
//!
//! The owner keeps the deadlines, in nanoseconds from the agenda's begin: half the size of an `Instant`. The agenda has
//! [`Timers`] set by them. A deadline that is put off is not told to the timer: it is found out when its old time has come. So
//! a renewal does not touch the timers at all.
//!
//! No call does more than a bounded number of things, however much is due: so nobody who waits for the owner's lock waits for
//! long.

use std::time::{Duration, Instant};

use crate::expiring_map::timers::Timers;

/// The most slots that are due at a time: when everything is, others are to get their turn between. What is done for one takes
/// a few microseconds.
pub(crate) const MAX_DUE: usize = 256;

/// The most timers that are set anew at a time, each in less than a microsecond.
const MAX_RESET: usize = 2048;

/// Seconds that something may last: 272 years. A deadline is then one in 64 bits, and one that an `Instant` can hold.
const LONGEST: u64 = 1 << 33;

/// From when and until when something lasts, in nanoseconds from the agenda's begin.
#[derive(Clone, Copy, Default)]
pub(crate) struct Term {
    pub begin: u64,
    pub deadline: u64,
}

pub(crate) struct Agenda {
    timers: Timers,
    begin: Instant,
    /// When slots were last taken out: nothing is said to be due before that.
    last_taken: u64,
    /// The last moment that something was to be due after, with its nanoseconds: a batch of datagrams has one.
    moment: (Instant, u64),
}

impl Agenda {
    pub fn new(now: Instant) -> Self {
        Agenda { timers: Timers::default(), begin: now, last_taken: 0, moment: (now, 0) }
    }

    pub fn nanos(&self, instant: Instant) -> u64 {
        nanos_of(instant.saturating_duration_since(self.begin))
    }

    pub fn instant(&self, nanos: u64) -> Instant {
        self.begin + Duration::from_nanos(nanos)
    }

    /// That of what lasts for `ttl` from now on.
    #[inline]
    pub fn term(&mut self, ttl: Duration, now: Instant) -> Term {
        if now != self.moment.0 {
            self.moment = (now, self.nanos(now));
        }
        let begin = self.moment.1;
        let nanos = ttl.as_secs().min(LONGEST) * 1_000_000_000 + u64::from(ttl.subsec_nanos());
        Term { begin, deadline: begin + nanos }
    }

    /// Puts in a slot that is not there.
    pub fn insert(&mut self, slot: u32, deadline: u64) {
        self.timers.insert(slot, deadline);
    }

    /// A slot that is there has another deadline.
    #[inline]
    pub fn change(&mut self, slot: u32, before: u64, deadline: u64) {
        if deadline < before {
            self.timers.set(slot, deadline);
        }
    }

    /// Takes out a slot that is there.
    pub fn remove(&mut self, slot: u32) {
        self.timers.remove(slot);
    }

    /// When to call `take_due` next. Exact after one that had something to do, and after [`look`](Self::look), unless very
    /// many deadlines were put off; what changed since then may have left it too early, never too late.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(time, _)| self.instant(time.max(self.last_taken)))
    }

    /// Takes out the slots whose deadline has come, in the order of their deadlines: at most [`MAX_DUE`], and then `poll_timeout`
    /// says that there may be more.
    pub fn take_due(&mut self, now: Instant, deadline_of: impl Fn(u32) -> u64) -> Vec<u32> {
        let now = self.nanos(now);
        if self.timers.first().is_none_or(|(time, _)| now < time) {
            return Vec::new();
        }
        self.last_taken = now;
        let (mut due, mut resets) = (Vec::new(), MAX_RESET);
        while let Some((deadline, slot)) = self.first(&deadline_of, &mut resets)
            && deadline <= now
            && due.len() < MAX_DUE
        {
            self.timers.remove(slot);
            due.push((deadline, slot));
        }
        in_order(due)
    }

    /// Finds the earliest deadline.
    pub fn look(&mut self, deadline_of: impl Fn(u32) -> u64) {
        let mut resets = MAX_RESET;
        self.first(&deadline_of, &mut resets);
    }

    /// The slot with the earliest deadline. Timers that are early are set anew on the way; `None` if there are too many, too.
    fn first(&mut self, deadline_of: impl Fn(u32) -> u64, resets: &mut usize) -> Option<(u64, u32)> {
        while let Some((time, slot)) = self.timers.first() {
            let deadline = deadline_of(slot);
            if deadline == time {
                return Some((deadline, slot));
            }
            *resets = resets.checked_sub(1)?;
            self.timers.set(slot, deadline);
        }
        None
    }
}

/// The slots in the order of their times. One function for all owners: what sorts is long.
pub(crate) fn in_order(mut slots: Vec<(u64, u32)>) -> Vec<u32> {
    slots.sort_unstable();
    slots.into_iter().map(|(_, slot)| slot).collect()
}

/// As `Duration::as_nanos`, but in 64 bits: every datagram needs it.
fn nanos_of(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}
