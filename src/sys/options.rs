//! Socket options, and how a socket joins a group.

use std::fs;
use std::io;
use std::net::Ipv4Addr;

use socket2::{InterfaceIndexOrAddress, Socket};

use crate::sys::interface::Interface;

/// The error of a system without an address family.
#[cfg(unix)]
pub const NO_SUCH_FAMILY: i32 = libc::EAFNOSUPPORT;
#[cfg(windows)]
pub const NO_SUCH_FAMILY: i32 = windows_sys::Win32::Networking::WinSock::WSAEAFNOSUPPORT;

/// True if a socket can be bound to an IPv4 group. It then receives only what is sent to the group.
pub const IS_GROUP_BINDABLE: bool = cfg!(unix);

/// "1" on a Linux system whose interfaces get no IPv6 addresses.
const IPV6_SWITCH: &str = "/proc/sys/net/ipv6/conf/all/disable_ipv6";

/// True if a socket that does not share its port holds it.
pub fn is_port_held(error: &io::Error) -> bool {
    // Windows reports a lack of permission if the socket has SO_EXCLUSIVEADDRUSE.
    let is_exclusive = cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied;
    error.kind() == io::ErrorKind::AddrInUse || is_exclusive
}

/// Limits the socket to the interfaces that it joined. By default a socket of Linux also receives through those that other
/// sockets joined.
pub fn receive_only_joined(socket: &Socket, is_v6: bool) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    match is_v6 {
        true => socket.set_multicast_all_v6(false)?,
        false => socket.set_multicast_all_v4(false)?,
    }
    let _ = (socket, is_v6);
    Ok(())
}

/// Lets the socket share its port with all sockets that request the same.
pub fn share_port(socket: &Socket) -> io::Result<()> {
    // On macOS SO_REUSEADDR is enough only for a socket that is bound to a group.
    #[cfg(target_os = "macos")]
    socket.set_reuse_port(true)?;
    socket.set_reuse_address(true)
}

/// Requests the destination and the interface of each received datagram.
#[cfg(unix)]
pub fn request_packet_info(socket: &Socket, is_v6: bool) -> io::Result<()> {
    use nix::sys::socket::setsockopt;
    use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
    match is_v6 {
        true => setsockopt(socket, Ipv6RecvPacketInfo, &true)?,
        false => setsockopt(socket, Ipv4PacketInfo, &true)?,
    }
    Ok(())
}

/// Requests the destination and the interface of each received datagram.
#[cfg(windows)]
pub fn request_packet_info(socket: &Socket, is_v6: bool) -> io::Result<()> {
    use std::os::windows::io::AsRawSocket;
    use windows_sys::Win32::Networking::WinSock::{
        IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO, SOCKET, setsockopt,
    };
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

/// Keeps the ICMP errors of datagrams that the socket sends, where the system can (Linux).
pub fn keep_errors(socket: &Socket, is_v6: bool) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::socket::setsockopt;
        use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
        match is_v6 {
            true => setsockopt(socket, Ipv6RecvErr, &true)?,
            false => setsockopt(socket, Ipv4RecvErr, &true)?,
        }
    }
    let _ = (socket, is_v6);
    Ok(())
}

/// Joins an IPv4 group.
pub fn join_v4(socket: &Socket, group: Ipv4Addr, interface: &Interface) -> io::Result<()> {
    let join = |by| socket.join_multicast_v4_n(&group, &by);
    // By index, a socket can leave an interface that has lost its address. Wine takes the address only.
    join(InterfaceIndexOrAddress::Index(interface.index)).or_else(|error| match interface.v4 {
        Some(address) if cfg!(windows) => join(InterfaceIndexOrAddress::Address(address)),
        _ => Err(error),
    })
}

/// Returns the setting by which IPv6 is turned off, if it is.
pub fn ipv6_turned_off() -> Option<&'static str> {
    fs::read_to_string(IPV6_SWITCH).is_ok_and(|text| text.trim() == "1").then_some(IPV6_SWITCH)
}

/// Returns the setting that limits joins, if such a limit has caused the error.
pub fn join_limit(error: &io::Error, is_v6: bool) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    match error.raw_os_error() {
        Some(libc::ENOBUFS) if !is_v6 => return Some("net.ipv4.igmp_max_memberships"),
        Some(libc::ENOBUFS | libc::ENOMEM) => return Some("net.core.optmem_max"),
        _ => {}
    }
    let _ = (error, is_v6);
    None
}
