//! `Waker`: a descriptor that polls readable from `set` until `clear`. One wakes the node's thread, another one shows the
//! program's event loop that events wait.
//!
//! A pair of sockets, because the identity of a socket can be checked and that of an eventfd cannot.

use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::Socket;

use crate::sys::socket::OwnedSocket;
use crate::sys::{Descriptor, socket_pair};

/// The program may have made the descriptor a blocking one.
#[cfg(unix)]
const DONT_WAIT: i32 = libc::MSG_DONTWAIT;
#[cfg(windows)]
const DONT_WAIT: i32 = 0;

#[cfg(unix)]
const PEEK: i32 = libc::MSG_PEEK;
#[cfg(windows)]
const PEEK: i32 = windows_sys::Win32::Networking::WinSock::MSG_PEEK;

pub(crate) struct Waker {
    reader: OwnedSocket,
    writer: OwnedSocket,
    /// A byte is on its way, or waits. At most one does, however often the waker is set; unless the program has read it.
    is_set: AtomicBool,
}

impl Waker {
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = socket_pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        let (reader, writer) = (OwnedSocket::new(reader), OwnedSocket::new(writer));
        Ok(Waker { reader, writer, is_set: AtomicBool::new(false) })
    }

    /// # Errors
    /// Another part of the program has closed a descriptor, or the system refuses the call.
    pub fn set(&self) -> io::Result<()> {
        if self.is_set.swap(true, Ordering::SeqCst) && self.has_byte() {
            return Ok(());
        }
        match self.writer.get()?.send_with_flags(&[1], DONT_WAIT) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                // The next call tries again.
                self.is_set.store(false, Ordering::SeqCst);
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Makes it unreadable. The caller then looks at what the waker was set for: a `set` in between sends no byte.
    ///
    /// # Errors
    /// As for `set`.
    pub fn clear(&self) -> io::Result<()> {
        let reader = self.reader.get()?;
        let failed = loop {
            if let Err(error) = reader.recv_with_flags(&mut [MaybeUninit::uninit()], DONT_WAIT) {
                break error;
            }
        };
        self.is_set.store(false, Ordering::SeqCst);
        if failed.kind() == io::ErrorKind::WouldBlock { Ok(()) } else { Err(failed) }
    }

    /// False if another part of the program has read the byte.
    fn has_byte(&self) -> bool {
        let peek = |reader: &Socket| reader.recv_with_flags(&mut [MaybeUninit::uninit()], PEEK | DONT_WAIT);
        self.reader.get().is_ok_and(|reader| peek(reader).is_ok())
    }

    /// An error if another part of the program has closed one of its descriptors.
    pub fn check(&self) -> io::Result<()> {
        self.reader.get().and(self.writer.get()).map(drop)
    }

    /// Closes its descriptors. It works no more.
    pub fn close(&self) {
        self.reader.close();
        self.writer.close();
    }

    pub fn descriptor(&self) -> Descriptor {
        self.reader.descriptor()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sys::poller::Poller;

    /// Waits for up to `timeout`; a datagram over loopback takes a moment.
    fn is_readable(waker: &Waker, timeout: Duration) -> bool {
        let mut poller = Poller::default();
        poller.watch([waker.descriptor()]);
        poller.poll(timeout).expect("it can be polled");
        poller.at(waker.descriptor()).is_readable
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn a_waker_is_readable_from_set_until_clear() {
        let waker = Waker::new().expect("there are sockets");
        for _ in 0..2 {
            assert!(!is_readable(&waker, Duration::ZERO));
            waker.set().expect("it is open");
            waker.set().expect("it is open");
            assert!(is_readable(&waker, LONG));
            waker.clear().expect("it is open");
        }
        assert!(!is_readable(&waker, Duration::ZERO));
    }
}
