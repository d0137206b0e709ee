//! `Agenda`: which slots of an owner are due, and when the next one is.
//!
//! The owner keeps the deadlines, in nanoseconds from the agenda's begin: half the size of an `Instant`. The agenda arms a
//! [`Wheel`] by them. A deadline that is put off is not told to the wheel: it finds out when it reaches the old one.

use std::time::{Duration, Instant};

use super::wheel::Wheel;

/// Ticks of the wheel, as a power of two of nanoseconds: 2^26 ns = 67 ms. Deadlines are exact whatever the tick; a
/// coarser one means longer lists to look through, a finer one a shorter span of the wheel.
const TICK_BITS: u32 = 26;

/// The most slots that are due at a time: when everything is, others are to get their turn between. What is done for one takes
/// a few microseconds.
pub(super) const MAX_DUE: usize = 1024;

pub(super) struct Agenda {
    wheel: Wheel,
    begin: Instant,
    /// Not after the earliest deadline; early after one was put off or taken out.
    earliest: Option<u64>,
}

impl Agenda {
    pub fn new(now: Instant) -> Self {
        Agenda { wheel: Wheel::new(), begin: now, earliest: None }
    }

    pub fn nanos(&self, instant: Instant) -> u64 {
        nanos_of(instant.saturating_duration_since(self.begin))
    }

    pub fn instant(&self, nanos: u64) -> Instant {
        self.begin + Duration::from_nanos(nanos)
    }

    /// The deadline of what lasts for `ttl` from now on.
    pub fn deadline(&self, ttl: Duration, now: Instant) -> u64 {
        // Half the range is 292 years; beyond it an `Instant` might not hold the sum.
        self.nanos(now).saturating_add(nanos_of(ttl)).min(u64::MAX / 2)
    }

    /// Puts in a slot that is not there.
    pub fn insert(&mut self, slot: u32, deadline: u64) {
        self.wheel.arm(slot, tick(deadline));
        self.note(deadline);
    }

    /// A slot that is there has another deadline.
    pub fn change(&mut self, slot: u32, before: u64, deadline: u64) {
        if deadline < before {
            self.wheel.arm_earlier(slot, tick(deadline));
            self.note(deadline);
        }
    }

    /// Takes out a slot that is there.
    pub fn remove(&mut self, slot: u32) {
        self.wheel.disarm(slot);
    }

    /// When to call `take_due` next. Exact after a [`look`](Self::look); what changed since then may have left it too early,
    /// never too late.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.earliest.map(|earliest| self.instant(earliest))
    }

    /// Gives the next `take_due` something to do even if nothing is due.
    pub fn look_anew(&mut self) {
        if self.earliest.is_some() {
            self.earliest = Some(0);
        }
    }

    /// Takes out the slots whose deadline has come, in the order of their deadlines: at most [`MAX_DUE`], and then `poll_timeout`
    /// says that there are more. `None` if there was nothing to do; else a [`look`](Self::look) has to follow.
    pub fn take_due(&mut self, now: Instant, deadline_of: impl Fn(u32) -> u64) -> Option<Vec<u32>> {
        let now = self.nanos(now);
        self.earliest.filter(|earliest| *earliest <= now)?;
        let mut due = Vec::new();
        self.wheel.advance(tick(now));
        while due.len() < MAX_DUE
            && let Some(slot) = self.wheel.pop_due()
        {
            let deadline = deadline_of(slot);
            match now < deadline {
                true => self.wheel.arm(slot, tick(deadline)),
                false => due.push((deadline, slot)),
            }
        }
        self.earliest = Some(now);
        Some(in_order(due))
    }

    /// Finds the earliest deadline, unless there are more that have come.
    pub fn look(&mut self, deadline_of: impl Fn(u32) -> u64) {
        if self.wheel.has_due() {
            return;
        }
        let first = self.wheel.earliest(|slot| tick(deadline_of(slot)));
        self.earliest = first.and_then(|slots| slots.map(deadline_of).min());
    }

    fn note(&mut self, deadline: u64) {
        self.earliest = Some(self.earliest.map_or(deadline, |earliest| earliest.min(deadline)));
    }
}

/// The slots in the order of their times. One function for all owners: what sorts is long.
pub(super) fn in_order(mut slots: Vec<(u64, u32)>) -> Vec<u32> {
    slots.sort_unstable();
    slots.into_iter().map(|(_, slot)| slot).collect()
}

/// As `Duration::as_nanos`, but in 64 bits: every datagram needs it.
fn nanos_of(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

fn tick(nanos: u64) -> u64 {
    nanos >> TICK_BITS
}
