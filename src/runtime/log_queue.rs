//! `LogQueue`: the lines that wait for the user's [`Logger`]. They are written under the node's locks, and delivered when none of
//! these is held.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::log::{Level, Logger};
use crate::sync::lock;

/// Maximum number of lines that wait. More are left out, so that a stuck logger does not make the queue grow.
const MAX_LINES: usize = 1024;

pub(crate) struct LogQueue {
    logger: Logger,
    queue: Mutex<Queue>,
    /// Signalled when a delivery ends.
    delivered: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<(Level, String)>,
    /// Number of lines left out since the last one in the queue.
    left_out: u64,
    /// The thread that delivers.
    delivering: Option<ThisThread>,
    is_closed: bool,
}

impl LogQueue {
    pub fn new(logger: Logger) -> Self {
        LogQueue { logger, queue: Mutex::default(), delivered: Condvar::new() }
    }

    pub fn wants(&self, level: Level) -> bool {
        self.logger.wants(level)
    }

    /// Puts a line in the queue.
    pub fn write(&self, level: Level, line: &str) {
        if !self.wants(level) {
            return;
        }
        let mut queue = lock(&self.queue);
        if queue.lines.len() >= MAX_LINES {
            queue.left_out += 1;
            return;
        }
        if queue.left_out > 0 {
            let left_out = format!("{} lines were left out here", std::mem::take(&mut queue.left_out));
            queue.lines.push_back((Level::Warn, left_out));
        }
        // Messages of the system and of a panic may have control characters.
        queue.lines.push_back((level, line.replace(char::is_control, " ")));
    }

    /// True if lines wait, and no thread delivers.
    pub fn has_lines(&self) -> bool {
        let queue = lock(&self.queue);
        queue.delivering.is_none() && !queue.lines.is_empty()
    }

    /// Passes all lines to the logger, in order. If a thread delivers already, which may be this one, it is left to that.
    pub fn deliver(&self) {
        let mut queue = lock(&self.queue);
        if queue.is_closed || queue.delivering.is_some() {
            return;
        }
        queue.delivering = Some(this_thread());
        while let Some((level, line)) = queue.lines.pop_front() {
            drop(queue);
            // A panic of the user's code does not concern the node.
            let _ = catch_unwind(AssertUnwindSafe(|| self.logger.write(level, &line)));
            queue = lock(&self.queue);
        }
        queue.delivering = None;
        self.delivered.notify_all();
    }

    /// True on the thread that delivers, in a call of the logger.
    pub fn is_delivering_here(&self) -> bool {
        lock(&self.queue).delivering == Some(this_thread())
    }

    /// Delivers the last lines, and none after them. Waits for another thread that delivers.
    pub fn close(&self) {
        self.deliver();
        let mut queue = lock(&self.queue);
        while queue.delivering.is_some() {
            queue = self.delivered.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.is_closed = true;
    }
}

/// Identifies a living thread: the address of its own copy of a variable. `std::thread::current` would allocate for each calling
/// thread.
type ThisThread = usize;

fn this_thread() -> ThisThread {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}
