//! `Poller`: waits until a descriptor is readable, by `poll` and `WSAPoll`.

use std::io;
use std::thread;
use std::time::Duration;

#[cfg(unix)]
use libc::{POLLERR, POLLIN, POLLNVAL, POLLOUT, pollfd as Polled};
use socket2::Socket;
#[cfg(windows)]
use windows_sys::Win32::Networking::WinSock::{
    POLLERR, POLLNVAL, POLLRDNORM as POLLIN, POLLWRNORM as POLLOUT, WSAPOLLFD as Polled,
};

use crate::sys::socket::closed_elsewhere;
use crate::sys::{Descriptor, descriptor_of};

/// Length of a wait where the system does not poll. RLIMIT_NOFILE limits the descriptors of a poll, too: a program that lowers
/// it below their count (a sandbox may set it to 0) makes `poll` fail. A seccomp filter may refuse it.
const BLIND_WAIT: Duration = Duration::from_millis(50);

/// Descriptors, and what the last poll has found at them.
#[derive(Default)]
pub(crate) struct Poller {
    polled: Vec<Polled>,
    refusal: Option<io::Error>,
}

/// What a poll has found at a descriptor.
#[derive(Clone, Copy, Default)]
pub(crate) struct Found {
    /// It is readable, or has an error.
    pub is_readable: bool,
    pub has_error: bool,
}

impl Poller {
    /// Replaces the descriptors.
    pub fn watch(&mut self, descriptors: impl IntoIterator<Item = Descriptor>) {
        self.polled.clear();
        self.polled.extend(descriptors.into_iter().map(|descriptor| polled(descriptor, POLLIN)));
    }

    /// Waits up to `timeout` until one of them is readable. A signal may end the wait early.
    ///
    /// # Errors
    /// One of them is closed.
    pub fn poll(&mut self, timeout: Duration) -> io::Result<()> {
        let failed = poll(&mut self.polled, timeout).err();
        let is_interrupted = |error: &io::Error| error.kind() == io::ErrorKind::Interrupted;
        if failed.as_ref().is_some_and(is_interrupted) {
            self.polled.iter_mut().for_each(|polled| polled.revents = 0);
        }
        self.refusal = failed.filter(|error| !is_interrupted(error));
        if self.refusal.is_some() {
            // Reads do not block, so every descriptor can be tried.
            thread::sleep(timeout.min(BLIND_WAIT));
            self.polled.iter_mut().for_each(|polled| polled.revents = POLLIN | POLLERR);
        }
        match self.polled.iter().any(|polled| polled.revents & POLLNVAL != 0) {
            true => Err(closed_elsewhere()),
            false => Ok(()),
        }
    }

    /// An error if the system refused the last poll. Then all descriptors count as readable.
    pub fn outcome(&self) -> Result<(), &io::Error> {
        self.refusal.as_ref().map_or(Ok(()), Err)
    }

    /// What was found at a descriptor.
    pub fn at(&self, descriptor: Descriptor) -> Found {
        let found = self.polled.iter().find(|polled| polled.fd == descriptor as _);
        let events = found.map_or(0, |polled| polled.revents);
        Found { is_readable: events != 0, has_error: events & POLLERR != 0 }
    }
}

/// Waits up to `timeout` for room in the send buffer of a socket. If the wait fails, the next send gives the reason.
pub(crate) fn wait_until_writable(socket: &Socket, timeout: Duration) {
    let _ = poll(&mut [polled(descriptor_of(socket), POLLOUT)], timeout);
}

fn polled(descriptor: Descriptor, events: i16) -> Polled {
    Polled { fd: descriptor as _, events, revents: 0 }
}

fn poll(polled: &mut [Polled], timeout: Duration) -> io::Result<()> {
    #[cfg(unix)]
    use libc::poll as system_poll;
    #[cfg(windows)]
    use windows_sys::Win32::Networking::WinSock::WSAPoll as system_poll;
    // SAFETY: the pointer and the length are those of one slice. A number in it may be closed: POLLNVAL shows that.
    match unsafe { system_poll(polled.as_mut_ptr(), polled.len() as _, millis(timeout)) } {
        ..0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Rounds up: a wait that ends before its deadline would be followed by many short ones.
fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_rounded_up_to_milliseconds() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_millis(7)), 7);
        assert_eq!(millis(Duration::MAX), i32::MAX);
    }
}
