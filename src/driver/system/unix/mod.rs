//! What Linux and macOS have in common.

mod changes;
mod clock;
pub mod datagram;
pub mod host;
pub mod interfaces;
pub mod options;

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};

use super::{Descriptor, check_open};

pub use changes::Changes;
pub use clock::Clock;

/// What to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawFd) -> Descriptor {
    socket.as_raw_fd()
}

/// Waits until one of `descriptors`, which stay open for so long, is readable, or for `timeout_ms`, unless that is -1:
/// which of them are readable. None are if a signal came.
pub fn poll(descriptors: &[Descriptor], timeout_ms: i32) -> io::Result<Vec<bool>> {
    let watched = |descriptor: &Descriptor| {
        // SAFETY: the caller keeps it open. One that another part of the program has closed is told by POLLNVAL below.
        PollFd::new(unsafe { BorrowedFd::borrow_raw(*descriptor) }, PollFlags::POLLIN)
    };
    let mut fds: Vec<PollFd> = descriptors.iter().map(watched).collect();
    let timeout = PollTimeout::try_from(timeout_ms).map_err(io::Error::other)?;
    match nix::poll::poll(&mut fds, timeout) {
        Err(Errno::EINTR) => return Ok(vec![false; descriptors.len()]),
        Err(errno) => return Err(errno.into()),
        Ok(_) => {}
    }
    check_open(fds.iter().map(|fd| fd.revents().is_some_and(|events| events.contains(PollFlags::POLLNVAL))))?;
    Ok(fds.iter().map(|fd| fd.any() == Some(true)).collect())
}
