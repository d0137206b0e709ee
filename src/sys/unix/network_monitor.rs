//! `NetworkMonitor`: the socket on which the system reports changes of links and addresses.

use std::io;
use std::mem::MaybeUninit;

use socket2::Socket;

use crate::sys::Descriptor;
use crate::sys::call_error::{CallError, Named};
use crate::sys::socket::OwnedSocket;

pub struct NetworkMonitor(OwnedSocket);

impl NetworkMonitor {
    pub fn subscribe() -> Result<Self, CallError> {
        let socket = open()?;
        socket.set_nonblocking(true).named("fcntl(O_NONBLOCK)")?;
        Ok(NetworkMonitor(OwnedSocket::new(socket)))
    }

    /// Takes all messages that wait; true if there were any. Their contents are not read: the caller looks at the interfaces
    /// once for a whole burst.
    ///
    /// # Errors
    /// Another part of the program has closed its descriptor, or the system refuses the call.
    pub fn drain(&self) -> io::Result<bool> {
        let socket = self.0.get()?;
        let mut has_any = false;
        loop {
            // One byte of each is enough; the rest is dropped with it.
            match socket.recv(&mut [MaybeUninit::uninit()]) {
                Ok(_) => has_any = true,
                // Messages were lost for want of room, so there have been some.
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => has_any = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(has_any),
                Err(error) => return Err(error),
            }
        }
    }

    /// An error if another part of the program has closed its descriptor.
    pub fn check(&self) -> io::Result<()> {
        self.0.get().map(drop)
    }

    pub fn descriptor(&self) -> Descriptor {
        self.0.descriptor()
    }
}

/// Opens a socket of rtnetlink, which reports links and addresses. It reports an IPv6 address when that becomes usable.
#[cfg(linux_kernel)]
fn open() -> Result<Socket, CallError> {
    use nix::sys::socket::{AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, socket};
    use std::os::fd::AsRawFd;

    /// RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR, which the crate libc does not have for Android.
    const GROUPS: u32 = 0x1 | 0x10 | 0x100;
    let protocol = SockProtocol::NetlinkRoute;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
        .named("socket(AF_NETLINK)")?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS)).named("bind(AF_NETLINK)")?;
    Ok(socket.into())
}

/// Opens a routing socket, which reports links, addresses and routes.
#[cfg(not(linux_kernel))]
fn open() -> Result<Socket, CallError> {
    Socket::new(libc::AF_ROUTE.into(), socket2::Type::RAW, None).named("socket(AF_ROUTE)")
}
