//! Windows.

mod changes;
pub mod datagram;
pub mod host;
pub mod interfaces;
pub mod options;

use std::io;
use std::os::windows::io::AsRawSocket;

use windows_sys::Win32::Networking::WinSock::{POLLNVAL, POLLRDNORM, SOCKET, WSAPOLLFD, WSAPoll};

use super::{Descriptor, check_open};

pub use changes::Changes;
pub use clock::Clock;

/// What to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawSocket) -> Descriptor {
    socket.as_raw_socket()
}

/// Waits until one of `descriptors`, which stay open for so long, is readable, or for `timeout_ms`, unless that is -1:
/// which of them are readable.
pub fn poll(descriptors: &[Descriptor], timeout_ms: i32) -> io::Result<Vec<bool>> {
    let watched = |socket: &Descriptor| WSAPOLLFD { fd: *socket as SOCKET, events: POLLRDNORM, revents: 0 };
    let mut fds: Vec<WSAPOLLFD> = descriptors.iter().map(watched).collect();
    // SAFETY: the pointer and the length are those of one vector.
    if unsafe { WSAPoll(fds.as_mut_ptr(), fds.len() as u32, timeout_ms) } < 0 {
        return Err(io::Error::last_os_error());
    }
    check_open(fds.iter().map(|fd| fd.revents & POLLNVAL != 0))?;
    Ok(fds.iter().map(|fd| fd.revents != 0).collect())
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
