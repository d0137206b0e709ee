//! Names of the host and of its interfaces. Windows has no signals.

use std::io;

/// Returns the host's name.
pub fn name() -> io::Result<String> {
    Ok(gethostname::gethostname().to_string_lossy().into_owned())
}

/// Returns `None`: the zone of a link-local address, behind its `%`, is the index of the interface on Windows.
pub fn zone_of(_: u32) -> Option<String> {
    None
}

/// Calls `spawn`.
pub fn with_signals_blocked<R>(spawn: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    spawn()
}
