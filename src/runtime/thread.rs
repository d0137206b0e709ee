//! How the library starts a thread.

use std::io;
use std::thread::{Builder, JoinHandle};

use crate::sys::host;

/// A thread of the library. It catches its panics, so a join does not fail.
pub(crate) type Thread = JoinHandle<()>;

/// Starts a thread with every signal blocked: signals are for the program's own threads. `body` catches its panics.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    host::with_signals_blocked(|| Builder::new().name(name.into()).spawn(body))
}
