//! The system calls by which datagrams are sent and received, the same for IPv4 and IPv6.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, RecvMsg, SockaddrIn, SockaddrIn6, SockaddrStorage,
    recvmsg, sendmsg,
};
use socket2::Socket;

use super::super::Way;
use crate::core::Arrival;
use crate::driver::batch::Received;

/// Room for the control message that comes with a datagram, its packet information.
const CONTROL_SIZE: usize = 128;

/// Sends one datagram.
pub fn send(socket: &Socket, payload: &[u8], to: SocketAddr, way: &Way) -> io::Result<()> {
    let parts = [IoSlice::new(payload)];
    let (fd, flags) = (socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
    match to {
        SocketAddr::V4(to) => {
            let source = way.source.unwrap_or(Ipv4Addr::UNSPECIFIED);
            let through = libc::in_pktinfo {
                ipi_ifindex: way.interface as _,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(source.octets()) },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            let control = [ControlMessage::Ipv4PacketInfo(&through)];
            sendmsg(fd, &parts, &control, flags, Some(&SockaddrIn::from(to)))?;
        }
        SocketAddr::V6(to) => {
            let through = libc::in6_pktinfo {
                ipi6_ifindex: way.interface,
                ipi6_addr: libc::in6_addr { s6_addr: [0; 16] },
            };
            let control = [ControlMessage::Ipv6PacketInfo(&through)];
            sendmsg(fd, &parts, &control, flags, Some(&SockaddrIn6::from(to)))?;
        }
    }
    Ok(())
}

/// Receives one datagram into `buffer`, with the address it was sent to; `None` if what was taken is no datagram. An error
/// if none waits.
pub fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<Option<(Received, IpAddr)>> {
    let mut control = [0; CONTROL_SIZE];
    let mut parts = [IoSliceMut::new(buffer)];
    let message = receive_message(socket, &mut parts, &mut control, MsgFlags::empty())?;
    let packet = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            let to = Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes());
            Some((IpAddr::from(to), info.ipi_ifindex as _))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            Some((IpAddr::from(info.ipi6_addr.s6_addr), info.ipi6_ifindex))
        }
        _ => None,
    });
    let (to, interface) = packet.ok_or(io::ErrorKind::InvalidData)?;
    let arrival = if to.is_multicast() { Arrival::Group } else { Arrival::Unicast };
    Ok(Some((Received { len: message.bytes, from: address_of(&message)?, interface, arrival }, to)))
}

/// Receives one message, and what the system tells with it.
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

/// Where a message came from; of an error, where what it is about was sent.
pub fn address_of(message: &RecvMsg<'_, '_, SockaddrStorage>) -> io::Result<SocketAddr> {
    let address = message.address.as_ref();
    let v4 = || address?.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4).into());
    let v6 = || address?.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into());
    v4().or_else(v6).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
