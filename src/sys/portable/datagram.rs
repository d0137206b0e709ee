//! Sends and receives datagrams one by one, where the system has no call for many.

use std::io;
use std::net::IpAddr;

use socket2::Socket;

use crate::sys::Outgoing;
use crate::sys::batch::{Buffer, Received};
#[cfg(unix)]
use crate::sys::unix::datagram as single;
#[cfg(windows)]
use crate::sys::windows::datagram as single;

/// Without state: it stands for that of Linux.
pub struct Messages;

impl Messages {
    pub fn new() -> Self {
        Messages
    }

    /// Receives datagrams that wait, each into one of `buffers`. Calls `take` with the number of the buffer, the datagram and its
    /// destination. Returns the number of buffers in use; if it is not all, no more waited. An error if none waited.
    pub fn receive(
        &mut self,
        socket: &Socket,
        buffers: &mut [Buffer],
        mut take: impl FnMut(usize, Received, IpAddr),
    ) -> io::Result<usize> {
        for (number, buffer) in buffers.iter_mut().enumerate() {
            match single::receive(socket, buffer) {
                Ok(Some((received, to))) => take(number, received, to),
                // An error was taken; datagrams may wait behind it.
                Ok(None) => {}
                Err(error) if number == 0 => return Err(error),
                Err(_) => return Ok(number),
            }
        }
        Ok(buffers.len())
    }

    /// Sends datagrams, and returns their number, from the first on. An error if the first could not be sent.
    pub fn send(&mut self, socket: &Socket, datagrams: &[Outgoing]) -> io::Result<usize> {
        let Some(Outgoing { payload, to, way }) = datagrams.first() else { return Ok(0) };
        single::send(socket, payload, *to, way).map(|()| 1)
    }
}
