//! `Questions`: how many peers are asked one by one, and when they are too many for that.
//!
//! An announcement can be forged, and is followed by questions to whoever it names as its sender. So a node asks no more bytes
//! than it hears, but for a small stock. Peers that live tell far more than they are asked.

use std::time::{Duration, Instant};

/// More questions than this within a `WINDOW` become one to the group.
const MAX_QUESTIONS: usize = 64;

/// The time between two questions to one peer.
const WINDOW: Duration = Duration::from_millis(250);

/// The most bytes of questions that are saved up, and the stock of a new node: enough to ask three or four peers that died
/// at once to the end.
const MAX_CREDIT: usize = 16 * 1024;

pub(crate) struct Questions {
    window_ends: Instant,
    asked: usize,
    /// How many bytes may be asked before more is heard.
    credit: usize,
}

impl Questions {
    pub fn new(now: Instant) -> Self {
        Questions { window_ends: now, asked: 0, credit: MAX_CREDIT }
    }

    /// Takes note that somebody else told so many bytes.
    pub fn on_received(&mut self, bytes: usize) {
        self.credit = MAX_CREDIT.min(self.credit + bytes);
    }

    /// True if `count` more may be asked one by one now, if they are not too long.
    pub fn may_ask(&mut self, count: usize, now: Instant) -> bool {
        if self.window_ends <= now {
            (self.window_ends, self.asked) = (now + WINDOW, 0);
        }
        self.asked + count <= MAX_QUESTIONS
    }

    /// True if those that may be asked have no more bytes together than there is credit; they count as asked then.
    pub fn pay(&mut self, count: usize, bytes: usize) -> bool {
        let is_paid = bytes <= self.credit;
        if is_paid {
            self.asked += count;
            self.credit -= bytes;
        }
        is_paid
    }
}
