//! Sends or receives one datagram, of IPv4 or IPv6.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, sendmsg};
use socket2::Socket;

use crate::sys::Way;
use crate::sys::batch::Received;
use crate::sys::unix::message::{address_of, receive_message};
use peers_proto::Arrival;

/// Size of the buffer for the control message of a datagram, its packet information.
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

/// Receives one datagram into `buffer`. Returns it with its destination; `None` if an error was taken in place of a datagram. An
/// error if none waits.
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
    let (len, from) = (message.bytes, address_of(&message)?);
    Ok(Some((Received { len, from, interface, arrival, hops: None }, to)))
}
