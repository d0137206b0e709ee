//! Windows.

pub mod datagram;
pub mod host;
pub mod interfaces;
mod network_monitor;
pub mod options;

use std::io;
use std::os::windows::io::AsRawSocket;

use socket2::Socket;
use windows_sys::Win32::Networking::WinSock::{
    POLLERR, POLLNVAL, POLLRDNORM, POLLWRNORM, SOCKET, WSAPOLLFD, WSAPoll,
};

use super::{Descriptor, Found, check_open};

pub use clock::Clock;
pub use network_monitor::NetworkMonitor;

/// What to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawSocket) -> Descriptor {
    socket.as_raw_socket()
}

/// Waits until there is room for more to send, or for so long.
pub fn wait_until_writable(socket: &Socket, timeout_ms: u16) {
    let mut polled = WSAPOLLFD { fd: descriptor_of(socket) as SOCKET, events: POLLWRNORM, revents: 0 };
    // SAFETY: it is one. Where it cannot be waited for, sending tells why.
    unsafe { WSAPoll(&mut polled, 1, timeout_ms.into()) };
}

/// Sockets to wait for, and what was found at them.
#[derive(Default)]
pub struct Poller(Vec<WSAPOLLFD>);

impl Poller {
    /// Adds a socket, until it is removed.
    pub fn add(&mut self, socket: Descriptor) -> io::Result<()> {
        self.0.push(WSAPOLLFD { fd: socket as SOCKET, events: POLLRDNORM, revents: 0 });
        Ok(())
    }

    /// Removes a socket.
    pub fn remove(&mut self, socket: Descriptor) {
        self.0.retain(|poller| poller.fd != socket as SOCKET);
    }

    /// What was found at a socket.
    pub fn at(&self, socket: Descriptor) -> Found {
        let found = self.0.iter().find(|poller| poller.fd == socket as SOCKET);
        let events = found.map_or(0, |poller| poller.revents);
        Found { is_readable: events != 0, has_error: events & POLLERR != 0 }
    }

    /// Waits until something is to be found, or for `timeout_ms`, unless that is -1.
    pub fn poll(&mut self, timeout_ms: i32) -> io::Result<()> {
        // SAFETY: the pointer and the length are those of one vector.
        if unsafe { WSAPoll(self.0.as_mut_ptr(), self.0.len() as u32, timeout_ms) } < 0 {
            return Err(io::Error::last_os_error());
        }
        check_open(self.0.iter().map(|poller| poller.revents & POLLNVAL != 0))
    }
}

mod clock {
    use std::io;
    use std::time::Instant;

    /// `Clock`: `Instant`, whose counter goes on here while the machine sleeps.
    pub struct Clock;

    impl Clock {
        pub fn start() -> io::Result<Self> {
            Ok(Clock)
        }

        pub fn now(&self) -> Instant {
            Instant::now()
        }
    }
}
