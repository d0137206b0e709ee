//! Cancellation of threads: pthread_cancel.

use std::marker::PhantomData;
use std::ptr;

use libc::c_int;

// The crate libc does not have them.
#[cfg(not(target_os = "macos"))]
const PTHREAD_CANCEL_DISABLE: c_int = 1;
#[cfg(target_os = "macos")]
const PTHREAD_CANCEL_DISABLE: c_int = 0;

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// While it lives, a request to cancel this thread waits: a thread that ended in the middle of a call would keep its locks.
pub struct NoCancellation {
    before: c_int,
    /// The state is that of one thread.
    _not_send: PhantomData<*const ()>,
}

impl NoCancellation {
    pub fn begin() -> Self {
        let mut before = 0;
        // SAFETY: the pointer is that of a variable. The call cannot fail with this state.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &raw mut before) };
        NoCancellation { before, _not_send: PhantomData }
    }
}

impl Drop for NoCancellation {
    fn drop(&mut self) {
        // SAFETY: the state is that from before. The call is no cancellation point; the former state is not asked for.
        unsafe { pthread_setcancelstate(self.before, ptr::null_mut()) };
    }
}
