//! What Linux and macOS have in common.

pub mod datagram;
pub mod host;
pub mod interfaces;
mod network_monitor;

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

use socket2::{Domain, Socket, Type};

use crate::sys::Descriptor;

pub use network_monitor::NetworkMonitor;

/// Tells an open file from another one that has the same descriptor number later.
///
/// A program may close descriptors that are not its own (`closefrom`), and the system gives their numbers to the files that
/// the program opens next. Each socket of Linux has an inode number of its own. On macOS all UDP sockets share one: there an
/// identity tells a socket from a file only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: libc::dev_t,
    inode: libc::ino_t,
}

impl Identity {
    /// Returns the identity of the file behind a descriptor.
    ///
    /// # Errors
    /// The number stands for no open file.
    pub fn of(descriptor: Descriptor) -> io::Result<Self> {
        let mut stat = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: `stat` has room for what the system writes. The number may be closed: then the call fails.
        if unsafe { libc::fstat(descriptor, stat.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, and has written all of it.
        let stat = unsafe { stat.assume_init() };
        Ok(Identity { device: stat.st_dev, inode: stat.st_ino })
    }
}

/// Returns the number to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawFd) -> Descriptor {
    socket.as_raw_fd()
}

/// Returns two sockets that are connected with each other.
pub fn socket_pair() -> io::Result<(Socket, Socket)> {
    Socket::pair(Domain::UNIX, Type::DGRAM, None)
}
