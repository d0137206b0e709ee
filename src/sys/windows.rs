//! Windows.

mod clock;
pub mod datagram;
pub mod host;
mod identity;
pub mod interfaces;
mod network_monitor;
pub mod options;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::windows::io::AsRawSocket;

use socket2::{Domain, Socket, Type};

use crate::sys::Descriptor;

pub use clock::BootClock;
pub use identity::Identity;
pub use network_monitor::NetworkMonitor;

/// The number to poll a socket by.
pub fn descriptor_of(socket: &impl AsRawSocket) -> Descriptor {
    socket.as_raw_socket()
}

/// Two handles of a socket that is connected to itself: what one sends, the other receives. Windows has no socketpair.
pub fn socket_pair() -> io::Result<(Socket, Socket)> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.connect(&socket.local_addr()?)?;
    Ok((socket.try_clone()?, socket))
}
