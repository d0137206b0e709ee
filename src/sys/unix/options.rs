//! What has to be asked for when a socket is opened, and how it joins a group, where Linux and macOS agree.

use std::io;
use std::net::Ipv4Addr;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use socket2::{InterfaceIndexOrAddress, Socket};

use crate::sys::interface::Interface;

/// The error of a system that does not have an address family.
pub const NO_SUCH_FAMILY: i32 = libc::EAFNOSUPPORT;

/// True where a socket can be bound to a group of IPv4; it then gets nothing that was sent to another address.
pub const IS_GROUP_BINDABLE: bool = true;

/// True if a socket that does not share its port holds it.
pub fn is_port_held(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

/// Has it told of each datagram where it was sent to, and through which interface it came.
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
