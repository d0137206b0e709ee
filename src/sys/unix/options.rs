//! Socket options that Linux and macOS share, and how a socket joins a group.

use std::io;
use std::net::Ipv4Addr;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use socket2::{InterfaceIndexOrAddress, Socket};

use crate::sys::interface::Interface;

/// The error of a system without an address family.
pub const NO_SUCH_FAMILY: i32 = libc::EAFNOSUPPORT;

/// True if a socket can be bound to an IPv4 group. It then receives only what is sent to the group.
pub const IS_GROUP_BINDABLE: bool = true;

/// True if a socket that does not share its port holds it.
pub fn is_port_held(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

/// Requests the destination and the interface of each received datagram.
pub fn tell_destination(socket: &Socket, is_v6: bool) -> io::Result<()> {
    match is_v6 {
        true => setsockopt(socket, Ipv6RecvPacketInfo, &true)?,
        false => setsockopt(socket, Ipv4PacketInfo, &true)?,
    }
    Ok(())
}

pub fn join_v4(socket: &Socket, group: Ipv4Addr, interface: &Interface) -> io::Result<()> {
    socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(interface.index))
}

pub fn leave_v4(socket: &Socket, group: Ipv4Addr, index: u32) -> io::Result<()> {
    socket.leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
}
