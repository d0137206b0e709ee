//! `Timers`: the deadlines of a node that no queue has, in one table.

use std::time::Instant;

/// A deadline of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The next query of a burst.
    Burst,
    /// A query to the group in place of many probes.
    GroupQuery,
    /// The next periodic announce.
    Announce,
    /// The announce of a changed value.
    ValueChange,
    /// The message to the group once more.
    Repeat,
    /// The next goodbye.
    Goodbye,
    /// A legacy beacon for a new legacy peer.
    LegacyReply,
    /// A reply to the group.
    MulticastReply,
    /// The next query to seeds from which no peer is listed.
    Seeds,
    /// The next comparison of the registry with the members of the cluster.
    #[cfg(feature = "swim")]
    Round,
    /// Nothing was received from the group for too long.
    Receive,
    /// As `Receive`, by IPv4 alone.
    ReceiveV4,
    /// As `Receive`, by IPv6 alone.
    ReceiveV6,
}

const COUNT: usize = Timer::ReceiveV6 as usize + 1;

#[derive(Default)]
pub(crate) struct Timers {
    deadlines: [Option<Instant>; COUNT],
}

impl Timers {
    /// Sets a timer, or stops it if `deadline` is `None`.
    pub fn set(&mut self, timer: Timer, deadline: impl Into<Option<Instant>>) {
        self.deadlines[timer as usize] = deadline.into();
    }

    /// Stops a timer. Returns true if it was running.
    pub fn stop(&mut self, timer: Timer) -> bool {
        self.deadlines[timer as usize].take().is_some()
    }

    /// Stops a timer whose deadline has come by `now`. Returns true if it has.
    pub fn take_expired(&mut self, timer: Timer, now: Instant) -> bool {
        self.deadlines[timer as usize].take_if(|deadline| *deadline <= now).is_some()
    }

    pub fn get(&self, timer: Timer) -> Option<Instant> {
        self.deadlines[timer as usize]
    }

    /// Returns the first deadline.
    pub fn next(&self) -> Option<Instant> {
        self.deadlines.iter().flatten().min().copied()
    }
}
