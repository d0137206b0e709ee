//! What of the driver differs from system to system; everything outside this folder is the same on all.
//!
//! Each system has the same items, from one of these modules:
//!
//! | item | Linux | macOS | Windows |
//! |---|---|---|---|
//! | [`Waker`], to wake a poll | an eventfd | a socket that sends to itself | as macOS |
//! | [`DeadlineTimer`], to sleep until a deadline | a timerfd that goes on in the machine's sleep | the timeout of poll | of WSAPoll |
//! | [`Clock`], that counts the machine's sleep | CLOCK_BOOTTIME | CLOCK_MONOTONIC | `Instant` |
//! | [`NetworkMonitor`], word of new links and addresses | netlink | a routing socket | none: a look at each announcement |
//! | [`multicast_joins`], as the system has them | /proc | not told | not told |
//! | [`datagram`], by interface and packet information | sendmmsg, recvmmsg | sendmsg, recvmsg | a multicast interface, WSARecvMsg |
//! | [`Poller`], what to wait for | epoll | poll | WSAPoll |
//! | [`errors`], of datagrams sent in vain | the error queue | not told: such a peer expires | as macOS |
//! | [`interfaces`] | getifaddrs, /proc | getifaddrs | GetAdaptersAddresses |
//! | [`options`] of sockets | those of Linux | SO_REUSEPORT | joined by index |
//! | [`host`]: its names; signals | POSIX | POSIX | its own; there are none |
//! | [`process`]: its id | kept in memory that a fork wipes | asked for | asked for |

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

pub(crate) mod batch;
#[cfg(test)]
mod datagram_tests;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("src/sys knows Linux, macOS and Windows; this system is none of them");

#[cfg(target_os = "linux")]
pub(crate) use linux::process;
#[cfg(target_os = "linux")]
pub(crate) use linux::{DeadlineTimer, Poller, Waker, datagram, errors, multicast_joins, options};
#[cfg(target_os = "macos")]
pub(crate) use macos::{options, poller::Poller};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{DeadlineTimer, Waker, datagram, errors, multicast_joins};
#[cfg(not(target_os = "linux"))]
pub(crate) use std::process;
#[cfg(unix)]
pub(crate) use unix::host;
#[cfg(unix)]
pub(crate) use unix::{Clock, NetworkMonitor, descriptor_of, interfaces, wait_until_writable};
#[cfg(windows)]
pub(crate) use windows::host;
#[cfg(windows)]
pub(crate) use windows::{
    Clock, NetworkMonitor, Poller, descriptor_of, interfaces, options, wait_until_writable,
};

/// What an event loop polls: a file descriptor; on Windows a socket.
#[cfg(unix)]
pub type Descriptor = std::os::fd::RawFd;
/// What an event loop polls: a socket; elsewhere a file descriptor.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::RawSocket;

/// What a poll has found at a descriptor.
#[derive(Clone, Copy, Default)]
pub(crate) struct Found {
    /// It is readable, or has an error.
    pub is_readable: bool,
    pub has_error: bool,
}

/// A datagram to send.
pub(crate) struct Outgoing {
    pub payload: Arc<[u8]>,
    pub to: SocketAddr,
    pub way: Way,
}

/// The way out for a datagram.
#[derive(Default)]
pub(crate) struct Way {
    /// Index of the interface; 0 lets routing choose.
    pub interface: u32,
    /// The address to send from; `None` lets the system choose one of the interface.
    pub source: Option<Ipv4Addr>,
}

/// An error where a descriptor that was polled is none any more.
fn check_open(mut is_closed: impl Iterator<Item = bool>) -> io::Result<()> {
    match is_closed.any(|is_closed| is_closed) {
        false => Ok(()),
        true => Err(io::Error::other("a descriptor of the node was closed by another part of the program")),
    }
}
