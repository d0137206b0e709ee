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
        Error::new(kind, format!("{what}: {error}"))
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
