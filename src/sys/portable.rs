//! What works on every system, in place of calls that only some have.

pub mod datagram;

#[cfg(not(target_os = "linux"))]
pub mod timer {
    //! `DeadlineTimer`: none. After a suspend the node may run late, by up to one wait.

    use std::io;
    use std::time::Instant;

    use crate::sys::Descriptor;

    pub enum DeadlineTimer {}

    impl DeadlineTimer {
        pub fn new() -> Option<Self> {
            None
        }

        pub fn set(&mut self, _: Instant, _: Instant) -> io::Result<()> {
            match *self {}
        }

        pub fn check(&self) -> io::Result<()> {
            match *self {}
        }

        pub fn descriptor(&self) -> Descriptor {
            match *self {}
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub mod errors {
    //! ICMP errors are not reported: an unreachable peer is probed until it expires.

    use std::io;
    use std::net::SocketAddr;

    use socket2::Socket;

    /// Returns that none waits.
    pub fn receive_error(_: &Socket) -> io::Result<(bool, SocketAddr)> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

#[cfg(not(target_os = "linux"))]
pub mod multicast_joins {
    //! The system does not list its joins. A join that it has lost is repeated when the receive watchdog reopens the sockets.

    use std::net::IpAddr;

    /// Returns that the joins are not known.
    pub fn of(_: IpAddr) -> Option<Vec<u32>> {
        None
    }
}

#[cfg(not(target_os = "linux"))]
pub mod options {
    //! Options that only Linux has.

    use std::io;

    use socket2::Socket;

    /// Does nothing: the system keeps no errors.
    pub fn keep_errors(_: &Socket, _: bool) -> io::Result<()> {
        Ok(())
    }

    /// Returns that no such setting is known.
    pub fn ipv6_turned_off() -> Option<&'static str> {
        None
    }

    /// Returns that no such setting is known.
    pub fn join_limit(_: &io::Error, _: bool) -> Option<&'static str> {
        None
    }
}
