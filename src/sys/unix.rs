//! What Linux, macOS and FreeBSD have in common.

#[cfg(not(linux_kernel))]
pub mod bsd_interfaces;
pub mod cancellation;
pub mod datagram;
pub mod host;
#[cfg(linux_kernel)]
mod links;
#[cfg(linux_kernel)]
pub mod linux_interfaces;
mod network_monitor;
pub mod thread;

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
#[cfg(feature = "tokio")]
use std::os::fd::{FromRawFd, OwnedFd};

use socket2::{Domain, Socket, Type};

use crate::sys::Descriptor;

#[cfg(not(linux_kernel))]
pub use bsd_interfaces as interfaces;
#[cfg(linux_kernel)]
pub use linux_interfaces as interfaces;
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

    /// True for the error of a number that stands for no open file. Another error means that the system does not tell.
    pub fn is_closed(error: &io::Error) -> bool {
        error.raw_os_error() == Some(libc::EBADF)
    }
}

/// Returns the number to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawFd) -> Descriptor {
    socket.as_raw_fd()
}

/// Returns a descriptor of the caller's own for the same open file. The number may be closed: then the call fails.
#[cfg(feature = "tokio")]
pub fn duplicate(descriptor: Descriptor) -> io::Result<OwnedFd> {
    // SAFETY: the call takes any number, and opens nothing but its result.
    let own = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 0) };
    if own < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just opened it, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(own) })
}

/// Returns two sockets that are connected with each other.
pub fn socket_pair() -> io::Result<(Socket, Socket)> {
    Socket::pair(Domain::UNIX, Type::DGRAM, None)
}
