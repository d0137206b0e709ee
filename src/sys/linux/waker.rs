//! `Waker`: a descriptor that polls readable from `set` until `clear`. It wakes the node's thread, and tells a
//! caller's event loop that events wait.

use std::io;
use std::os::fd::AsRawFd;

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::sys::Descriptor;

pub struct Waker(EventFd);

impl Waker {
    pub fn new() -> io::Result<Self> {
        Ok(Waker(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?))
    }

    pub fn set(&self) {
        // Fails only when the counter is full, and then the descriptor is readable already.
        let _ = self.0.write(1);
    }

    pub fn clear(&self) {
        // Fails only when it was not set.
        let _ = self.0.read();
    }

    pub fn descriptor(&self) -> Descriptor {
        self.0.as_raw_fd()
    }
}
