//! Socket options, and how a socket joins a group.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use socket2::{InterfaceIndexOrAddress, Socket};

#[cfg(all(unix, not(target_os = "freebsd")))]
use libc::IP_PKTINFO;
#[cfg(unix)]
use libc::{
    IP_MULTICAST_LOOP, IP_MULTICAST_TTL, IP_RECVTTL, IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPV6_MULTICAST_HOPS,
    IPV6_MULTICAST_LOOP, IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO, IPV6_UNICAST_HOPS,
};
#[cfg(windows)]
use windows_sys::Win32::Networking::WinSock::{
    IP_MULTICAST_LOOP, IP_MULTICAST_TTL, IP_PKTINFO, IP_RECVTTL, IP_TTL, IPPROTO_IP, IPPROTO_IPV6,
    IPV6_HOPLIMIT as IPV6_RECVHOPLIMIT, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP,
    IPV6_PKTINFO as IPV6_RECVPKTINFO, IPV6_UNICAST_HOPS, SOCKET, setsockopt,
};

use crate::sys::descriptor_of;
use crate::sys::interface::Interface;
use crate::sys::optional::{Optional, Refusals};
use peers_proto::Family;

/// TTL and hop limit of unicast (RFC 5082): a router lowers it.
const UNICAST_HOPS: i32 = 255;

/// The options that request the destination and the interface of each IPv4 datagram.
#[cfg(not(target_os = "freebsd"))]
const PACKET_INFO_V4: [i32; 1] = [IP_PKTINFO];
#[cfg(target_os = "freebsd")]
const PACKET_INFO_V4: [i32; 2] = [libc::IP_RECVDSTADDR, libc::IP_RECVIF];

/// An option that a node can do without: number and name, of IPv4 and of IPv6.
struct FamilyOption {
    v4: (i32, &'static str),
    v6: (i32, &'static str),
    /// What is lost without it.
    lost: &'static str,
}

/// Limits a socket to the interfaces that it joined. By default a socket of Linux also receives through those that others joined.
#[cfg(linux_kernel)]
const MULTICAST_ALL: FamilyOption = FamilyOption {
    v4: (libc::IP_MULTICAST_ALL, "IP_MULTICAST_ALL"),
    v6: (libc::IPV6_MULTICAST_ALL, "IPV6_MULTICAST_ALL"),
    lost: "the node also receives what other programs of this host joined",
};

/// Keeps the ICMP errors of datagrams that the socket sends. Without this Linux also conceals that a queue of the interface is full.
#[cfg(linux_kernel)]
const ERRORS: FamilyOption = FamilyOption {
    v4: (libc::IP_RECVERR, "IP_RECVERR"),
    v6: (libc::IPV6_RECVERR, "IPV6_RECVERR"),
    lost: "a peer that crashed is listed until it expires",
};

/// TTL or hop limit of multicast.
const MULTICAST_HOPS: FamilyOption = FamilyOption {
    v4: (IP_MULTICAST_TTL, "IP_MULTICAST_TTL"),
    v6: (IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS"),
    lost: "announcements cross one link, whatever the option hops says",
};

/// Loops multicast back to the nodes of this host, and to this node: the receive watchdog relies on that.
const MULTICAST_LOOP: FamilyOption = FamilyOption {
    v4: (IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP"),
    v6: (IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP"),
    lost: "nodes of this host may miss each other by this family",
};

/// TTL or hop limit of unicast. If the system sends another one, peers drop such datagrams, and multicast alone keeps the node
/// listed.
const HOPS: FamilyOption = FamilyOption {
    v4: (IP_TTL, "IP_TTL"),
    v6: (IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS"),
    lost: "peers may drop the unicast of this node",
};

/// Requests the TTL or hop limit of each received datagram.
const RECEIVED_HOPS: FamilyOption = FamilyOption {
    v4: (IP_RECVTTL, "IP_RECVTTL"),
    v6: (IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT"),
    lost: "unicast is checked by the networks of the interfaces alone",
};

impl FamilyOption {
    /// Sets the option, or notes that the system refuses it.
    fn set(&self, socket: &Socket, is_v6: bool, value: i32, refusals: &Refusals) {
        let (level, (number, call)) = if is_v6 { (IPPROTO_IPV6, self.v6) } else { (IPPROTO_IP, self.v4) };
        refusals.settle(Optional { call, lost: self.lost }, set_option(socket, level, number, value));
    }
}

/// The error of a system without an address family.
#[cfg(unix)]
pub const NO_SUCH_FAMILY: i32 = libc::EAFNOSUPPORT;
#[cfg(windows)]
pub const NO_SUCH_FAMILY: i32 = windows_sys::Win32::Networking::WinSock::WSAEAFNOSUPPORT;

/// True if a socket can be bound to an IPv4 group. It then receives only what is sent to the group.
pub const IS_GROUP_BINDABLE: bool = cfg!(unix);

/// True if a socket that does not share its port holds it.
pub fn is_port_held(error: &io::Error) -> bool {
    // Windows reports a lack of permission if the socket has SO_EXCLUSIVEADDRUSE.
    let is_exclusive = cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied;
    error.kind() == io::ErrorKind::AddrInUse || is_exclusive
}

/// Limits a socket to the interfaces that it joined.
pub fn receive_only_joined(socket: &Socket, is_v6: bool, refusals: &Refusals) {
    #[cfg(linux_kernel)]
    MULTICAST_ALL.set(socket, is_v6, 0, refusals);
    let _ = (socket, is_v6, refusals);
}

/// Prepares a socket to send to groups, and to report the ICMP errors about what it sends, where the system can (Linux).
pub fn prepare_sender(socket: &Socket, is_v6: bool, hops: u8, refusals: &Refusals) {
    #[cfg(linux_kernel)]
    ERRORS.set(socket, is_v6, 1, refusals);
    MULTICAST_HOPS.set(socket, is_v6, hops.into(), refusals);
    MULTICAST_LOOP.set(socket, is_v6, 1, refusals);
}

/// Prepares a socket to send and to receive unicast with a check of its TTL or hop limit.
pub fn prepare_unicast(socket: &Socket, is_v6: bool, refusals: &Refusals) {
    HOPS.set(socket, is_v6, UNICAST_HOPS, refusals);
    RECEIVED_HOPS.set(socket, is_v6, 1, refusals);
}

/// Lets the socket share its port with all sockets that request the same.
pub fn share_port(socket: &Socket) -> io::Result<()> {
    // On macOS and FreeBSD SO_REUSEADDR is enough only for a socket that is bound to a group.
    #[cfg(all(unix, not(linux_kernel)))]
    socket.set_reuse_port(true)?;
    socket.set_reuse_address(true)
}

/// Requests the destination and the interface of each received datagram.
pub fn request_packet_info(socket: &Socket, is_v6: bool) -> io::Result<()> {
    match is_v6 {
        true => set_option(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
        false => PACKET_INFO_V4.iter().try_for_each(|option| set_option(socket, IPPROTO_IP, *option, 1)),
    }
}

/// True if a datagram that is sent past the routing table stays on its link, wherever its destination is. Linux ignores
/// MSG_DONTROUTE for IPv6, and Windows permits itself to ignore it. A datagram for an address outside the networks of the
/// interface is not sent there.
pub const fn keeps_on_link(is_v6: bool) -> bool {
    cfg!(unix) && !is_v6
}

fn set_option(socket: &Socket, level: i32, option: i32, value: i32) -> io::Result<()> {
    let value = value.to_ne_bytes();
    #[cfg(unix)]
    use libc::setsockopt;
    #[cfg(unix)]
    let socket = descriptor_of(socket);
    #[cfg(windows)]
    let socket = descriptor_of(socket) as SOCKET;
    // SAFETY: the pointer and the length are those of one array, which outlives the call.
    match unsafe { setsockopt(socket, level, option, value.as_ptr().cast(), value.len() as _) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Joins an IPv4 group.
pub fn join_v4(socket: &Socket, group: Ipv4Addr, interface: &Interface) -> io::Result<()> {
    // By index, a socket can leave an interface that has lost its address. Wine takes the address only. For machines of 64 bits
    // qemu-user passes another index on.
    let by_index = socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(interface.index));
    by_index.or_else(|error| match interface.source(Family::V4) {
        Some(IpAddr::V4(address)) => socket.join_multicast_v4(&group, &address).map_err(|_| error),
        _ => Err(error),
    })
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
