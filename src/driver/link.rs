//! `Link`: what a node is connected to, sockets or a memory network, behind one set of verbs.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use super::memory::MemoryPort;
use super::sockets::{BUFFER_SIZE, SendReport, Sockets};
use crate::core::Node;
use crate::health::Reason;

/// Datagrams taken in at a time. Between two batches other threads get the node's lock.
const BATCH: usize = 32;

pub(super) struct Link {
    connection: Connection,
    buffers: Box<[[u8; BUFFER_SIZE]]>,
    /// Of each buffer in use: how many bytes, from where, through which interface.
    received: Vec<(usize, SocketAddr, u32)>,
}

pub(super) enum Connection {
    Sockets(Sockets),
    Memory(MemoryPort),
    /// Not opened yet, or closed after the end.
    Closed,
}

/// What the last announcement showed of the network.
#[derive(Default)]
pub(super) struct LinkReport {
    pub interfaces: usize,
    pub membership: Option<(Reason, String)>,
    pub sending: Option<(Reason, String)>,
}

impl Default for Link {
    fn default() -> Self {
        let buffers = vec![[0; BUFFER_SIZE]; BATCH].into_boxed_slice();
        Link { connection: Connection::Closed, buffers, received: Vec::with_capacity(BATCH) }
    }
}

impl Link {
    pub fn connect(&mut self, connection: Connection) {
        self.connection = connection;
    }

    /// Receives what waits, up to a batch. True if there was anything.
    pub fn receive(&mut self) -> bool {
        self.received.clear();
        for buffer in &mut self.buffers {
            let received = match &self.connection {
                Connection::Sockets(sockets) => sockets.receive(buffer),
                Connection::Memory(port) => port.receive(buffer),
                Connection::Closed => None,
            };
            match received {
                Some(received) => self.received.push(received),
                None => break,
            }
        }
        !self.received.is_empty()
    }

    /// Hands the batch to the node.
    pub fn feed(&self, node: &mut Node, now: Instant) {
        for (buffer, (len, from, interface)) in self.buffers.iter().zip(&self.received) {
            node.handle_datagram(&buffer[..*len], *from, *interface, now);
        }
    }

    /// Sends `payload` to the group.
    pub fn send(&self, payload: &Arc<[u8]>) -> SendReport {
        match &self.connection {
            Connection::Sockets(sockets) => sockets.send(payload),
            Connection::Memory(port) => {
                port.send(payload);
                SendReport { sent: 1, ..SendReport::default() }
            }
            Connection::Closed => SendReport::default(),
        }
    }

    /// Joins the interfaces that came and leaves those that went. True if any did.
    pub fn follow_interfaces(&mut self) -> bool {
        match &mut self.connection {
            Connection::Sockets(sockets) => sockets.follow_interfaces(),
            Connection::Memory(_) | Connection::Closed => false,
        }
    }

    /// Opens the sockets anew.
    pub fn reopen(&mut self) -> io::Result<()> {
        match &mut self.connection {
            Connection::Sockets(sockets) => sockets.reopen(),
            Connection::Memory(_) | Connection::Closed => Ok(()),
        }
    }

    pub fn close(&mut self) {
        self.connection = Connection::Closed;
    }

    /// What is known of the network, after `sent` was sent.
    pub fn report(&self, sent: &SendReport) -> LinkReport {
        let Connection::Sockets(sockets) = &self.connection else {
            return LinkReport { interfaces: 1, ..LinkReport::default() };
        };
        let membership = sockets.membership_error().map(|error| {
            (reason_of(error, Reason::Membership), format!("joining the group on every interface: {error}"))
        });
        let sending = sent.refusal.as_ref().map(|(interface, error)| {
            (reason_of(error, Reason::SendFails), format!("sending through {interface}: {error}"))
        });
        LinkReport { interfaces: sockets.interface_count(), membership, sending }
    }

    /// Datagrams lost because the queue on a memory network was full.
    pub fn dropped(&self) -> u64 {
        match &self.connection {
            Connection::Memory(port) => port.dropped(),
            Connection::Sockets(_) | Connection::Closed => 0,
        }
    }

    /// The descriptor that is readable when a datagram waits. A memory network has none: it notifies.
    pub fn readable(&self) -> Option<RawFd> {
        match &self.connection {
            Connection::Sockets(sockets) => Some(sockets.readable().as_raw_fd()),
            Connection::Memory(_) | Connection::Closed => None,
        }
    }
}

fn reason_of(error: &io::Error, otherwise: Reason) -> Reason {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Reason::Permission,
        _ => otherwise,
    }
}
