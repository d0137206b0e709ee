//! What only macOS has.

pub mod options {
    //! What macOS has to be asked for when a socket is opened, and how it joins a group.

    use std::io;

    use socket2::Socket;

    pub use super::super::portable::options::{ipv6_turned_off, keep_errors, membership_limit};
    pub use super::super::unix::options::{
        IS_GROUP_BINDABLE, NO_SUCH_FAMILY, is_port_held, join_v4, leave_v4, tell_destination,
    };

    /// Nothing to ask for: a socket hears only what comes through the interfaces that it joined.
    pub fn hear_only_joined(_: &Socket, _: bool) -> io::Result<()> {
        Ok(())
    }

    /// Lets the sockets of all processes that ask for it share a port.
    pub fn share_port(socket: &Socket) -> io::Result<()> {
        socket.set_reuse_address(true)?;
        // Where the socket is bound to no group, the above does not do.
        socket.set_reuse_port(true)
    }
}

pub mod routes {
    //! The socket on which the system tells of links, addresses and routes.

    use std::os::fd::OwnedFd;

    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

    /// It is closed on exec by hand: the flags that do so on opening are not to be had here.
    pub fn subscribe() -> nix::Result<OwnedFd> {
        let socket = socket(AddressFamily::Route, SockType::Raw, SockFlag::empty(), None)?;
        fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        Ok(socket)
    }
}

pub mod tentative {
    //! Which IPv6 addresses cannot be used yet is not looked up: sending from one fails, and is tried again.

    use std::net::Ipv6Addr;

    pub fn addresses() -> Vec<(u32, Ipv6Addr)> {
        Vec::new()
    }
}
