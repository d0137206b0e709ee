//! `CallError`: an error of the system, with the call that failed.

use std::fmt;
use std::io;

/// An error of the system, with the call that failed: "bind(IPv6 group port): Address already in use (os error 98)".
#[derive(Debug)]
pub(crate) struct CallError {
    /// The call, with the option or the address family that it was made for.
    pub call: &'static str,
    pub error: io::Error,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.error)
    }
}

/// Names the call that gave a result.
pub(crate) trait Named<T> {
    fn named(self, call: &'static str) -> Result<T, CallError>;
}

impl<T, E: Into<io::Error>> Named<T> for Result<T, E> {
    fn named(self, call: &'static str) -> Result<T, CallError> {
        self.map_err(|error| CallError { call, error: error.into() })
    }
}
