//! Datagrams one at a time, where the system has no call for many.

use std::io;
use std::net::IpAddr;

use socket2::Socket;

use crate::sys::Outgoing;
use crate::sys::batch::{Buffer, Received};
#[cfg(unix)]
use crate::sys::unix::datagram as single;
#[cfg(windows)]
use crate::sys::windows::datagram as single;

/// Nothing has to be kept from call to call.
pub struct Messages;

impl Messages {
    pub fn new() -> Self {
        Messages
    }

    /// Receives datagrams that wait, each into one of `buffers`: `take` is told the number of the buffer, and the address it
    /// was sent to. Returns how many buffers are in use then; if it is not all, no more waited. An error if none did.
    pub fn receive(
        &mut self,
        socket: &Socket,
        buffers: &mut [Buffer],
        mut take: impl FnMut(usize, Received, IpAddr),
    ) -> io::Result<usize> {
        for (number, buffer) in buffers.iter_mut().enumerate() {
            match single::receive(socket, buffer) {
                Ok(Some((received, to))) => take(number, received, to),
                // Thrown away, and more may wait behind it.
                Ok(None) => {}
                Err(error) if number == 0 => return Err(error),
                Err(_) => return Ok(number),
            }
        }
        Ok(buffers.len())
    }

    /// Sends datagrams: how many of them, from the first on, were. An error if the first could not be.
    pub fn send(&mut self, socket: &Socket, datagrams: &[Outgoing]) -> io::Result<usize> {
        let Some(Outgoing { payload, to, way }) = datagrams.first() else { return Ok(0) };
        single::send(socket, payload, *to, way).map(|()| 1)
    }
}
