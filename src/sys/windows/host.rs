//! The names of the host and of its interfaces, and the signals, of which there are none.

use std::io;

/// The host's name.
pub fn name() -> io::Result<String> {
    Ok(gethostname::gethostname().to_string_lossy().into_owned())
}

/// The name that stands for an interface behind the `%` of a link-local address: none, Windows writes the index.
pub fn zone_of(_: u32) -> Option<String> {
    None
}

/// Calls `spawn`.
pub fn with_signals_blocked<R>(spawn: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    spawn()
}
