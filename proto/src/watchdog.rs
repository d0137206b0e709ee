//! `ReceiveWatchdog`: how long the group has been silent, and what to make of that.

use std::time::{Duration, Instant};

pub(crate) struct ReceiveWatchdog {
    /// Silence for longer than this is no chance: the node's own announcements come back to it.
    limit: Duration,
    /// When nothing at all will have been heard for too long.
    deadline: Instant,
    /// By IPv4 and by IPv6, when it will have been silent for too long; `None` while it was not heard.
    families: [Option<Instant>; 2],
    not_receiving: bool,
}

impl ReceiveWatchdog {
    pub fn new(limit: Duration, now: Instant) -> Self {
        ReceiveWatchdog { limit, deadline: now + limit, families: [None; 2], not_receiving: false }
    }

    pub fn on_received(&mut self, by_v6: bool, now: Instant) {
        self.deadline = now + self.limit;
        self.families[usize::from(by_v6)] = Some(self.deadline);
        self.not_receiving = false;
    }

    /// True if the sockets may be deaf, and new ones should be tried: when nothing is heard, again and again; when one family
    /// falls silent beside the other, once, for it may have been taken away.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        let is_silent = self.deadline <= now;
        if is_silent {
            self.not_receiving = true;
            self.deadline = now + self.limit;
        }
        let fell_silent =
            |family: &mut Option<Instant>| family.take_if(|deadline| *deadline <= now).is_some();
        let families = self.families.iter_mut().filter_map(|family| fell_silent(family).then_some(()));
        families.count() > 0 || is_silent
    }

    /// Begins anew: nobody could be heard.
    pub fn reset(&mut self, now: Instant) {
        self.deadline = now + self.limit;
        for deadline in self.families.iter_mut().flatten() {
            *deadline = now + self.limit;
        }
    }

    /// True from the moment the silence has lasted too long until something is heard.
    pub fn is_not_receiving(&self) -> bool {
        self.not_receiving
    }

    pub fn poll_timeout(&self) -> Instant {
        self.families.iter().flatten().fold(self.deadline, |first, deadline| first.min(*deadline))
    }
}
