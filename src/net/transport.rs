//! `Link`: what a node is connected to, sockets or a memory network, behind one set of verbs.

use std::io;
use std::iter;
use std::sync::Arc;
use std::time::Instant;

use crate::health::Reason;
use crate::net::interfaces::Interface;
use crate::net::memory::MemoryPort;
use crate::net::sockets::{Sockets, Tally};
use crate::sys::Watched;
use crate::sys::batch::{self, Batch};
use peers_proto::{Destination, Node, Transmit};

pub(crate) struct Link {
    connection: Connection,
    batch: Batch,
    /// What is to be sent next.
    outgoing: Vec<Transmit>,
}

pub(crate) enum Connection {
    Sockets(Sockets),
    Memory(MemoryPort),
    /// Not opened yet, or closed after the end.
    Closed,
}

/// What is known of the network.
#[derive(Default)]
pub(crate) struct LinkReport {
    /// Interfaces in use.
    pub interfaces: Arc<[Interface]>,
    /// What is wrong, in a code and in words; causes before their effects.
    pub troubles: Vec<(Reason, String)>,
}

/// What was done to keep up with the network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    Unneeded,
    /// Groups were joined or left, or addresses have changed.
    Followed,
    /// The sockets were opened anew.
    Reopened,
}

impl Link {
    pub fn closed() -> Self {
        Link { connection: Connection::Closed, batch: Batch::new(), outgoing: Vec::new() }
    }

    pub fn connect(&mut self, connection: Connection) {
        self.connection = connection;
    }

    pub fn close(&mut self) {
        self.connection = Connection::Closed;
    }

    /// Receives what waits, up to a batch: from sockets, if a poll has found it there. True if more may wait.
    pub fn receive(&mut self, watched: &Watched) -> bool {
        match &mut self.connection {
            Connection::Sockets(sockets) => sockets.receive(watched, &mut self.batch),
            Connection::Memory(port) => {
                self.batch.clear();
                self.batch.fill(batch::LENGTH, |buffers, take| port.receive(buffers, take))
            }
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
    pub fn renew(&mut self, watched: &mut Watched, is_silent: bool) -> io::Result<Renewal> {
        let to_group = |transmit: &Transmit| !matches!(transmit.to, Destination::Peer { .. });
        let is_announcing = self.outgoing.iter().any(to_group);
        match &mut self.connection {
            Connection::Sockets(sockets) => sockets.renew(watched, is_silent, is_announcing),
            Connection::Memory(_) | Connection::Closed => Ok(Renewal::Unneeded),
        }
    }

    /// Takes what the node has to send.
    pub fn take_transmits(&mut self, node: &mut Node) {
        self.outgoing.extend(iter::from_fn(|| node.poll_transmit()));
    }

    /// True if something is to be sent.
    pub fn has_transmits(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sends what was taken.
    pub fn send(&mut self) -> Tally {
        let transmits = self.outgoing.drain(..).inspect(|_transmit| {
            #[cfg(feature = "test-panic")]
            crate::test_panic::at("send", &_transmit.payload);
        });
        match &mut self.connection {
            Connection::Sockets(sockets) => sockets.send(transmits),
            Connection::Memory(port) => {
                let mut tally = Tally::default();
                transmits.for_each(|transmit| tally.add(port.send(&transmit)));
                tally
            }
            Connection::Closed => Tally::default(),
        }
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

    /// Has it watched when there is something to receive or to notice. A memory network notifies by itself.
    pub fn watch(&self, watched: &mut Watched) -> io::Result<()> {
        match &self.connection {
            Connection::Sockets(sockets) => sockets.watch(watched),
            Connection::Memory(_) | Connection::Closed => Ok(()),
        }
    }
}
