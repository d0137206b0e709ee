//! What works on every system, for those that have nothing better; and what stands for what a system does not tell.

pub mod datagram;
mod timer;
mod waker;

#[cfg(not(target_os = "linux"))]
pub use {timer::DeadlineTimer, waker::Waker};

#[cfg(not(target_os = "linux"))]
pub mod errors {
    //! A peer whose system answers that nobody is there is asked until it expires.

    use std::io;
    use std::net::SocketAddr;

    use socket2::Socket;

    /// None ever waits.
    pub fn receive_error(_: &Socket) -> io::Result<(bool, SocketAddr)> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

#[cfg(not(target_os = "linux"))]
pub mod multicast_joins {
    //! Memberships that are lost unseen are joined anew when the watchdog opens the sockets anew.

    use std::net::IpAddr;

    /// The system does not tell.
    pub fn of(_: IpAddr) -> Option<Vec<u32>> {
        None
    }
}

#[cfg(not(target_os = "linux"))]
pub mod options {
    //! What only Linux can be asked for.

    use std::io;

    use socket2::Socket;

    /// Nothing to ask for: errors are not kept.
    pub fn keep_errors(_: &Socket, _: bool) -> io::Result<()> {
        Ok(())
    }

    /// No such setting is known.
    pub fn ipv6_turned_off() -> Option<&'static str> {
        None
    }

    /// No such setting is known.
    pub fn join_limit(_: &io::Error, _: bool) -> Option<&'static str> {
        None
    }
}
