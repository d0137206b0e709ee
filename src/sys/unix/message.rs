//! Receives one message from a socket, with its control messages.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, RecvMsg, SockaddrStorage, recvmsg};
use socket2::Socket;

/// Receives one message with its control messages.
pub fn receive_message<'a, 'outer, 'inner>(
    socket: &Socket,
    parts: &'outer mut [IoSliceMut<'inner>],
    control: &'a mut [u8],
    flags: MsgFlags,
) -> io::Result<RecvMsg<'a, 'outer, SockaddrStorage>>
where
    'inner: 'outer,
{
    Ok(recvmsg(socket.as_raw_fd(), parts, Some(control), flags | MsgFlags::MSG_DONTWAIT)?)
}

/// Returns the source of a message; of an error, the destination of the datagram that caused it.
pub fn address_of(message: &RecvMsg<'_, '_, SockaddrStorage>) -> io::Result<SocketAddr> {
    let address = message.address.as_ref();
    let v4 = || address?.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4).into());
    let v6 = || address?.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into());
    v4().or_else(v6).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
