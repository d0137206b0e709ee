//! `Changes`: the system's word that links or addresses have changed (rtnetlink).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};

/// Links that come, go, up or down; addresses that come or go. An IPv6 address is told of when it becomes usable.
const GROUPS: libc::c_int = libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR;

pub(super) struct Changes(OwnedFd);

impl Changes {
    pub fn subscribe() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS as u32))?;
        Ok(Changes(socket))
    }

    /// Takes all messages that wait; true if there were any. What they say is left unread: the interfaces are looked
    /// at anew, once for a whole burst.
    pub fn drain(&self) -> bool {
        let mut has_any = false;
        loop {
            // One byte of each is enough; the rest is dropped with it.
            match recv(self.0.as_raw_fd(), &mut [0], MsgFlags::MSG_DONTWAIT) {
                // Messages were lost for want of room, so there have been some.
                Ok(_) | Err(Errno::ENOBUFS) => has_any = true,
                Err(Errno::EINTR) => {}
                Err(_) => return has_any,
            }
        }
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
