//! `Waker`: a socket that polls readable from `set` until `clear`, because it has sent something to itself. It wakes
//! the node's thread, and tells a caller's event loop that events wait.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use crate::sys::{Descriptor, descriptor_of};

pub struct Waker(UdpSocket);

impl Waker {
    pub fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Connected to itself, it hears nobody else.
        socket.connect(socket.local_addr()?)?;
        socket.set_nonblocking(true)?;
        Ok(Waker(socket))
    }

    pub fn set(&self) {
        // Fails only when there is no more room, and then it is readable already.
        let _ = self.0.send(&[1]);
    }

    pub fn clear(&self) {
        while self.0.recv(&mut [0]).is_ok() {}
    }

    pub fn descriptor(&self) -> Descriptor {
        descriptor_of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Poller;

    /// Waits for a while until it is readable; what a loopback delivers may take a moment.
    fn is_readable(waker: &Waker, timeout_ms: i32) -> bool {
        let mut poller = Poller::default();
        poller.add(waker.descriptor()).expect("it can be watched");
        poller.poll(timeout_ms).expect("it can be polled");
        poller.at(waker.descriptor()).is_readable
    }

    #[test]
    fn it_is_readable_from_set_until_clear() {
        let waker = Waker::new().expect("there is a loopback");
        assert!(!is_readable(&waker, 0));
        waker.set();
        waker.set();
        assert!(is_readable(&waker, 10_000));
        waker.clear();
        assert!(!is_readable(&waker, 0));
        waker.set();
        assert!(is_readable(&waker, 10_000));
    }

    #[test]
    fn nobody_else_sets_it() {
        let waker = Waker::new().expect("there is a loopback");
        let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a loopback");
        let address = waker.0.local_addr().expect("it is bound");
        // Refused at once, or thrown away.
        let _ = stranger.send_to(&[1], address);
        assert!(!is_readable(&waker, 50));
    }
}
