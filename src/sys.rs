//! What differs by system. Everything outside this folder is the same on all. Plain types in and out: nothing here imports from
//! `net` or `runtime`.
//!
//! | item | Linux | macOS | Windows |
//! |---|---|---|---|
//! | [`Identity`] of an open file | device and inode | as Linux | none |
//! | [`timer::DeadlineTimer`], which shortens a wait after a suspend | timerfd of CLOCK_BOOTTIME | none | none |
//! | [`clock::BootClock`], which counts a suspend | CLOCK_BOOTTIME | CLOCK_MONOTONIC | `Instant` |
//! | [`NetworkMonitor`], reports of links and addresses | netlink | routing socket | none: a look at each announcement |
//! | [`multicast_joins`], as the system has them | /proc | none | none |
//! | [`datagram`], by interface and packet information | sendmsg, recvmmsg | sendmsg, recvmsg | multicast interface, WSARecvMsg |
//! | ICMP errors, in [`datagram`] | the error queue | none: such a peer expires | as macOS |
//! | [`interfaces`] | getifaddrs, /proc | getifaddrs | GetAdaptersAddresses |
//! | [`host`]: its names; signals | POSIX | POSIX | its own; no signals |

use std::io;
use std::net::Ipv4Addr;

pub(crate) mod batch;
pub(crate) mod clock;
#[cfg(test)]
mod datagram_tests;
pub(crate) mod interface;
pub(crate) mod multicast_joins;
pub(crate) mod options;
pub(crate) mod poller;
pub(crate) mod socket;
pub(crate) mod timer;
#[cfg(unix)]
mod unix;
pub(crate) mod waker;
#[cfg(windows)]
mod windows;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("src/sys knows Linux, macOS and Windows; this system is none of them");

#[cfg(unix)]
pub(crate) use unix::{Identity, NetworkMonitor, datagram, descriptor_of, host, interfaces, socket_pair};
#[cfg(windows)]
pub(crate) use windows::{Identity, NetworkMonitor, datagram, descriptor_of, host, interfaces, socket_pair};

/// What an event loop polls: a file descriptor; on Windows a socket.
#[cfg(unix)]
pub type Descriptor = std::os::fd::RawFd;
/// What an event loop polls: a socket; elsewhere a file descriptor.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::RawSocket;

/// The way out for a datagram.
#[derive(Default)]
pub(crate) struct Way {
    /// Index of the interface; 0 lets routing choose.
    pub interface: u32,
    /// The address to send from; `None` lets the system choose one of the interface.
    pub source: Option<Ipv4Addr>,
}

/// Bytes from the system's source of randomness.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
