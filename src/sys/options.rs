//! Socket options, and how a socket joins a group.

use std::fs;
use std::io;
use std::net::Ipv4Addr;

use socket2::{InterfaceIndexOrAddress, Socket};

#[cfg(unix)]
use libc::{IP_PKTINFO, IP_RECVTTL, IPPROTO_IP, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO};
#[cfg(windows)]
use windows_sys::Win32::Networking::WinSock::{
    IP_PKTINFO, IP_RECVTTL, IPPROTO_IP, IPPROTO_IPV6, IPV6_HOPLIMIT as IPV6_RECVHOPLIMIT,
    IPV6_PKTINFO as IPV6_RECVPKTINFO, SOCKET, setsockopt,
};

use crate::sys::descriptor_of;
use crate::sys::interface::Interface;
use crate::sys::optional::{self, Refusals};

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
    #[cfg(linux_kernel)]
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
pub fn request_packet_info(socket: &Socket, is_v6: bool) -> io::Result<()> {
    match is_v6 {
        true => turn_on(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO),
        false => turn_on(socket, IPPROTO_IP, IP_PKTINFO),
    }
}

/// Requests the TTL or hop limit of each received datagram. A system that refuses it reports none, and the networks of the
/// interfaces tell which datagrams are on-link.
pub fn request_hops(socket: &Socket, is_v6: bool) -> io::Result<()> {
    match is_v6 {
        true => turn_on(socket, IPPROTO_IPV6, IPV6_RECVHOPLIMIT),
        false => turn_on(socket, IPPROTO_IP, IP_RECVTTL),
    }
}

/// Sets the TTL or hop limit of unicast. If the system sends another one, peers drop such datagrams, and multicast alone keeps
/// the node listed.
pub fn set_unicast_hops(socket: &Socket, is_v6: bool, hops: u8) -> io::Result<()> {
    match is_v6 {
        true => socket.set_unicast_hops_v6(hops.into()),
        false => socket.set_ttl_v4(hops.into()),
    }
}

/// Sets the TTL or hop limit of multicast, and loops it back to the nodes of this host, and to this node: the receive watchdog
/// relies on that.
pub fn prepare_multicast(socket: &Socket, is_v6: bool, hops: u8, refusals: &Refusals) {
    match is_v6 {
        true => {
            refusals.settle(&optional::MULTICAST_HOPS_V6, socket.set_multicast_hops_v6(hops.into()));
            refusals.settle(&optional::MULTICAST_LOOP_V6, socket.set_multicast_loop_v6(true));
        }
        false => {
            refusals.settle(&optional::MULTICAST_HOPS_V4, socket.set_multicast_ttl_v4(hops.into()));
            refusals.settle(&optional::MULTICAST_LOOP_V4, socket.set_multicast_loop_v4(true));
        }
    }
}

/// True if a datagram that is sent past the routing table stays on its link, wherever its destination is. Linux ignores
/// MSG_DONTROUTE for IPv6, and Windows permits itself to ignore it. A datagram for an address outside the networks of the
/// interface is not sent there.
pub const fn keeps_on_link(is_v6: bool) -> bool {
    cfg!(unix) && !is_v6
}

/// Turns on an option.
fn turn_on(socket: &Socket, level: i32, option: i32) -> io::Result<()> {
    let on = 1_i32.to_ne_bytes();
    #[cfg(unix)]
    // SAFETY: the pointer and the length are those of one array, which outlives the call.
    let result = unsafe {
        libc::setsockopt(
            descriptor_of(socket),
            level,
            option,
            on.as_ptr().cast(),
            on.len() as libc::socklen_t,
        )
    };
    #[cfg(windows)]
    // SAFETY: the pointer and the length are those of one array, which outlives the call.
    let result =
        unsafe { setsockopt(descriptor_of(socket) as SOCKET, level, option, on.as_ptr(), on.len() as i32) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Keeps the ICMP errors of datagrams that the socket sends, where the system can (Linux).
pub fn keep_errors(socket: &Socket, is_v6: bool) -> io::Result<()> {
    #[cfg(linux_kernel)]
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
    #[cfg(linux_kernel)]
    match error.raw_os_error() {
        Some(libc::ENOBUFS) if !is_v6 => return Some("net.ipv4.igmp_max_memberships"),
        Some(libc::ENOBUFS | libc::ENOMEM) => return Some("net.core.optmem_max"),
        _ => {}
    }
    let _ = (error, is_v6);
    None
}
