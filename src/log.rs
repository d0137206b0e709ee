//! `Logger`: where a node's log goes. The library itself prints nothing.

use std::fmt;
use std::sync::Arc;

/// How much a line of the log matters; the first is the most important.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The node has failed.
    Error,
    /// Part of the node's work is failing.
    Warn,
    /// What happens now and then: the start, changes of the network, the end of a trouble.
    Info,
    /// Peers that come and go; at most 100 lines a second.
    Debug,
}

/// A function that is given the node's log, one line at a time and in order.
///
/// It is called on the node's thread, or on a calling thread if the node's clock is manual, and never while a lock of
/// the node is held: it may call every method of the node. While it runs the node does nothing else, so it should not
/// take long, nor wait for anything that needs the node. [`Peers::stop`](crate::Peers::stop) does not wait for the
/// node's thread if it is called from here; otherwise no call comes after it has returned. A panic in it is caught, and
/// goes no further.
///
/// One that refers to its own node should hold a [`Weak`](std::sync::Weak): the node holds the function.
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
    write: Arc<dyn Fn(Level, &str) + Send + Sync>,
}

impl Logger {
    /// Gives `write` every line up to `most_detailed`. A line has no control characters, hence no line break.
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
