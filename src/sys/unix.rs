//! What Linux and macOS have in common.

mod clock;
#[cfg(any(not(target_os = "linux"), test))]
pub mod datagram;
pub mod host;
mod identity;
pub mod interfaces;
pub mod message;
mod network_monitor;
pub mod options;

use std::io;
use std::os::fd::AsRawFd;

use socket2::{Domain, Socket, Type};

use crate::sys::Descriptor;

pub use clock::BootClock;
pub use identity::Identity;
pub use network_monitor::NetworkMonitor;

/// The number to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawFd) -> Descriptor {
    socket.as_raw_fd()
}

/// Two sockets that are connected with each other.
pub fn socket_pair() -> io::Result<(Socket, Socket)> {
    Socket::pair(Domain::UNIX, Type::DGRAM, None)
}
