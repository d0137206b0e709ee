//! What Linux and macOS have in common.

mod changes;
mod clock;
#[cfg(any(not(target_os = "linux"), test))]
pub mod datagram;
pub mod host;
pub mod interfaces;
pub mod message;
pub mod options;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};

use super::{Descriptor, Found, check_open};

pub use changes::Changes;
pub use clock::Clock;

/// What to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawFd) -> Descriptor {
    socket.as_raw_fd()
}

/// Descriptors that are polled together, and what was found at them.
#[derive(Default)]
pub struct Watched(Vec<PollFd<'static>>);

impl Watched {
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a descriptor. It stays open until the next `clear`.
    pub fn add(&mut self, descriptor: Descriptor) {
        // SAFETY: the caller keeps it open. One that another part of the program has closed is told by POLLNVAL below.
        self.0.push(PollFd::new(unsafe { BorrowedFd::borrow_raw(descriptor) }, PollFlags::POLLIN));
    }

    /// What was found at a descriptor; nothing at one that was not polled.
    pub fn at(&self, descriptor: Descriptor) -> Found {
        let fd = self.0.iter().find(|fd| fd.as_fd().as_raw_fd() == descriptor);
        fd.map(found_at).unwrap_or_default()
    }

    /// Waits until something is to be found, or for `timeout_ms`, unless that is -1. Nothing is if a signal came. Once for
    /// each `clear`.
    pub fn poll(&mut self, timeout_ms: i32) -> io::Result<()> {
        let timeout = PollTimeout::try_from(timeout_ms).map_err(io::Error::other)?;
        match nix::poll::poll(&mut self.0, timeout) {
            Err(Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(errno.into()),
            Ok(_) => {}
        }
        check_open(
            self.0.iter().map(|fd| fd.revents().is_some_and(|events| events.contains(PollFlags::POLLNVAL))),
        )
    }
}

fn found_at(fd: &PollFd<'_>) -> Found {
    let events = fd.revents().unwrap_or(PollFlags::empty());
    Found { is_readable: !events.is_empty(), has_error: events.contains(PollFlags::POLLERR) }
}
