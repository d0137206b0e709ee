//! What differs by system. Everything outside this folder is the same on all. Plain types in and out: nothing here imports from
//! `net` or `runtime`.
//!
//! FreeBSD is as macOS, but for the item that names it.
//!
//! | item | Linux | macOS | Windows |
//! |---|---|---|---|
//! | [`Identity`] of an open file | device and inode | as Linux | none |
//! | [`timer::DeadlineTimer`], which shortens a wait after a suspend | timerfd of CLOCK_BOOTTIME | none | none |
//! | [`clock::BootClock`], which counts a suspend | CLOCK_BOOTTIME | CLOCK_MONOTONIC | `Instant` |
//! | [`NetworkMonitor`], reports of links and addresses | netlink | routing socket | NotifyIpInterfaceChange |
//! | [`multicast_joins`], as the system has them | /proc | none | none |
//! | [`datagram`], by interface and packet information | sendmsg, recvmmsg | sendmsg, recvmsg; on FreeBSD the multicast interface for IPv4 | multicast interface, WSARecvMsg |
//! | ICMP errors, in [`datagram`] | the error queue | none: such a peer expires | as macOS |
//! | TTL of a received datagram, in [`options`] | IP_RECVTTL | as Linux | as Linux, from Windows 10 on |
//! | [`options::keeps_on_link`], past the routing table | IPv4 | IPv4 | no: only to networks of the interface |
//! | [`socket::open_group_sender`] | beside the unicast socket | none: the unicast socket sends | as macOS |
//! | [`interfaces`] | ioctl, /proc; kinds of links by netlink | getifaddrs | GetAdaptersAddresses |
//! | [`host`]: its names | POSIX | POSIX | its own |
//! | [`thread`], in which signals are blocked | POSIX | POSIX | Rust's; no signals |
//! | [`forks`] | pthread_atfork | pthread_atfork | none |
//! | [`cancellation`] of threads | pthread_setcancelstate | pthread_setcancelstate | none |

use std::io;
use std::net::{IpAddr, SocketAddr};

pub(crate) mod batch;
pub(crate) mod call_error;
pub(crate) mod clock;
pub(crate) mod forks;
pub(crate) mod interface;
pub(crate) mod multicast_joins;
pub(crate) mod optional;
pub(crate) mod options;
pub(crate) mod poller;
pub(crate) mod proc_net;
pub(crate) mod socket;
pub(crate) mod timer;
#[cfg(unix)]
mod unix;
pub(crate) mod waker;
#[cfg(windows)]
mod windows;

#[cfg(not(any(linux_kernel, target_os = "macos", target_os = "freebsd", windows)))]
compile_error!("src/sys knows Linux, Android, macOS, FreeBSD and Windows; this system is none of them");

#[cfg(all(unix, feature = "tokio"))]
pub(crate) use unix::duplicate;
#[cfg(unix)]
pub(crate) use unix::{
    Identity, NetworkMonitor, cancellation, datagram, descriptor_of, host, interfaces, socket_pair, thread,
};
#[cfg(windows)]
pub(crate) use windows::{
    Identity, NetworkMonitor, cancellation, datagram, descriptor_of, host, interfaces, socket_pair, thread,
};

/// What an event loop polls: a file descriptor; on Windows a socket.
#[cfg(unix)]
pub type Descriptor = std::os::fd::RawFd;
/// What an event loop polls: a socket; elsewhere a file descriptor.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::RawSocket;

/// The way out for a datagram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Way {
    /// Index of the interface; 0 lets routing choose.
    pub interface: u32,
    /// The address to send from; `None` lets the system choose one of the interface.
    pub source: Option<IpAddr>,
    /// True if the datagram must not leave the link: it is sent past the routing table.
    pub only_on_link: bool,
}

/// An ICMP error about a datagram that a socket has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IcmpError {
    /// True for port and host unreachable. The other codes come from firewalls and routers, and say nothing of the host.
    pub is_unreachable: bool,
    /// Destination of the datagram.
    pub to: SocketAddr,
    /// Index of the interface through which the error came; 0 if this host reports it, or if that is unknown.
    pub interface: u32,
}

/// Bytes from the system's source of randomness.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
