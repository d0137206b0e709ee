//! `Link`: what a node is connected to, sockets or a memory network, behind one set of verbs.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::batch::Batch;
use super::interfaces::Interface;
use super::memory::MemoryPort;
use super::sockets::{Sockets, Tally};
use super::system::Descriptor;
use crate::core::{Node, Transmit};
use crate::health::Reason;

pub(super) struct Link {
    connection: Connection,
    batch: Batch,
}

pub(super) enum Connection {
    Sockets(Sockets),
    Memory(MemoryPort),
    /// Not opened yet, or closed after the end.
    Closed,
}

/// What is known of the network.
#[derive(Default)]
pub(super) struct LinkReport {
    /// Interfaces in use.
    pub interfaces: Arc<[Interface]>,
    /// What is wrong, in a code and in words; causes before their effects.
    pub troubles: Vec<(Reason, String)>,
}

/// What was done to keep up with the network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    Unneeded,
    /// Groups were joined or left, or addresses have changed.
    Followed,
    /// The sockets were opened anew.
    Reopened,
}

impl Link {
    pub fn closed() -> Self {
        Link { connection: Connection::Closed, batch: Batch::new() }
    }

    pub fn connect(&mut self, connection: Connection) {
        self.connection = connection;
    }

    pub fn close(&mut self) {
        self.connection = Connection::Closed;
    }

    /// Receives what waits, up to a batch. True if more may wait.
    pub fn receive(&mut self) -> bool {
        match &mut self.connection {
            Connection::Sockets(sockets) => sockets.receive(&mut self.batch),
            Connection::Memory(port) => self.batch.fill(vec![port], |port, buffer| port.receive(buffer)),
            Connection::Closed => false,
        }
    }

    /// Hands the batch to the node, and then what proved unreachable: an answer that is there counts.
    pub fn feed(&mut self, node: &mut Node, now: Instant) {
        for (bytes, received) in self.batch.iter() {
            #[cfg(feature = "test-panic")]
            crate::test_panic::at("feed", bytes);
            node.handle_datagram(bytes, received.from, received.interface, received.arrival, now);
        }
        match &mut self.connection {
            Connection::Sockets(sockets) => {
                sockets.take_unreachable().for_each(|to| node.handle_unreachable(to, now));
            }
            Connection::Memory(port) => {
                port.take_unreachable().for_each(|to| node.handle_unreachable(to, now));
            }
            Connection::Closed => {}
        }
    }

    /// Notices changes of the network and keeps up with them; see [`Sockets::renew`].
    pub fn renew(&mut self, is_silent: bool, is_announcing: bool) -> io::Result<Renewal> {
        match &mut self.connection {
            Connection::Sockets(sockets) => sockets.renew(is_silent, is_announcing),
            Connection::Memory(_) | Connection::Closed => Ok(Renewal::Unneeded),
        }
    }

    /// Sends what the node puts out.
    pub fn send(&mut self, transmits: &[Transmit]) -> Tally {
        let mut tally = Tally::default();
        for transmit in transmits {
            #[cfg(feature = "test-panic")]
            crate::test_panic::at("send", &transmit.payload);
            tally.add(match &mut self.connection {
                Connection::Sockets(sockets) => sockets.send(transmit),
                Connection::Memory(port) => port.send(transmit),
                Connection::Closed => Tally::default(),
            });
        }
        tally
    }

    /// What is known of the network.
    pub fn report(&self) -> LinkReport {
        match &self.connection {
            Connection::Sockets(sockets) => sockets.report(),
            Connection::Memory(port) => LinkReport { interfaces: port.interfaces(), troubles: Vec::new() },
            Connection::Closed => LinkReport::default(),
        }
    }

    /// Datagrams that came from beyond the links in use, and were thrown away.
    pub fn off_link(&self) -> u64 {
        match &self.connection {
            Connection::Sockets(sockets) => sockets.off_link(),
            Connection::Memory(_) | Connection::Closed => 0,
        }
    }

    /// Datagrams lost because the queue on a memory network was full.
    pub fn dropped(&self) -> u64 {
        match &self.connection {
            Connection::Memory(port) => port.dropped(),
            Connection::Sockets(_) | Connection::Closed => 0,
        }
    }

    /// The descriptors that are readable when there is something to receive or to notice. A memory network has none:
    /// it notifies.
    pub fn readable(&self) -> Vec<Descriptor> {
        match &self.connection {
            Connection::Sockets(sockets) => sockets.readable(),
            Connection::Memory(_) | Connection::Closed => Vec::new(),
        }
    }
}
