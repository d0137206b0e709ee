//! What Windows has to be asked for when a socket is opened, and how it joins a group.

use std::io;
use std::net::Ipv4Addr;
use std::os::windows::io::AsRawSocket;

use socket2::{InterfaceIndexOrAddress, Socket};
use windows_sys::Win32::Networking::WinSock::{
    IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, SOCKET, WSAEAFNOSUPPORT, setsockopt,
};

use crate::sys::interface::Interface;
pub use crate::sys::portable::options::{ipv6_turned_off, join_limit, keep_errors};

/// The error of a system that does not have an address family.
pub const NO_SUCH_FAMILY: i32 = WSAEAFNOSUPPORT;

/// A socket can be bound to addresses of the host alone.
pub const IS_GROUP_BINDABLE: bool = false;

/// True if a socket that does not share its port holds it: it has asked to have it alone (SO_EXCLUSIVEADDRUSE), and the system
/// says that nobody else has the right to it.
pub fn is_port_held(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

/// Has it told of each datagram where it was sent to, and through which interface it came.
pub fn tell_destination(socket: &Socket, is_v6: bool) -> io::Result<()> {
    let (level, option) = match is_v6 {
        true => (IPPROTO_IPV6, IPV6_PKTINFO),
        false => (IPPROTO_IP, IP_PKTINFO),
    };
    let on = 1_i32.to_ne_bytes();
    // SAFETY: the pointer and the length are those of one array, which outlives the call.
    let result =
        unsafe { setsockopt(socket.as_raw_socket() as SOCKET, level, option, on.as_ptr(), on.len() as i32) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Nothing to ask for: a socket hears only what comes through the interfaces that it joined.
pub fn hear_only_joined(_: &Socket, _: bool) -> io::Result<()> {
    Ok(())
}

/// Lets the sockets of all processes share a port, unless one has asked to have it alone.
pub fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

pub fn join_v4(socket: &Socket, group: Ipv4Addr, interface: &Interface) -> io::Result<()> {
    let join = |by| socket.join_multicast_v4_n(&group, &by);
    // By index, an interface can be left when it has lost its address. Wine knows it by its address alone.
    join(InterfaceIndexOrAddress::Index(interface.index)).or_else(|error| match interface.v4 {
        Some(address) => join(InterfaceIndexOrAddress::Address(address)),
        None => Err(error),
    })
}

pub fn leave_v4(socket: &Socket, group: Ipv4Addr, index: u32) -> io::Result<()> {
    socket.leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
}
