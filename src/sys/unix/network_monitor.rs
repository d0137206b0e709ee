//! `NetworkMonitor`: the socket on which the system reports changes of links and addresses.

use std::io;
use std::mem::MaybeUninit;

use crate::sys::Descriptor;
#[cfg(target_os = "linux")]
use crate::sys::linux::routes;
#[cfg(target_os = "macos")]
use crate::sys::macos::routes;
use crate::sys::socket::OwnedSocket;

pub struct NetworkMonitor(OwnedSocket);

impl NetworkMonitor {
    pub fn subscribe() -> io::Result<Self> {
        let socket = socket2::Socket::from(routes::subscribe()?);
        socket.set_nonblocking(true)?;
        Ok(NetworkMonitor(OwnedSocket::new(socket)?))
    }

    /// Takes all messages that wait; true if there were any. Their contents are not read: the caller looks at the interfaces
    /// once for a whole burst.
    pub fn drain(&self) -> io::Result<bool> {
        let socket = self.0.get()?;
        let mut has_any = false;
        loop {
            // One byte of each is enough; the rest is dropped with it.
            match socket.recv(&mut [MaybeUninit::uninit()]) {
                Ok(_) => has_any = true,
                // Messages were lost for want of room, so there have been some.
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => has_any = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Ok(has_any),
            }
        }
    }

    /// An error if another part of the program has closed its descriptor.
    pub fn check(&self) -> io::Result<()> {
        self.0.get().map(drop)
    }

    pub fn descriptor(&self) -> Descriptor {
        self.0.descriptor()
    }
}
