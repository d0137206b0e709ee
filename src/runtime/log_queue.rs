//! `LogQueue`: the lines that wait to be logged. They are written wherever something happens, under the node's locks, and
//! handed to the user's [`Logger`] when none of these is held.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::log::{Level, Logger};
use crate::sync::lock;

/// Lines that wait while the logger is busy. More are left out: what a stuck logger holds up must not grow.
const MOST_LINES: usize = 1024;

pub(crate) struct LogQueue {
    logger: Logger,
    queue: Mutex<Queue>,
    /// Signalled when nobody delivers any more.
    rest: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<(Level, String)>,
    /// Lines left out since the last that was not.
    left_out: u64,
    /// The thread that is handing lines to the logger.
    delivering: Option<ThisThread>,
    is_closed: bool,
}

impl LogQueue {
    pub fn new(logger: Logger) -> Self {
        LogQueue { logger, queue: Mutex::default(), rest: Condvar::new() }
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
        if queue.lines.len() >= MOST_LINES {
            queue.left_out += 1;
            return;
        }
        if queue.left_out > 0 {
            let left_out = format!("{} lines were left out here", std::mem::take(&mut queue.left_out));
            queue.lines.push_back((Level::Warn, left_out));
        }
        // Texts of the system, and what a panic said, may have any.
        queue.lines.push_back((level, line.replace(char::is_control, " ")));
    }

    /// True if there are lines that nobody is about to deliver.
    pub fn has_lines(&self) -> bool {
        let queue = lock(&self.queue);
        queue.delivering.is_none() && !queue.lines.is_empty()
    }

    /// Hands all lines to the logger, in order. If somebody is at it already, which may be this very thread, they are left
    /// to them.
    pub fn deliver(&self) {
        let mut queue = lock(&self.queue);
        if queue.is_closed || queue.delivering.is_some() {
            return;
        }
        queue.delivering = Some(this_thread());
        while let Some((level, line)) = queue.lines.pop_front() {
            drop(queue);
            // What the user's code does wrong is not the node's affair.
            let _ = catch_unwind(AssertUnwindSafe(|| self.logger.write(level, &line)));
            queue = lock(&self.queue);
        }
        queue.delivering = None;
        self.rest.notify_all();
    }

    /// True on the thread that is in the logger, called by us.
    pub fn is_delivering_here(&self) -> bool {
        lock(&self.queue).delivering == Some(this_thread())
    }

    /// Delivers what is left, and nothing after that. Waits for another thread that is at it.
    pub fn close(&self) {
        self.deliver();
        let mut queue = lock(&self.queue);
        while queue.delivering.is_some() {
            queue = self.rest.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.is_closed = true;
    }
}

/// What tells a living thread from the others: the place of its own copy of a variable. The standard library's would
/// leave an allocation with each thread of the program that calls us.
type ThisThread = usize;

fn this_thread() -> ThisThread {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}
