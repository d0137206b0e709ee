//! `Transport`: what a node is connected to, sockets or a memory network, behind one set of verbs.

use std::io;
use std::iter;
use std::sync::Arc;
use std::time::Instant;

use crate::health::Reason;
use crate::net::interfaces::Interface;
use crate::net::memory::MemoryPort;
use crate::net::sockets::{SendStats, Sockets};
use crate::sys::Poller;
use crate::sys::batch::{self, ReceiveBatch};
use peers_proto::{Destination, Node, Transmit};

pub(crate) struct Transport {
    kind: TransportKind,
    batch: ReceiveBatch,
    /// What is to be sent next.
    outgoing: Vec<Transmit>,
}

pub(crate) enum TransportKind {
    Sockets(Sockets),
    Memory(MemoryPort),
    /// Not opened yet, or closed after the end.
    Closed,
}

/// What is known of the network.
#[derive(Default)]
pub(crate) struct TransportReport {
    /// Interfaces in use.
    pub interfaces: Arc<[Interface]>,
    /// What is wrong, in a code and in words; causes before their effects.
    pub troubles: Vec<(Reason, String)>,
}

/// What was done to keep up with the network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresh {
    Unneeded,
    /// Groups were joined or left, or addresses have changed.
    Followed,
    /// The sockets were opened anew.
    Reopened,
}

impl Transport {
    pub fn closed() -> Self {
        Transport { kind: TransportKind::Closed, batch: ReceiveBatch::new(), outgoing: Vec::new() }
    }

    pub fn connect(&mut self, kind: TransportKind) {
        self.kind = kind;
    }

    pub fn close(&mut self) {
        self.kind = TransportKind::Closed;
    }

    /// Receives what waits, up to a batch: from sockets, if a poll has found it there. True if more may wait.
    pub fn receive(&mut self, poller: &Poller) -> bool {
        match &mut self.kind {
            TransportKind::Sockets(sockets) => sockets.receive(poller, &mut self.batch),
            TransportKind::Memory(port) => {
                self.batch.clear();
                self.batch.fill(batch::LENGTH, |buffers, take| port.receive(buffers, take))
            }
            TransportKind::Closed => false,
        }
    }

    /// Hands the batch to the node, and then what proved unreachable: an answer that is there counts.
    pub fn feed(&mut self, node: &mut Node, now: Instant) {
        for (bytes, received) in self.batch.iter() {
            #[cfg(feature = "test-panic")]
            crate::test_panic::at("feed", bytes);
            node.handle_datagram(bytes, received.from, received.interface, received.arrival, now);
        }
        match &mut self.kind {
            TransportKind::Sockets(sockets) => {
                sockets.take_unreachable().for_each(|to| node.handle_unreachable(to, now));
            }
            TransportKind::Memory(port) => {
                port.take_unreachable().for_each(|to| node.handle_unreachable(to, now));
            }
            TransportKind::Closed => {}
        }
    }

    /// Notices changes of the network and keeps up with them; see [`Sockets::renew`].
    pub fn refresh(&mut self, poller: &mut Poller, is_silent: bool) -> io::Result<Refresh> {
        let to_group = |transmit: &Transmit| !matches!(transmit.to, Destination::Peer { .. });
        let is_announcing = self.outgoing.iter().any(to_group);
        match &mut self.kind {
            TransportKind::Sockets(sockets) => sockets.refresh(poller, is_silent, is_announcing),
            TransportKind::Memory(_) | TransportKind::Closed => Ok(Refresh::Unneeded),
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
    pub fn send(&mut self) -> SendStats {
        let transmits = self.outgoing.drain(..).inspect(|_transmit| {
            #[cfg(feature = "test-panic")]
            crate::test_panic::at("send", &_transmit.payload);
        });
        match &mut self.kind {
            TransportKind::Sockets(sockets) => sockets.send(transmits),
            TransportKind::Memory(port) => {
                let mut stats = SendStats::default();
                transmits.for_each(|transmit| stats.add(port.send(&transmit)));
                stats
            }
            TransportKind::Closed => SendStats::default(),
        }
    }

    /// What is known of the network.
    pub fn report(&self) -> TransportReport {
        match &self.kind {
            TransportKind::Sockets(sockets) => sockets.report(),
            TransportKind::Memory(port) => {
                TransportReport { interfaces: port.interfaces(), troubles: Vec::new() }
            }
            TransportKind::Closed => TransportReport::default(),
        }
    }

    /// Datagrams that came from beyond the links in use, and were thrown away.
    pub fn off_link(&self) -> u64 {
        match &self.kind {
            TransportKind::Sockets(sockets) => sockets.off_link(),
            TransportKind::Memory(_) | TransportKind::Closed => 0,
        }
    }

    /// Datagrams lost because the queue on a memory network was full.
    pub fn dropped(&self) -> u64 {
        match &self.kind {
            TransportKind::Memory(port) => port.dropped(),
            TransportKind::Sockets(_) | TransportKind::Closed => 0,
        }
    }

    /// Has it watched when there is something to receive or to notice. A memory network notifies by itself.
    pub fn add_to(&self, poller: &mut Poller) -> io::Result<()> {
        match &self.kind {
            TransportKind::Sockets(sockets) => sockets.add_to(poller),
            TransportKind::Memory(_) | TransportKind::Closed => Ok(()),
        }
    }
}
