//! `ReceiveWatchdog`: when a datagram was last received, and for how long the group has been silent.

use std::time::{Duration, Instant};

use crate::event::Arrival;
use crate::timers::{Timer, Timers};

pub(crate) struct ReceiveWatchdog {
    /// Silence of the group for longer than this is a fault: the node's own announces are looped back. `None` if the node
    /// joins no group.
    limit: Option<Duration>,
    last_received: Option<Instant>,
    last_unicast: Option<Instant>,
    is_not_receiving: bool,
    reopen_wanted: bool,
}

impl ReceiveWatchdog {
    pub fn new(limit: Option<Duration>, timers: &mut Timers, now: Instant) -> Self {
        timers.set(Timer::Receive, limit.map(|limit| now + limit));
        ReceiveWatchdog {
            limit,
            last_received: None,
            last_unicast: None,
            is_not_receiving: false,
            reopen_wanted: false,
        }
    }

    /// Takes note of a datagram.
    pub fn on_datagram(&mut self, is_v6: bool, arrival: Arrival, timers: &mut Timers, now: Instant) {
        self.last_received = Some(now);
        match (arrival, self.limit) {
            (Arrival::Group, Some(limit)) => {
                timers.set(Timer::Receive, now + limit);
                timers.set(if is_v6 { Timer::ReceiveV6 } else { Timer::ReceiveV4 }, now + limit);
                self.is_not_receiving = false;
            }
            (Arrival::Group, None) => {}
            // Replies to probes arrive even if the group is no longer received.
            (Arrival::Unicast, _) => self.last_unicast = Some(now),
        }
    }

    /// Asks for new sockets if nothing was received for too long: again and again if that is true of both families, once if
    /// it is true of one, whose addresses may have been removed.
    pub fn handle_timeout(&mut self, timers: &mut Timers, now: Instant) {
        if timers.take_expired(Timer::Receive, now) {
            timers.set(Timer::Receive, self.limit.map(|limit| now + limit));
            self.is_not_receiving = true;
            self.reopen_wanted = true;
        }
        for family in [Timer::ReceiveV4, Timer::ReceiveV6] {
            self.reopen_wanted |= timers.take_expired(family, now);
        }
    }

    /// Begins anew: while the process was suspended nothing could be received.
    pub fn reset(&mut self, timers: &mut Timers, now: Instant) {
        for timer in [Timer::Receive, Timer::ReceiveV4, Timer::ReceiveV6] {
            if timers.stop(timer) {
                timers.set(timer, self.limit.map(|limit| now + limit));
            }
        }
    }

    pub fn last_received(&self) -> Option<Instant> {
        self.last_received
    }

    /// Returns true if a datagram for this node alone was received at `since` or later.
    pub fn has_unicast_since(&self, since: Instant) -> bool {
        self.last_unicast >= Some(since)
    }

    pub fn is_not_receiving(&self) -> bool {
        self.is_not_receiving
    }

    /// Returns true once after sockets were found to be worth reopening.
    pub fn poll_reopen(&mut self) -> bool {
        std::mem::take(&mut self.reopen_wanted)
    }
}
