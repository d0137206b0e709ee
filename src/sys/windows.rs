//! Windows.

pub mod datagram;
pub mod interfaces;
mod network_monitor;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::windows::io::AsRawSocket;

use socket2::{Domain, Socket, Type};

use crate::sys::Descriptor;

pub use network_monitor::NetworkMonitor;

/// Tells no socket from another: Windows has no call that closes the handles of other parts of a program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identity;

impl Identity {
    /// Returns the one that all sockets have.
    pub fn of(_: Descriptor) -> io::Result<Self> {
        Ok(Identity)
    }

    /// Returns false: no socket is closed by others.
    pub fn is_closed(_: &io::Error) -> bool {
        false
    }
}

/// Returns the number to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawSocket) -> Descriptor {
    socket.as_raw_socket()
}

/// Returns two handles of a socket that is connected to itself: it receives what it sends. Windows has no socketpair.
pub fn socket_pair() -> io::Result<(Socket, Socket)> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.connect(&socket.local_addr()?)?;
    Ok((socket.try_clone()?, socket))
}

pub mod cancellation {
    //! Windows cancels no thread.

    pub struct NoCancellation;

    impl NoCancellation {
        pub fn begin() -> Self {
            NoCancellation
        }
    }
}

pub mod host {
    //! Names of the host and of its interfaces.

    use std::io;

    /// Returns the host's name.
    pub fn name() -> io::Result<String> {
        Ok(gethostname::gethostname().to_string_lossy().into_owned())
    }

    /// Returns `None`: the zone of a link-local address, behind its `%`, is the index of the interface on Windows.
    pub fn zone_of(_: u32) -> Option<String> {
        None
    }

    /// Returns the index that the zone of a link-local address is.
    pub fn index_of_zone(zone: &str) -> Option<u32> {
        zone.parse().ok()
    }
}

pub mod thread {
    //! A thread of the library. Windows has no signals.

    use std::ffi::CStr;
    use std::io;
    use std::thread::{Builder, JoinHandle};

    /// A thread that was started. It runs on if this is dropped.
    pub struct Thread(JoinHandle<()>);

    /// Starts a thread. `body` catches its panics.
    pub fn spawn(name: &'static CStr, body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        Builder::new().name(name.to_string_lossy().into()).spawn(body).map(Thread)
    }

    impl Thread {
        /// Waits for the end of the thread.
        pub fn join(self) {
            // It catches its panics, so this does not fail.
            let _ = self.0.join();
        }
    }
}
