//! `Transport`: the sockets or the memory network of a node, behind one set of verbs.
//!
//! An error of a method means that another part of the program has closed a descriptor of the node, but for `open`.

use std::io;
use std::iter;
use std::sync::Arc;
use std::time::Instant;

use crate::error::Error;
use crate::interface_status::{InterfaceStatus, Usage};
use crate::net::interfaces;
use crate::net::memory::MemoryPort;
use crate::net::report::{Receipt, Refresh, SendStats, TransportReport};
use crate::net::socket_config::SocketConfig;
use crate::net::sockets::Sockets;
use crate::sys::Descriptor;
use crate::sys::batch::{self, ReceiveBatch};
use crate::sys::optional::Refusals;
use crate::sys::poller::Poller;
use peers_proto::{Destination, Family, Node, Transmit};

pub(crate) struct Transport {
    kind: TransportKind,
    batch: ReceiveBatch,
    /// The next datagrams to send.
    outgoing: Vec<Transmit>,
}

/// Which transport a node uses.
pub(crate) enum TransportConfig {
    Sockets(SocketConfig),
    Memory { network: String, multicast: bool },
}

enum TransportKind {
    Sockets(Sockets),
    Memory(MemoryPort),
    /// Not opened yet, or closed after the end.
    Closed,
}

impl Transport {
    pub fn closed() -> Self {
        Transport { kind: TransportKind::Closed, batch: ReceiveBatch::new(), outgoing: Vec::new() }
    }

    /// Opens it. A memory network calls `on_delivery` after each datagram; sockets are polled.
    pub fn open(
        &mut self,
        config: TransportConfig,
        refusals: &Arc<Refusals>,
        now: Instant,
        on_delivery: impl Fn() + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.kind = match config {
            TransportConfig::Sockets(config) => {
                TransportKind::Sockets(Sockets::open(config, refusals.clone(), now)?)
            }
            TransportConfig::Memory { network, multicast } => {
                TransportKind::Memory(MemoryPort::open(&network, multicast, on_delivery))
            }
        };
        Ok(())
    }

    pub fn close(&mut self) {
        self.kind = TransportKind::Closed;
    }

    /// Receives up to a batch: from the sockets at which a poll has found something.
    pub fn receive(&mut self, poller: &Poller) -> io::Result<Receipt> {
        match &mut self.kind {
            TransportKind::Sockets(sockets) => sockets.receive(poller, &mut self.batch),
            TransportKind::Memory(port) => {
                self.batch.clear();
                let may_be_more = self.batch.fill(batch::LENGTH, |buffers, take| port.receive(buffers, take));
                Ok(Receipt { has_any: !self.batch.is_empty(), may_be_more })
            }
            TransportKind::Closed => Ok(Receipt::default()),
        }
    }

    /// Passes the batch to the node, and then the unreachable destinations: an answer that waits counts more.
    pub fn feed(&mut self, node: &mut Node, now: Instant) {
        for (bytes, received) in self.batch.iter() {
            #[cfg(feature = "test-panic")]
            crate::fail_points::fail_point("feed", bytes);
            let batch::Received { from, interface, arrival, hops, .. } = *received;
            node.handle_datagram(bytes, peers_proto::Received { from, interface, arrival, hops }, now);
        }
        match &mut self.kind {
            TransportKind::Sockets(sockets) => {
                let unreachable = sockets.take_unreachable();
                unreachable.for_each(|(to, interface)| node.handle_unreachable(to, interface, now));
            }
            TransportKind::Memory(port) => {
                port.take_unreachable().for_each(|to| node.handle_unreachable(to, 0, now));
            }
            TransportKind::Closed => {}
        }
    }

    /// Passes the node its own addresses and ports. True if the node announces a change of them.
    pub fn introduce(&self, node: &mut Node, now: Instant) -> bool {
        match &self.kind {
            TransportKind::Sockets(sockets) => sockets.introduce(node, now),
            TransportKind::Memory(port) => port.introduce(node, now),
            TransportKind::Closed => false,
        }
    }

    /// Detects changes of the network and follows them; see [`Sockets::refresh`].
    pub fn refresh(&mut self, poller: &Poller, is_silent: bool, now: Instant) -> io::Result<Refresh> {
        let is_announcing = self.outgoing.iter().any(is_to_group);
        match &mut self.kind {
            TransportKind::Sockets(sockets) => sockets.refresh(poller, is_silent, is_announcing, now),
            _ => Ok(Refresh::Unneeded),
        }
    }

    /// Takes the datagrams that the node wants to send.
    pub fn take_transmits(&mut self, node: &mut Node) {
        self.outgoing.extend(iter::from_fn(|| node.poll_transmit()));
    }

    /// True if datagrams were taken and not sent yet.
    pub fn has_transmits(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sends the datagrams that were taken, those to the group first: no reply delays one.
    pub fn send(&mut self, now: Instant) -> io::Result<SendStats> {
        self.outgoing.sort_by_key(|transmit| !is_to_group(transmit));
        let transmits = self.outgoing.drain(..).inspect(|_transmit| {
            #[cfg(feature = "test-panic")]
            crate::fail_points::fail_point("send", &_transmit.payload);
        });
        match &mut self.kind {
            TransportKind::Sockets(sockets) => sockets.send(transmits, now),
            TransportKind::Memory(port) => {
                let sent = transmits.inspect(|transmit| port.send(transmit)).count() as u64;
                Ok(SendStats { sent, ..SendStats::default() })
            }
            TransportKind::Closed => Ok(SendStats::default()),
        }
    }

    /// The state of the network.
    pub fn report(&self) -> TransportReport {
        match &self.kind {
            TransportKind::Sockets(sockets) => sockets.report(),
            TransportKind::Memory(port) => {
                TransportReport { interfaces: port.interfaces(), troubles: Vec::new() }
            }
            TransportKind::Closed => TransportReport::default(),
        }
    }

    /// Each interface and family of the host. A memory network is one that is in use.
    pub fn interface_statuses(&self) -> Vec<InterfaceStatus> {
        match &self.kind {
            TransportKind::Sockets(sockets) => sockets.interface_statuses(),
            TransportKind::Memory(port) => {
                let used = |one| interfaces::status(one, Family::V4, "memory", Usage::Used, String::new());
                port.interfaces().iter().map(used).collect()
            }
            TransportKind::Closed => Vec::new(),
        }
    }

    /// Number of datagrams from off-link that were dropped.
    pub fn off_link(&self) -> u64 {
        self.sockets().map_or(0, Sockets::off_link)
    }

    /// Number of datagrams dropped because the queue on a memory network was full.
    pub fn dropped(&self) -> u64 {
        match &self.kind {
            TransportKind::Memory(port) => port.dropped(),
            _ => 0,
        }
    }

    /// What to poll. A memory network has none: it calls `on_delivery`.
    pub fn descriptors(&self) -> impl Iterator<Item = Descriptor> {
        self.sockets().into_iter().flat_map(Sockets::descriptors)
    }

    /// An error if another part of the program has closed a descriptor.
    pub fn check(&self) -> io::Result<()> {
        self.sockets().map_or(Ok(()), Sockets::check)
    }

    fn sockets(&self) -> Option<&Sockets> {
        match &self.kind {
            TransportKind::Sockets(sockets) => Some(sockets),
            _ => None,
        }
    }
}

fn is_to_group(transmit: &Transmit) -> bool {
    !matches!(transmit.to, Destination::Peer { .. })
}
