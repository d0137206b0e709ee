//! Socket options of Windows, and how a socket joins a group.

use std::io;
use std::net::Ipv4Addr;
use std::os::windows::io::AsRawSocket;

use socket2::{InterfaceIndexOrAddress, Socket};
use windows_sys::Win32::Networking::WinSock::{
    IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, SOCKET, WSAEAFNOSUPPORT, setsockopt,
};

use crate::sys::interface::Interface;
pub use crate::sys::portable::options::{ipv6_turned_off, join_limit, keep_errors};

/// The error of a system without an address family.
pub const NO_SUCH_FAMILY: i32 = WSAEAFNOSUPPORT;

/// False: a socket can be bound to an address of the host only.
pub const IS_GROUP_BINDABLE: bool = false;

/// True if a socket that does not share its port holds it. For one with SO_EXCLUSIVEADDRUSE the system reports a lack of
/// permission.
pub fn is_port_held(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

/// Requests the destination and the interface of each received datagram.
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

/// Does nothing: a socket receives only through the interfaces that it joined.
pub fn hear_only_joined(_: &Socket, _: bool) -> io::Result<()> {
    Ok(())
}

/// Lets the socket share its port, unless another one has it alone (SO_EXCLUSIVEADDRUSE).
pub fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

pub fn join_v4(socket: &Socket, group: Ipv4Addr, interface: &Interface) -> io::Result<()> {
    let join = |by| socket.join_multicast_v4_n(&group, &by);
    // By index, a socket can leave an interface that has lost its address. Wine takes the address only.
    join(InterfaceIndexOrAddress::Index(interface.index)).or_else(|error| match interface.v4 {
        Some(address) => join(InterfaceIndexOrAddress::Address(address)),
        None => Err(error),
    })
}

pub fn leave_v4(socket: &Socket, group: Ipv4Addr, index: u32) -> io::Result<()> {
    socket.leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
}
