//! Socket options of Linux, and how a socket joins a group.

use std::fs;
use std::io;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use socket2::Socket;

pub use crate::sys::unix::options::{
    IS_GROUP_BINDABLE, NO_SUCH_FAMILY, is_port_held, join_v4, leave_v4, tell_destination,
};

/// "1" on a system whose interfaces get no IPv6 addresses.
const IPV6_SWITCH: &str = "/proc/sys/net/ipv6/conf/all/disable_ipv6";

/// Limits the socket to the interfaces that it joined. By default it also receives through those that other sockets joined.
pub fn hear_only_joined(socket: &Socket, is_v6: bool) -> io::Result<()> {
    match is_v6 {
        true => socket.set_multicast_all_v6(false),
        false => socket.set_multicast_all_v4(false),
    }
}

/// Lets the socket share its port with all sockets that request the same.
pub fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// Keeps the errors of datagrams that it sends for [`receive_error`](crate::sys::linux::errors::receive_error).
pub fn keep_errors(socket: &Socket, is_v6: bool) -> io::Result<()> {
    match is_v6 {
        true => setsockopt(socket, Ipv6RecvErr, &true)?,
        false => setsockopt(socket, Ipv4RecvErr, &true)?,
    }
    Ok(())
}

/// Returns the setting by which IPv6 is turned off, if it is.
pub fn ipv6_turned_off() -> Option<&'static str> {
    fs::read_to_string(IPV6_SWITCH).is_ok_and(|text| text.trim() == "1").then_some(IPV6_SWITCH)
}

/// Returns the setting that limits joins, if such a limit has caused the error.
pub fn join_limit(error: &io::Error, is_v6: bool) -> Option<&'static str> {
    match error.raw_os_error() {
        Some(libc::ENOBUFS) if !is_v6 => Some("net.ipv4.igmp_max_memberships"),
        Some(libc::ENOBUFS | libc::ENOMEM) => Some("net.core.optmem_max"),
        _ => None,
    }
}
