//! Windows.

pub mod datagram;
pub mod interfaces;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::windows::io::AsRawSocket;

use socket2::{Domain, Socket, Type};

use crate::sys::Descriptor;

/// Tells no socket from another: Windows has no call that closes the handles of other parts of a program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identity;

impl Identity {
    /// Returns the one that all sockets have.
    pub fn of(_: Descriptor) -> io::Result<Self> {
        Ok(Identity)
    }
}

/// Reports no changes. The node looks at the interfaces before each announcement.
pub enum NetworkMonitor {}

impl NetworkMonitor {
    pub fn subscribe() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn drain(&self) -> io::Result<bool> {
        match *self {}
    }

    pub fn check(&self) -> io::Result<()> {
        match *self {}
    }

    pub fn descriptor(&self) -> Descriptor {
        match *self {}
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

pub mod host {
    //! Names of the host and of its interfaces. Windows has no signals.

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

    /// Calls `spawn`.
    pub fn with_signals_blocked<R>(spawn: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        spawn()
    }
}
