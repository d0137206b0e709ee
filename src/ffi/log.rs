//! `peers_log_fn`: the caller's function that receives a node's log.

use std::ffi::{CString, c_char, c_void};

use crate::ffi::constants::PEERS_ERR_INVALID;
use crate::ffi::constants::{PEERS_LOG_DEBUG, PEERS_LOG_ERROR, PEERS_LOG_INFO, PEERS_LOG_WARN};
use crate::ffi::status::Failure;
use crate::log::{Level, Logger};

/// Receives one line of a node's log: a PEERS_LOG_* level, and NUL-terminated UTF-8 without control characters.
///
/// The text is valid during the call. The words may change with every version. The library calls the function on the node's
/// thread, or on a calling thread if the node has PEERS_MANUAL_CLOCK. It holds no lock of the node then, and makes one call
/// at a time, in the order of the lines. The first call may come before `peers_start` has returned, and none comes after
/// `peers_free` has.
///
/// The function may make every call on the node except `peers_free`, which gives PEERS_ERR_DEADLOCK. While it runs, the node
/// neither receives nor sends. So it must not take long, and must not wait for events or for a thread that frees the node. It
/// must not throw an exception or leave by longjmp. A child that is forked in it must not return from it.
pub type peers_log_fn =
    Option<unsafe extern "C" fn(level: i32, message: *const c_char, context: *mut c_void)>;

/// Returns the logger that three fields of a configuration describe.
///
/// # Safety
/// `function` may be called with `context`, from any thread, until the logger is dropped.
pub(super) unsafe fn logger(
    function: peers_log_fn,
    context: *mut c_void,
    level: u32,
) -> Result<Option<Logger>, Failure> {
    let most_detailed = match level {
        PEERS_LOG_ERROR => Level::Error,
        PEERS_LOG_WARN => Level::Warn,
        PEERS_LOG_INFO | 0 => Level::Info,
        PEERS_LOG_DEBUG => Level::Debug,
        _ => {
            let range = "it is PEERS_LOG_ERROR (1) to PEERS_LOG_DEBUG (4), or 0 for PEERS_LOG_INFO";
            return Err(Failure::new(PEERS_ERR_INVALID, format!("log_level is {level}; {range}")));
        }
    };
    let Some(function) = function else { return Ok(None) };
    let context = Context(context);
    Ok(Some(Logger::new(most_detailed, move |level, line| {
        let line = CString::new(line).expect("a line has no control characters");
        // SAFETY: the caller vouches for the function for as long as the logger lives.
        unsafe { function(level_code(level), line.as_ptr(), context.pointer()) };
    })))
}

/// The caller's pointer, which is passed to the function and never followed.
struct Context(*mut c_void);

// SAFETY: the pointer is not followed here, and the caller of `logger` vouches for its use on any thread.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    fn pointer(&self) -> *mut c_void {
        self.0
    }
}

fn level_code(level: Level) -> i32 {
    let code = match level {
        Level::Error => PEERS_LOG_ERROR,
        Level::Warn => PEERS_LOG_WARN,
        Level::Info => PEERS_LOG_INFO,
        Level::Debug => PEERS_LOG_DEBUG,
    };
    code as i32
}
