//! A thread of the library: with every signal blocked, because signals are for the program's own threads.
//!
//! Not a thread of Rust's library, which prints a line if there is no memory for one.

use std::ffi::{CStr, c_void};
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr;

use nix::sys::signal::{SigSet, SigmaskHow};

/// Size of the stack in bytes, as in Rust's library. The program's log function runs on it.
const STACK_SIZE: usize = 2 * 1024 * 1024;

type Body = Box<dyn FnOnce() + Send>;

/// A thread that was started. It runs on if this is dropped.
pub struct Thread(libc::pthread_t);

// SAFETY: a `pthread_t`, which is a pointer with some C libraries, names the thread for the whole process.
unsafe impl Send for Thread {}
// SAFETY: as above; nothing is done with a shared one.
unsafe impl Sync for Thread {}

/// Starts a thread. `body` catches its panics.
pub fn spawn(name: &'static CStr, body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    let body: Body = Box::new(move || {
        set_name(name);
        body();
    });
    let body = Box::into_raw(Box::new(body));
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    // SAFETY: `run` takes what `body` points to.
    let created = unsafe { create(run, body.cast()) };
    before.thread_set_mask()?;
    created.inspect_err(|_| {
        // SAFETY: no thread has taken it.
        drop(unsafe { Box::from_raw(body) });
    })
}

impl Thread {
    /// Waits for the end of the thread.
    pub fn join(self) {
        let thread = ManuallyDrop::new(self);
        // SAFETY: it was neither joined nor detached: both consume it.
        unsafe { libc::pthread_join(thread.0, ptr::null_mut()) };
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { libc::pthread_detach(self.0) };
    }
}

/// # Safety
/// `run` can be called with `argument`, on another thread.
unsafe fn create(
    run: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> io::Result<Thread> {
    let mut attributes = MaybeUninit::uninit();
    let mut thread = MaybeUninit::uninit();
    // SAFETY: the attributes are used between their two calls. The caller vouches for the rest.
    let error = unsafe {
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK_SIZE);
        let error = libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), run, argument);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        error
    };
    match error {
        // SAFETY: the system has written it.
        0 => Ok(Thread(unsafe { thread.assume_init() })),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

extern "C" fn run(body: *mut c_void) -> *mut c_void {
    // SAFETY: `spawn` passes a body, once.
    let body = unsafe { Box::from_raw(body.cast::<Body>()) };
    body();
    ptr::null_mut()
}

/// Names this thread, for debuggers.
fn set_name(name: &CStr) {
    // SAFETY: the name ends with a NUL.
    unsafe {
        #[cfg(not(target_os = "macos"))]
        libc::pthread_setname_np(libc::pthread_self(), name.as_ptr());
        #[cfg(target_os = "macos")]
        libc::pthread_setname_np(name.as_ptr());
    }
}
