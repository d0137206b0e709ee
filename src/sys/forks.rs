//! `Global`: a lock that no fork catches held, and the number of forks behind this process.
//!
//! A child has one thread. A lock that another thread held at the fork would stay locked in it for ever, and its data half
//! changed. So a fork waits until no global is in use. The count tells a child what its parent made.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};

use crate::sync::lock;

/// Held for reading while a global is in use, and for writing during a fork.
static GATE: RwLock<()> = RwLock::new(());

static FORKS: AtomicUsize = AtomicUsize::new(0);

/// Returns the number of forks between this process and the first one that called [`watch`].
pub(crate) fn count() -> usize {
    FORKS.load(Ordering::Relaxed)
}

/// A value of the whole process.
pub(crate) struct Global<T>(Mutex<T>);

impl<T> Global<T> {
    pub const fn new(value: T) -> Self {
        Global(Mutex::new(value))
    }

    /// Runs `action` on the value. A fork waits for its end, so it is short, and uses no other global.
    pub fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        let _gate = GATE.read();
        action(&mut lock(&self.0))
    }
}

#[cfg(unix)]
pub(crate) use handlers::watch;

#[cfg(unix)]
mod handlers {
    use std::cell::Cell;
    use std::io;
    use std::sync::atomic::Ordering;
    use std::sync::{LockResult, RwLockWriteGuard};

    use once_cell::race::OnceBool;

    use super::{FORKS, GATE};

    type Handler = extern "C" fn();

    unsafe extern "C" {
        /// The crate libc does not have it for macOS.
        safe fn pthread_atfork(before: Handler, in_parent: Handler, in_child: Handler) -> libc::c_int;
    }

    thread_local! {
        /// Set during a fork, on the thread that forks.
        static CLOSED: Cell<Option<LockResult<RwLockWriteGuard<'static, ()>>>> = const { Cell::new(None) };
    }

    /// Makes each fork from now on wait for the globals, and count.
    pub(crate) fn watch() -> io::Result<()> {
        // It does not block: a fork in the middle of its initialisation leaves nothing locked. Two threads may both register.
        static IS_WATCHING: OnceBool = OnceBool::new();
        let register = || match pthread_atfork(close_gate, open_gate, count_fork) {
            0 => Ok(true),
            error => Err(io::Error::from_raw_os_error(error)),
        };
        IS_WATCHING.get_or_try_init(register).map(drop)
    }

    extern "C" fn close_gate() {
        // A thread that ends has no variables any more. A fork in its last moments is not protected.
        let _ = CLOSED.try_with(|closed| closed.set(Some(closed.take().unwrap_or_else(|| GATE.write()))));
    }

    extern "C" fn open_gate() {
        let _ = CLOSED.try_with(Cell::take);
    }

    extern "C" fn count_fork() {
        FORKS.fetch_add(1, Ordering::Relaxed);
        open_gate();
    }
}

/// Does nothing: Windows has no fork.
#[cfg(windows)]
pub(crate) fn watch() -> std::io::Result<()> {
    Ok(())
}
