//! `Timers`: all deadlines of a node, in one table.

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
    /// A reply to the group.
    MulticastReply,
    /// The first reply in the queue of unicast replies.
    UnicastReply,
    /// The next query to seeds that are new.
    Bootstrap,
    /// Nothing was received from the group for too long.
    Receive,
    /// As `Receive`, by IPv4 alone.
    ReceiveV4,
    /// As `Receive`, by IPv6 alone.
    ReceiveV6,
    /// The first deadline of SWIM and of its synchronisation.
    Swim,
    /// The next comparison of the registry with the members of the cluster.
    #[cfg(feature = "swim")]
    Round,
    /// The first expiry or probe in the peer table.
    PeerTable,
    /// The first expiry of a static entry.
    StaticEntries,
}

const COUNT: usize = Timer::StaticEntries as usize + 1;

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_deadline_is_next_and_an_expired_timer_stops() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let start = Instant::now();
        let (early, late) = (start + Duration::from_secs(1), start + Duration::from_secs(2));
        let mut timers = Timers::default();
        assert_eq!(timers.next(), None);
        timers.set(Timer::Announce, late);
        timers.set(Timer::StaticEntries, early);
        assert_eq!((timers.next(), timers.get(Timer::Announce)), (Some(early), Some(late)));
        assert!(!timers.take_expired(Timer::Announce, early));
        assert!(timers.take_expired(Timer::StaticEntries, early));
        assert!(!timers.take_expired(Timer::StaticEntries, late), "it was stopped");
        assert_eq!(timers.next(), Some(late));
        timers.set(Timer::Announce, None);
        assert!(!timers.stop(Timer::Announce));
        assert_eq!(timers.next(), None);
    }
}
