//! `NetworkMonitor`: the system's word that links or addresses have changed.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};

use crate::sys::Descriptor;
#[cfg(target_os = "linux")]
use crate::sys::linux::routes;
#[cfg(target_os = "macos")]
use crate::sys::macos::routes;

pub struct NetworkMonitor(OwnedFd);

impl NetworkMonitor {
    pub fn subscribe() -> io::Result<Self> {
        Ok(NetworkMonitor(routes::subscribe()?))
    }

    /// Takes all messages that wait; true if there were any. What they say is left unread: the interfaces are looked
    /// at anew, once for a whole burst.
    pub fn drain(&self) -> bool {
        let mut has_any = false;
        loop {
            // One byte of each is enough; the rest is dropped with it.
            match recv(self.0.as_raw_fd(), &mut [0], MsgFlags::MSG_DONTWAIT) {
                // Messages were lost for want of room, so there have been some.
                Ok(_) | Err(Errno::ENOBUFS) => has_any = true,
                Err(Errno::EINTR) => {}
                Err(_) => return has_any,
            }
        }
    }

    pub fn descriptor(&self) -> Descriptor {
        self.0.as_raw_fd()
    }
}
