//! `Error`: what a call returns that fails. The C ABI turns each kind into a status.

use std::fmt;
use std::io;

/// Kind of an error. Each is a `PEERS_ERR_*` status in C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value is outside the range its documentation gives.
    Invalid,
    /// A name, key or value is longer than its limit.
    TooLarge,
    /// A network interface named in the configuration does not exist.
    UnknownInterface,
    /// The UDP port is held by a socket that does not share it.
    AddressInUse,
    /// The system does not permit the operation.
    Permission,
    /// The system refused for another reason.
    System,
    /// The registry is full.
    Full,
    /// There is no such entry.
    NotFound,
    /// Nothing happened within the time given.
    Timeout,
    /// The node was stopped while the call was under way.
    Stopped,
    /// The library met an internal error; the node no longer works.
    Failed,
}

/// Maximum number of characters of a value in a message.
const MAX_SHOWN: usize = 80;

/// An error: its [`ErrorKind`], and, as its `Display`, a sentence that names the value and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    detail: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Error { kind, detail: detail.into() }
    }

    /// Returns the error for an operation, `what`, that the system refused.
    pub(crate) fn system(what: impl fmt::Display, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::AddrInUse => ErrorKind::AddressInUse,
            io::ErrorKind::PermissionDenied => ErrorKind::Permission,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("{what}: {error}{}", remedy(error)))
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}

/// Returns what helps against an error of the system, where that is known.
fn remedy(error: &io::Error) -> &'static str {
    match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::PermissionDenied, _) => {
            "; permit it to this process: a sandbox, a security module or a firewall forbids it"
        }
        // EAGAIN of pthread_create.
        (io::ErrorKind::WouldBlock, _) => {
            "; raise the limit on threads (RLIMIT_NPROC, or pids.max of the cgroup)"
        }
        (io::ErrorKind::OutOfMemory, _) => "; free memory, or raise its limit",
        // EMFILE and ENFILE of Linux and macOS, WSAEMFILE.
        (_, Some(23 | 24 | 10024)) => "; close some, or raise the limit on them (RLIMIT_NOFILE)",
        _ => "",
    }
}

/// Returns a value as a message shows it: in quotes, with control characters escaped; and cut, so that what follows is read too.
pub(crate) fn quoted(value: &str) -> String {
    let escaped = value.escape_debug();
    match escaped.clone().nth(MAX_SHOWN) {
        None => format!("\"{escaped}\""),
        Some(_) => format!("\"{}...\" ({} bytes)", escaped.take(MAX_SHOWN).collect::<String>(), value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(quoted("a\tb\0"), r#""a\tb\0""#);
        assert_eq!(quoted(&"ü".repeat(80)), format!("\"{}\"", "ü".repeat(80)));
        assert_eq!(quoted(&"ü".repeat(81)), format!("\"{}...\" (162 bytes)", "ü".repeat(80)));
    }
}
