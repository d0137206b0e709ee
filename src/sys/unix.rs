//! What Linux and macOS have in common.

mod clock;
#[cfg(any(not(target_os = "linux"), test))]
pub mod datagram;
pub mod host;
pub mod interfaces;
pub mod message;
mod network_monitor;
pub mod options;

use std::os::fd::{AsFd, AsRawFd};

use nix::poll::{PollFd, PollFlags, poll};
use socket2::Socket;

use crate::sys::Descriptor;

pub use clock::Clock;
pub use network_monitor::NetworkMonitor;

/// What to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawFd) -> Descriptor {
    socket.as_raw_fd()
}

/// Waits until there is room for more to send, or for so long.
pub fn wait_until_writable(socket: &Socket, timeout_ms: u16) {
    let mut polled = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
    // Where it cannot be waited for, sending tells why.
    let _ = poll(&mut polled, timeout_ms);
}
