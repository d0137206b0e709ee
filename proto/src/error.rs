//! The errors of a [`Node`](crate::Node)'s verbs.

use std::error::Error;
use std::fmt;

use crate::crypto::MAX_KEYS;
use crate::wire::name::NameError;

/// Why [`Node::register`](crate::Node::register) refused an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The key is not a valid name.
    Name(NameError),
    /// The key is the node's own name.
    OwnName,
    /// The value has more than [`MAX_VALUE`](crate::MAX_VALUE) bytes.
    ValueTooLong(ValueTooLong),
    /// The key is new, and the registry has no room for it.
    Full {
        /// [`Settings::max_peers`](crate::Settings::max_peers).
        max_peers: usize,
    },
    /// The names and values of all entries would have more bytes than the registry holds.
    BytesFull {
        /// [`Settings::entries_max_bytes`](crate::Settings::entries_max_bytes), or what stands for 0.
        max_bytes: usize,
    },
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegisterError::Name(error) => write!(f, "the key is not a name: {error}"),
            RegisterError::OwnName => {
                f.write_str("the key is the node's own name; a node does not list itself")
            }
            RegisterError::ValueTooLong(error) => error.fmt(f),
            RegisterError::Full { max_peers } => {
                write!(f, "the registry holds {max_peers} entries already; raise max_peers")
            }
            RegisterError::BytesFull { max_bytes } => {
                write!(
                    f,
                    "the names and values of all entries may have {max_bytes} bytes together, and would have more; raise \
                     entries_max_bytes"
                )
            }
        }
    }
}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            RegisterError::Name(error) => Some(error),
            _ => None,
        }
    }
}

/// No entry of that key is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotRegistered;

impl fmt::Display for NotRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no entry of that key is registered")
    }
}

impl Error for NotRegistered {}

/// A value is longer than the message or the entry it is for permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueTooLong {
    /// Length of the value in bytes.
    pub len: usize,
    /// Maximum length in bytes.
    pub max_len: usize,
}

impl ValueTooLong {
    pub(crate) fn check(value: &[u8], max_len: usize) -> Result<(), Self> {
        let len = value.len();
        if len <= max_len { Ok(()) } else { Err(ValueTooLong { len, max_len }) }
    }
}

impl fmt::Display for ValueTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value has {} bytes; at most {} fit", self.len, self.max_len)
    }
}

impl Error for ValueTooLong {}

/// Why [`Node::set_keys`](crate::Node::set_keys) refused keys. The node keeps its former keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetKeysError {
    /// The node was made without keys: its messages were not sealed.
    Unsealed,
    /// The number of keys is zero or above [`MAX_KEYS`].
    Count(usize),
}

impl fmt::Display for SetKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetKeysError::Unsealed => f.write_str("the node was made without keys, and cannot be given any"),
            SetKeysError::Count(0) => write!(f, "no key is given; a node with keys has 1 to {MAX_KEYS}"),
            SetKeysError::Count(count) => {
                write!(f, "{count} keys are given; a node with keys has 1 to {MAX_KEYS}")
            }
        }
    }
}

impl Error for SetKeysError {}
