//! Statuses: the numbers every fallible call returns, their fixed texts, and the calling thread's detail.

use std::cell::RefCell;
use std::ffi::{CString, c_char};

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
            ErrorKind::Timeout => PEERS_ERR_TIMEOUT,
            ErrorKind::Stopped => PEERS_ERR_STOPPED,
            ErrorKind::Failed => PEERS_ERR_FAILED,
        };
        Failure::new(status, error.to_string())
    }
}

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// Keeps `detail` for the calling thread's next `peers_last_error`.
pub(super) fn set_last_error(detail: String) {
    let detail = CString::new(detail.replace('\0', "\\0")).expect("NUL bytes were just replaced");
    // Late in a thread's life its locals are gone; then the status alone has to do.
    let _ = LAST_ERROR.try_with(|last| *last.borrow_mut() = detail);
}

/// Returns the fixed text of a status, for example "registry is full" for `PEERS_ERR_FULL`.
///
/// Never NULL: a number that is no status gives "unknown status". The text is static; do not free it.
/// Thread-safe. Needs no node.
#[unsafe(no_mangle)]
pub extern "C" fn peers_strerror(status: i32) -> *const c_char {
    text_of(status).unwrap_or(c"unknown status").as_ptr()
}

/// Returns why the calling thread's most recent failed call failed: a sentence that names the value and says
/// what would be right, for example "interface 'eth7' does not exist; there are: lo, eth0".
///
/// Never NULL: before the first failure it is "". A successful call leaves it as it was. The text belongs to
/// the library and holds until the same thread's next failed call; do not free it. Thread-safe: each thread has
/// its own. Needs no node.
#[unsafe(no_mangle)]
pub extern "C" fn peers_last_error() -> *const c_char {
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_text_of_its_own() {
        let mut texts: Vec<_> = (PEERS_ERR_DEADLOCK..=PEERS_OK).map(text_of).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 18);
        assert!(texts.iter().all(Option::is_some));
        assert_eq!((text_of(1), text_of(PEERS_ERR_DEADLOCK - 1)), (None, None));
    }
}
