//! Statuses: the numbers every fallible call returns, their fixed texts, and the calling thread's detail.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};

use crate::error::{Error, ErrorKind};

/// The call did what it says.
pub const PEERS_OK: i32 = 0;
/// A pointer that must not be NULL was NULL.
pub const PEERS_ERR_NULL: i32 = -1;
/// The handle is no live node: it was freed already, or never came from `peers_start`.
pub const PEERS_ERR_HANDLE: i32 = -2;
/// A `struct_size` is zero, ends inside a field, or belongs to a newer library whose extra fields are in use.
pub const PEERS_ERR_SIZE: i32 = -3;
/// A text is not valid UTF-8.
pub const PEERS_ERR_UTF8: i32 = -4;
/// A value is outside the range its documentation gives.
pub const PEERS_ERR_INVALID: i32 = -5;
/// A name, key or value is longer than its limit.
pub const PEERS_ERR_TOO_LARGE: i32 = -6;
/// The field, flag or call asks for a feature that this version or this platform does not have.
pub const PEERS_ERR_UNSUPPORTED: i32 = -7;
/// A network interface named in the configuration does not exist.
pub const PEERS_ERR_INTERFACE: i32 = -8;
/// The UDP port is held by a socket that does not share it (one opened without SO_REUSEADDR; on
/// Windows, with SO_EXCLUSIVEADDRUSE).
pub const PEERS_ERR_ADDRESS_IN_USE: i32 = -9;
/// The system does not permit what was asked.
pub const PEERS_ERR_PERMISSION: i32 = -10;
/// The system refused for another reason, which `peers_last_error` gives.
pub const PEERS_ERR_SYSTEM: i32 = -11;
/// The registry already holds `max_peers` entries.
pub const PEERS_ERR_FULL: i32 = -12;
/// Nothing happened within the time given.
pub const PEERS_ERR_TIMEOUT: i32 = -13;
/// The node was freed, by another thread, while this call was under way.
pub const PEERS_ERR_STOPPED: i32 = -14;
/// The handle belongs to the parent of this forked process. Start a node of your own.
pub const PEERS_ERR_FORKED: i32 = -15;
/// The library met an internal error. The node no longer works; free it, and start another.
pub const PEERS_ERR_FAILED: i32 = -16;
/// The call would wait for itself: `peers_free` in a call of the log function of the same node.
pub const PEERS_ERR_DEADLOCK: i32 = -17;

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

fn text_of(status: i32) -> &'static CStr {
    match status {
        PEERS_OK => c"success",
        PEERS_ERR_NULL => c"a pointer that must not be NULL is NULL",
        PEERS_ERR_HANDLE => c"not a handle of a live node",
        PEERS_ERR_SIZE => c"struct_size does not fit this library",
        PEERS_ERR_UTF8 => c"text is not valid UTF-8",
        PEERS_ERR_INVALID => c"value out of range",
        PEERS_ERR_TOO_LARGE => c"longer than the limit",
        PEERS_ERR_UNSUPPORTED => c"not supported by this version on this platform",
        PEERS_ERR_INTERFACE => c"no such network interface",
        PEERS_ERR_ADDRESS_IN_USE => c"port in use by a socket that does not share it",
        PEERS_ERR_PERMISSION => c"not permitted by the system",
        PEERS_ERR_SYSTEM => c"system error",
        PEERS_ERR_FULL => c"registry is full",
        PEERS_ERR_TIMEOUT => c"nothing happened in time",
        PEERS_ERR_STOPPED => c"node was freed during the call",
        PEERS_ERR_FORKED => c"handle belongs to the parent process",
        PEERS_ERR_FAILED => c"node failed: an internal error of the library",
        PEERS_ERR_DEADLOCK => c"call would wait for itself",
        _ => c"unknown status",
    }
}

/// The fixed text of a status, for example "registry is full" for `PEERS_ERR_FULL`.
///
/// Never NULL: a number that is no status gives "unknown status". The text is static; do not free it.
/// Thread-safe. Needs no node.
#[unsafe(no_mangle)]
pub extern "C" fn peers_strerror(status: i32) -> *const c_char {
    text_of(status).as_ptr()
}

/// What went wrong in the calling thread's most recent failed call: a sentence that names the value and says
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
        assert!(!texts.contains(&c"unknown status"));
        assert_eq!(text_of(1), c"unknown status");
        assert_eq!(text_of(PEERS_ERR_DEADLOCK - 1), c"unknown status");
    }
}
