//! Statuses: the numbers every fallible call returns, their fixed texts, and the calling thread's detail.

use std::cell::Cell;
use std::ffi::c_char;

use crate::error::{Error, ErrorKind};
use crate::ffi::constants::*;

/// A failed call on its way out: the status and the sentence for `peers_last_error`.
pub(super) struct Failure {
    pub status: i32,
    pub detail: String,
}

impl Failure {
    pub fn new(status: i32, detail: impl Into<String>) -> Self {
        Failure { status, detail: detail.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Invalid => PEERS_ERR_INVALID,
            ErrorKind::TooLarge => PEERS_ERR_TOO_LARGE,
            ErrorKind::UnknownInterface => PEERS_ERR_INTERFACE,
            ErrorKind::AddressInUse => PEERS_ERR_ADDRESS_IN_USE,
            ErrorKind::Permission => PEERS_ERR_PERMISSION,
            ErrorKind::System => PEERS_ERR_SYSTEM,
            ErrorKind::Full => PEERS_ERR_FULL,
            ErrorKind::NotFound => PEERS_ERR_NOT_FOUND,
            ErrorKind::Timeout => PEERS_ERR_TIMEOUT,
            ErrorKind::Stopped => PEERS_ERR_STOPPED,
            ErrorKind::Failed => PEERS_ERR_FAILED,
        };
        Failure::new(status, error.to_string())
    }
}

/// Bytes of the text of `peers_last_error`, with its NUL.
const TEXT_LEN: usize = 512;

thread_local! {
    /// It has no destructor, so it is there until the thread has ended.
    static LAST_ERROR: Cell<[c_char; TEXT_LEN]> = const { Cell::new([0; TEXT_LEN]) };
}

/// Keeps `detail` for the calling thread's next `peers_last_error`.
pub(super) fn set_last_error(detail: &str) {
    LAST_ERROR.with(|last| last.set(text_array(detail)));
}

/// Returns the text in an array with a NUL behind it, cut between two characters if it is too long. A NUL in it becomes `\0`.
pub(super) fn text_array<const LEN: usize>(text: &str) -> [c_char; LEN] {
    let text = text.replace('\0', "\\0");
    let end = text.floor_char_boundary(LEN - 1);
    let mut array = [0; LEN];
    for (to, from) in array.iter_mut().zip(&text.as_bytes()[..end]) {
        *to = *from as c_char;
    }
    array
}

/// Returns the fixed text of a status, for example "registry is full" for `PEERS_ERR_FULL`.
///
/// Never NULL: a number that is no status gives "unknown status". The text is static; do not free it.
/// Thread-safe. Needs no node.
#[unsafe(no_mangle)]
pub extern "C" fn peers_strerror(status: i32) -> *const c_char {
    text_of(status).unwrap_or(c"unknown status").as_ptr()
}

/// Returns why the last failed call of the calling thread failed.
///
/// The text names the call and the value, and says what would be right, for example `peers_start: interface "eth7" does not
/// exist; there are: lo, eth0`. Before the first failure it is "". It is never NULL. A successful call does not change it;
/// the next failed call of the thread does. Each thread has one buffer of 512 bytes, which stays valid until the thread ends;
/// do not free it. A longer text is cut between two characters. Thread-safe. Needs no node.
#[unsafe(no_mangle)]
pub extern "C" fn peers_last_error() -> *const c_char {
    LAST_ERROR.with(|last| last.as_ptr().cast_const().cast())
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::ffi::CStr;

    #[test]
    fn a_text_is_cut_between_characters_and_its_place_stays() {
        let place = peers_last_error();
        // SAFETY: the text ends with a NUL, and this thread has it until it ends.
        let last = || unsafe { CStr::from_ptr(peers_last_error()) }.to_str().expect("UTF-8").to_owned();
        for (text, kept) in [
            ("a\0b".to_owned(), "a\\0b".to_owned()),
            ("a".repeat(511), "a".repeat(511)),
            ("a".repeat(512), "a".repeat(511)),
            ("ü".repeat(300), "ü".repeat(255)),
            ("short".to_owned(), "short".to_owned()),
        ] {
            set_last_error(&text);
            assert_eq!((last(), peers_last_error()), (kept, place));
        }
    }
}
