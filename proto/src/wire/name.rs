//! The rules for names: of a node, a peer, a registered entry, a cluster.

use std::fmt;

/// Maximum length of a name in bytes: the longest host name (RFC 1035, section 2.3.4), and one byte of length.
pub const MAX_LEN: usize = 255;

/// Why a text is not a valid name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// It has no characters.
    Empty,
    /// It has more than [`MAX_LEN`] bytes.
    TooLong,
    /// It holds a control character. Names are printed on terminals and end with NUL in C.
    Control,
}

/// Checks a name: 1 to [`MAX_LEN`] bytes of UTF-8 without control characters.
pub fn check(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        Err(NameError::Empty)
    } else if name.len() > MAX_LEN {
        Err(NameError::TooLong)
    } else if has_control_character(name) {
        Err(NameError::Control)
    } else {
        Ok(())
    }
}

/// Most names are ASCII, and every datagram has one.
fn has_control_character(name: &str) -> bool {
    match name.is_ascii() {
        true => name.bytes().any(|byte| byte.is_ascii_control()),
        false => name.chars().any(char::is_control),
    }
}

/// Checks the name of a cluster: a name, or empty for the cluster of nodes that give none.
pub fn check_cluster(cluster: &str) -> Result<(), NameError> {
    match check(cluster) {
        Err(NameError::Empty) => Ok(()),
        checked => checked,
    }
}

impl std::error::Error for NameError {}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => write!(f, "it is empty; a name has 1 to {MAX_LEN} bytes"),
            NameError::TooLong => write!(f, "it is too long; a name has 1 to {MAX_LEN} bytes"),
            NameError::Control => write!(f, "it holds a control character; a name holds none"),
        }
    }
}
