//! What Linux and macOS have in common.

mod changes;
mod clock;
#[cfg(any(not(target_os = "linux"), test))]
pub mod datagram;
pub mod host;
pub mod interfaces;
pub mod message;
pub mod options;

use std::os::fd::AsRawFd;

use super::Descriptor;

pub use changes::Changes;
pub use clock::Clock;

/// What to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawFd) -> Descriptor {
    socket.as_raw_fd()
}
