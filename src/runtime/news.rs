//! `News`: wakes the callers that wait for events.

use std::io;
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Instant;

use once_cell::sync::OnceCell;

use crate::runtime::state::State;
use crate::sys::Descriptor;
use crate::sys::waker::Waker;

#[derive(Default)]
pub(crate) struct News {
    /// Signalled when events come, when datagrams come for a node without a thread, and at the end.
    arrival: Condvar,
    /// Polls readable while there is something to find out. Made at the first request.
    event_fd: OnceCell<Waker>,
}

impl News {
    /// Wakes the callers. If another part of the program has closed the event descriptor, the thread's next check finds that.
    pub fn signal(&self) {
        self.arrival.notify_all();
        if let Some(fd) = self.event_fd.get() {
            let _ = fd.set();
        }
    }

    /// Waits for a signal, until `deadline` at most. `None` if that has passed.
    pub fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        deadline: Option<Instant>,
    ) -> Option<MutexGuard<'a, State>> {
        let Some(deadline) = deadline else {
            return Some(self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner));
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        Some(self.arrival.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0)
    }

    /// The event descriptor.
    pub fn descriptor(&self) -> io::Result<Descriptor> {
        self.event_fd.get_or_try_init(Waker::new).map(Waker::descriptor)
    }

    /// Makes the event descriptor show whether there is something to find out.
    pub fn update(&self, state: &State) {
        let Some(fd) = self.event_fd.get() else { return };
        // As in `signal`.
        let _ = match state.has_news() {
            true => fd.set(),
            false => fd.clear(),
        };
    }

    /// An error if another part of the program has closed the event descriptor.
    pub fn check(&self) -> io::Result<()> {
        self.event_fd.get().map_or(Ok(()), Waker::check)
    }
}
