//! What only macOS has.

pub mod options {
    //! What macOS has to be asked for when a socket is opened, and how it joins a group.

    use std::io;

    use socket2::Socket;

    pub use crate::sys::portable::options::{ipv6_turned_off, join_limit, keep_errors};
    pub use crate::sys::unix::options::{
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

pub mod poller {
    //! `Poller`: descriptors to wait for, and what was found at them. By poll.

    use std::io;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

    use nix::errno::Errno;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use crate::sys::{Descriptor, Found, check_open};

    #[derive(Default)]
    pub struct Poller(Vec<PollFd<'static>>);

    impl Poller {
        /// Adds a descriptor, until it is removed.
        pub fn add(&mut self, descriptor: Descriptor) -> io::Result<()> {
            self.0.push(fresh(descriptor));
            Ok(())
        }

        /// Removes a descriptor.
        pub fn remove(&mut self, descriptor: Descriptor) {
            self.0.retain(|fd| descriptor_of(fd) != descriptor);
        }

        /// What was found at a descriptor.
        pub fn at(&self, descriptor: Descriptor) -> Found {
            let fd = self.0.iter().find(|fd| descriptor_of(fd) == descriptor);
            let events = fd.and_then(PollFd::revents).unwrap_or(PollFlags::empty());
            Found { is_readable: !events.is_empty(), has_error: events.contains(PollFlags::POLLERR) }
        }

        /// Waits until something is to be found, or for `timeout_ms`, unless that is -1. Nothing is if a signal came.
        pub fn poll(&mut self, timeout_ms: i32) -> io::Result<()> {
            let timeout = PollTimeout::try_from(timeout_ms).map_err(io::Error::other)?;
            // What was found before is old, and stays if a signal comes.
            self.0.iter_mut().for_each(|fd| *fd = fresh(descriptor_of(fd)));
            match poll(&mut self.0, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            let is_closed =
                |fd: &PollFd<'_>| fd.revents().is_some_and(|events| events.contains(PollFlags::POLLNVAL));
            check_open(self.0.iter().map(is_closed))
        }
    }

    fn fresh(descriptor: Descriptor) -> PollFd<'static> {
        // SAFETY: it is the caller's, who removes it before it is closed. One that another part of the program has closed is
        // told by POLLNVAL.
        PollFd::new(unsafe { BorrowedFd::borrow_raw(descriptor) }, PollFlags::POLLIN)
    }

    fn descriptor_of(fd: &PollFd<'_>) -> Descriptor {
        fd.as_fd().as_raw_fd()
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
