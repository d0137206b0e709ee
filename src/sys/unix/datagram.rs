//! Sends and receives datagrams of IPv4 or IPv6, with their packet information.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, RecvMsg, SockaddrIn, SockaddrIn6, SockaddrStorage,
    recvmsg, sendmsg,
};
#[cfg(linux_kernel)]
use nix::sys::socket::{MultiHeaders, recvmmsg};
use socket2::Socket;

use crate::sys::batch::{Buffer, Received, receive_each};
use crate::sys::optional::Refusals;
#[cfg(linux_kernel)]
use crate::sys::optional::{self, is_refusal};
use crate::sys::{IcmpError, Way};
use peers_proto::Arrival;

/// Sends one datagram.
pub fn send(socket: &Socket, payload: &[u8], to: SocketAddr, way: &Way) -> io::Result<()> {
    let parts = [IoSlice::new(payload)];
    let past_routing = if way.only_on_link { libc::MSG_DONTROUTE } else { 0 };
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::from_bits_retain(past_routing);
    let fd = socket.as_raw_fd();
    match to {
        #[cfg(not(target_os = "freebsd"))]
        SocketAddr::V4(to) => {
            let source = match way.source {
                Some(IpAddr::V4(source)) => source.octets(),
                _ => [0; 4],
            };
            let through = libc::in_pktinfo {
                ipi_ifindex: way.interface as _,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(source) },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            let control = [ControlMessage::Ipv4PacketInfo(&through)];
            sendmsg(fd, &parts, &control, flags, Some(&SockaddrIn::from(to)))?;
        }
        // A datagram carries its source. The interface for groups is an option of the socket, and one thread at a time sends.
        #[cfg(target_os = "freebsd")]
        SocketAddr::V4(to) => {
            let source = match way.source {
                Some(IpAddr::V4(source)) => Some(source),
                _ => None,
            };
            if let Some(source) = source.filter(|_| to.ip().is_multicast()) {
                socket.set_multicast_if_v4(&source)?;
            }
            let source = source.map(|source| libc::in_addr { s_addr: u32::from_ne_bytes(source.octets()) });
            let control: Vec<_> = source.iter().map(ControlMessage::Ipv4SendSrcAddr).collect();
            sendmsg(fd, &parts, &control, flags, Some(&SockaddrIn::from(to)))?;
        }
        SocketAddr::V6(to) => {
            let source = match way.source {
                Some(IpAddr::V6(source)) => source,
                _ => Ipv6Addr::UNSPECIFIED,
            };
            let through = libc::in6_pktinfo {
                ipi6_ifindex: way.interface as _,
                ipi6_addr: libc::in6_addr { s6_addr: source.octets() },
            };
            let control = [ControlMessage::Ipv6PacketInfo(&through)];
            sendmsg(fd, &parts, &control, flags, Some(&SockaddrIn6::from(to)))?;
        }
    }
    Ok(())
}

/// Receives datagrams that wait, each into one of `buffers`. Calls `take` with the number of the buffer, the datagram and its
/// destination. Returns the number of buffers in use; if it is not all, no more waited. An error if none waited.
#[cfg(linux_kernel)]
pub fn receive(
    socket: &Socket,
    buffers: &mut [Buffer],
    refusals: &Refusals,
    mut take: impl FnMut(usize, Received, IpAddr),
) -> io::Result<usize> {
    match receive_many(socket, buffers, &mut take) {
        // A sandbox may refuse the call, and permit the older one.
        Err(error) if is_refusal(&error) => {
            let count = receive_each(buffers, take, |buffer| receive_one(socket, buffer).map(Some));
            if count.is_ok() {
                refusals.settle(optional::MANY_AT_ONCE, Err::<(), _>(error));
            }
            count
        }
        received => {
            if received.is_ok() {
                refusals.settle(optional::MANY_AT_ONCE, Ok::<_, io::Error>(()));
            }
            received
        }
    }
}

#[cfg(linux_kernel)]
fn receive_many(
    socket: &Socket,
    buffers: &mut [Buffer],
    mut take: impl FnMut(usize, Received, IpAddr),
) -> io::Result<usize> {
    // New ones for each call: the system leaves in them how long the address and the control message of a datagram were, and
    // those of the next one may be longer.
    let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(buffers.len(), Some(control_buffer()));
    let mut parts: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
    let messages = recvmmsg(socket.as_raw_fd(), &mut headers, &mut parts, MsgFlags::MSG_DONTWAIT, None)?;
    let mut count = 0;
    for (number, message) in messages.enumerate() {
        count = number + 1;
        if let Ok((received, to)) = description_of(&message) {
            take(number, received, to);
        }
    }
    Ok(count)
}

/// Receives datagrams that wait, one by one. As on Linux, where one call takes many.
#[cfg(not(linux_kernel))]
pub fn receive(
    socket: &Socket,
    buffers: &mut [Buffer],
    _: &Refusals,
    take: impl FnMut(usize, Received, IpAddr),
) -> io::Result<usize> {
    receive_each(buffers, take, |buffer| receive_one(socket, buffer).map(Some))
}

/// Receives one datagram into `buffer`, and returns it with its destination. An error if none waits.
fn receive_one(socket: &Socket, buffer: &mut [u8]) -> io::Result<(Received, IpAddr)> {
    let (mut parts, mut control) = ([IoSliceMut::new(buffer)], control_buffer());
    let message = recvmsg(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::MSG_DONTWAIT)?;
    description_of(&message)
}

/// Takes one error from the socket's queue. An error if none waits.
#[cfg(linux_kernel)]
pub fn receive_error(socket: &Socket) -> io::Result<IcmpError> {
    /// Index of the loopback interface of Linux, by which this host reports its own errors, whatever way the datagram took.
    const LOOPBACK: u32 = 1;
    // The error, the address of the system that reported it, the packet information, and the TTL.
    let mut control =
        nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6, libc::in6_pktinfo, libc::c_int);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg(socket.as_raw_fd(), &mut [], Some(&mut control), flags)?;
    let mut icmp = IcmpError { is_unreachable: false, to: address_of(&message)?, interface: 0 };
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                icmp.is_unreachable = is_unreachable(&error);
            }
            ControlMessageOwned::Ipv4PacketInfo(info) => icmp.interface = info.ipi_ifindex as _,
            ControlMessageOwned::Ipv6PacketInfo(info) => icmp.interface = info.ipi6_ifindex as _,
            _ => {}
        }
    }
    if icmp.interface == LOOPBACK {
        icmp.interface = 0;
    }
    Ok(icmp)
}

/// Returns that none waits: the system does not report ICMP errors. An unreachable peer is probed until it expires.
#[cfg(not(linux_kernel))]
pub fn receive_error(_: &Socket) -> io::Result<IcmpError> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// True for port unreachable and host unreachable.
#[cfg(linux_kernel)]
fn is_unreachable(error: &libc::sock_extended_err) -> bool {
    match error.ee_origin {
        // Destination unreachable: host (also after ARP without an answer), port (RFC 792).
        libc::SO_EE_ORIGIN_ICMP => error.ee_type == 3 && matches!(error.ee_code, 1 | 3),
        // Destination unreachable: address, port (RFC 4443, section 3.1).
        libc::SO_EE_ORIGIN_ICMP6 => error.ee_type == 1 && matches!(error.ee_code, 3 | 4),
        _ => false,
    }
}

/// Returns a buffer for the packet information and the TTL of a datagram. The packet information of IPv6 is the longer one.
#[cfg(not(target_os = "freebsd"))]
fn control_buffer() -> Vec<u8> {
    nix::cmsg_space!(libc::in6_pktinfo, libc::c_int)
}

/// Returns a buffer for the destination, the interface and the TTL of a datagram. Those of IPv4 are longer than those of IPv6.
#[cfg(target_os = "freebsd")]
fn control_buffer() -> Vec<u8> {
    nix::cmsg_space!(libc::in_addr, libc::sockaddr_dl, libc::c_int)
}

fn description_of(message: &RecvMsg<'_, '_, SockaddrStorage>) -> io::Result<(Received, IpAddr)> {
    let (mut to, mut interface, mut hops) = (None, None, None);
    for control in message.cmsgs()? {
        match control {
            #[cfg(not(target_os = "freebsd"))]
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                to = Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes()));
                interface = Some(info.ipi_ifindex as _);
            }
            #[cfg(target_os = "freebsd")]
            ControlMessageOwned::Ipv4RecvDstAddr(address) => {
                to = Some(IpAddr::from(address.s_addr.to_ne_bytes()));
            }
            #[cfg(target_os = "freebsd")]
            ControlMessageOwned::Ipv4RecvIf(link) => interface = Some(link.sdl_index.into()),
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                to = Some(IpAddr::from(info.ipi6_addr.s6_addr));
                interface = Some(info.ipi6_ifindex as _);
            }
            other => hops = hops.or(hops_of(&other)),
        }
    }
    let (to, interface) = to.zip(interface).ok_or(io::ErrorKind::InvalidData)?;
    let arrival = if to.is_multicast() { Arrival::Group } else { Arrival::Unicast };
    Ok((Received { len: message.bytes, from: address_of(message)?, interface, arrival, hops }, to))
}

/// Returns the TTL or hop limit that a control message has.
#[cfg(linux_kernel)]
fn hops_of(control: &ControlMessageOwned) -> Option<u8> {
    match control {
        ControlMessageOwned::Ipv4Ttl(hops) | ControlMessageOwned::Ipv6HopLimit(hops) => {
            u8::try_from(*hops).ok()
        }
        _ => None,
    }
}

/// Returns the TTL or hop limit that a control message has: one byte by IPv4, an int by IPv6.
#[cfg(target_os = "freebsd")]
fn hops_of(control: &ControlMessageOwned) -> Option<u8> {
    match control {
        ControlMessageOwned::Ipv4Ttl(hops) => Some(*hops),
        ControlMessageOwned::Ipv6HopLimit(hops) => u8::try_from(*hops).ok(),
        _ => None,
    }
}

/// Returns the TTL or hop limit that a control message has: one byte by IPv4, an int by IPv6.
#[cfg(target_os = "macos")]
fn hops_of(control: &ControlMessageOwned) -> Option<u8> {
    let ControlMessageOwned::Unknown(unknown) = control else { return None };
    let (header, data) = (&unknown.cmsg_header, &unknown.data_bytes);
    match (header.cmsg_level, header.cmsg_type) {
        (libc::IPPROTO_IP, libc::IP_RECVTTL) => data.first().copied(),
        (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
            u8::try_from(i32::from_ne_bytes(*data.first_chunk()?)).ok()
        }
        _ => None,
    }
}

/// Returns the source of a message; of an error, the destination of the datagram that caused it.
fn address_of(message: &RecvMsg<'_, '_, SockaddrStorage>) -> io::Result<SocketAddr> {
    let address = message.address.as_ref();
    let v4 = || address?.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4).into());
    let v6 = || address?.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into());
    v4().or_else(v6).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
