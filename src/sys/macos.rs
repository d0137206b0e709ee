//! Parts that only macOS has.

pub mod options {
    //! Socket options of macOS, and how a socket joins a group.

    use std::io;

    use socket2::Socket;

    pub use crate::sys::portable::options::{ipv6_turned_off, join_limit, keep_errors};
    pub use crate::sys::unix::options::{
        IS_GROUP_BINDABLE, NO_SUCH_FAMILY, is_port_held, join_v4, leave_v4, tell_destination,
    };

    /// Does nothing: a socket receives only through the interfaces that it joined.
    pub fn hear_only_joined(_: &Socket, _: bool) -> io::Result<()> {
        Ok(())
    }

    /// Lets the socket share its port with all sockets that request the same.
    pub fn share_port(socket: &Socket) -> io::Result<()> {
        socket.set_reuse_address(true)?;
        // SO_REUSEADDR is enough only for a socket that is bound to a group.
        socket.set_reuse_port(true)
    }
}

pub mod routes {
    //! The socket on which the system reports links, addresses and routes.

    use std::os::fd::OwnedFd;

    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

    /// Opens it. macOS has no SOCK_CLOEXEC.
    pub fn subscribe() -> nix::Result<OwnedFd> {
        let socket = socket(AddressFamily::Route, SockType::Raw, SockFlag::empty(), None)?;
        fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        Ok(socket)
    }
}

pub mod tentative {
    //! Tentative IPv6 addresses are not looked up. A send from one fails, and is repeated at the next announcement.

    use std::net::Ipv6Addr;

    /// Returns none.
    pub fn addresses() -> Vec<(u32, Ipv6Addr)> {
        Vec::new()
    }
}
