//! `Questions`: how many peers are asked one by one, and when they are too many for that.

use std::time::{Duration, Instant};

/// More questions than this within a `WINDOW` become one to the group. It also bounds what forged announcements, which are
/// followed by questions to whoever they name as their sender, can make a node send.
const MAX_QUESTIONS: usize = 64;

/// The time between two questions to one peer.
const WINDOW: Duration = Duration::from_millis(250);

pub(super) struct Questions {
    window_ends: Instant,
    asked: usize,
}

impl Questions {
    pub fn new(now: Instant) -> Self {
        Questions { window_ends: now, asked: 0 }
    }

    /// True if `count` more may be asked one by one now; they count as asked then.
    pub fn allow(&mut self, count: usize, now: Instant) -> bool {
        if self.window_ends <= now {
            *self = Questions { window_ends: now + WINDOW, asked: 0 };
        }
        let is_allowed = self.asked + count <= MAX_QUESTIONS;
        if is_allowed {
            self.asked += count;
        }
        is_allowed
    }
}
