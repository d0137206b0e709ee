//! What differs by system. Everything outside this folder is the same on all. Plain types in and out: nothing here imports from
//! `net` or `runtime`.
//!
//! Two thirds are the same on all systems: [`poller`] (`poll`, `WSAPoll`), [`waker`], [`socket`], [`batch`]. The rest each system
//! has from one of its own modules:
//!
//! | item | Linux | macOS | Windows |
//! |---|---|---|---|
//! | [`Identity`] of an open file | device and inode | as Linux | none |
//! | [`DeadlineTimer`], which shortens a wait after a suspend | timerfd of CLOCK_BOOTTIME | none | none |
//! | [`BootClock`], which counts a suspend | CLOCK_BOOTTIME | CLOCK_MONOTONIC | `Instant` |
//! | [`NetworkMonitor`], reports of links and addresses | netlink | routing socket | none: a look at each announcement |
//! | [`multicast_joins`], as the system has them | /proc | none | none |
//! | [`datagram`], by interface and packet information | sendmmsg, recvmmsg | sendmsg, recvmsg | multicast interface, WSARecvMsg |
//! | [`errors`], from ICMP | the error queue | none: such a peer expires | as macOS |
//! | [`interfaces`] | getifaddrs, /proc | getifaddrs | GetAdaptersAddresses |
//! | [`options`] of sockets | those of Linux | SO_REUSEPORT | joined by index |
//! | [`host`]: its names; signals | POSIX | POSIX | its own; no signals |
//! | [`process`]: its id | kept in memory that a fork wipes | getpid | GetCurrentProcessId |

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

pub(crate) mod batch;
#[cfg(test)]
mod datagram_tests;
pub(crate) mod interface;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
pub(crate) mod poller;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;
pub(crate) mod socket;
#[cfg(unix)]
mod unix;
pub(crate) mod waker;
#[cfg(windows)]
mod windows;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("src/sys knows Linux, macOS and Windows; this system is none of them");

#[cfg(target_os = "linux")]
pub(crate) use linux::{datagram, errors, multicast_joins, options, process, timer::DeadlineTimer};
#[cfg(target_os = "macos")]
pub(crate) use macos::options;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{datagram, errors, multicast_joins, timer::DeadlineTimer};
#[cfg(not(target_os = "linux"))]
pub(crate) use std::process;
#[cfg(unix)]
pub(crate) use unix::{BootClock, Identity, NetworkMonitor, descriptor_of, host, interfaces, socket_pair};
#[cfg(windows)]
pub(crate) use windows::{
    BootClock, Identity, NetworkMonitor, descriptor_of, host, interfaces, options, socket_pair,
};

/// What an event loop polls: a file descriptor; on Windows a socket.
#[cfg(unix)]
pub type Descriptor = std::os::fd::RawFd;
/// What an event loop polls: a socket; elsewhere a file descriptor.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::RawSocket;

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

/// Bytes from the system's source of randomness.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
