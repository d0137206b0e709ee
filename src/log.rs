//! `Logger`: the function that receives a node's log. The library itself prints nothing.

use std::fmt;
use std::sync::Arc;

/// Level of a line of the log; the first is the most important.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The node has failed.
    Error,
    /// Part of the node's work is failing.
    Warn,
    /// The start, changes of the network, and the end of a failure.
    Info,
    /// Peers that join and leave; at most 100 lines a second.
    Debug,
}

/// A function that receives the node's log, one line at a time and in order.
///
/// The node calls it on its thread, or on a calling thread if its clock is manual, and never while it holds a lock: the function
/// may call every method of the node. While the function runs, the node does nothing else, so it should not take long, nor wait
/// for anything that needs the node. [`Peers::stop`](crate::Peers::stop) does not wait for the node's thread if the function
/// calls it; otherwise no call comes after it has returned. A panic of the function is caught.
///
/// A function that refers to its own node should hold a [`Weak`](std::sync::Weak): the node holds the function.
///
/// ```
/// use peers::{Config, Level, Logger};
///
/// let log = Logger::new(Level::Info, |level, line| eprintln!("{level:?}: {line}"));
/// let config = Config { log: Some(log), ..Config::default() };
/// ```
#[derive(Clone)]
pub struct Logger {
    most_detailed: Level,
    write: Arc<Write>,
}

type Write = dyn Fn(Level, &str) + Send + Sync;

impl Logger {
    /// Returns a logger that passes every line up to `most_detailed` to `write`. A line has no control characters, hence no line break.
    pub fn new(most_detailed: Level, write: impl Fn(Level, &str) + Send + Sync + 'static) -> Self {
        Logger { most_detailed, write: Arc::new(write) }
    }

    pub(crate) fn wants(&self, level: Level) -> bool {
        level <= self.most_detailed
    }

    pub(crate) fn write(&self, level: Level, line: &str) {
        (self.write)(level, line);
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logger({:?})", self.most_detailed)
    }
}

/// Two are equal if they share one function.
impl PartialEq for Logger {
    fn eq(&self, other: &Self) -> bool {
        self.most_detailed == other.most_detailed && Arc::ptr_eq(&self.write, &other.write)
    }
}

impl Eq for Logger {}
