//! A network inside the process, for hermetic tests. What one port sends to the group, every port of the network receives, the
//! sender included, as with multicast that is looped back. What it sends to an address, the port with that address receives.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use crate::sync::lock;
use crate::sys::batch::{Buffer, Received};
use crate::sys::forks::{self, Global};
use crate::sys::interface::Interface;
use peers_proto::{Arrival, Destination, Node, Transmit};

/// The networks with ports.
static NETWORKS: Global<BTreeMap<NetworkKey, MemoryNetwork>> = Global::new(BTreeMap::new());

/// The number of forks, and the name. A forked child has networks of its own: no thread serves the ports of its parent.
type NetworkKey = (usize, String);

/// Maximum number of datagrams that wait at one port. More are dropped, as by the receive buffer of a socket.
const QUEUE_LENGTH: usize = 4096;

/// Length of the prefix of all addresses: see [`address_of`].
const PREFIX_LEN: u8 = 8;

#[derive(Default)]
struct MemoryNetwork {
    ports: BTreeMap<SocketAddr, Weak<Inbox>>,
    ports_ever: u32,
}

struct Inbox {
    queue: Mutex<Queue>,
    /// True if the port receives what is sent to the group.
    in_group: bool,
    /// Called after a datagram was put in the queue.
    on_delivery: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    datagrams: VecDeque<(Arc<[u8]>, SocketAddr, Arrival)>,
    dropped: u64,
}

/// The port of a node on a memory network. It closes when it is dropped.
pub(crate) struct MemoryPort {
    network: NetworkKey,
    address: SocketAddr,
    inbox: Arc<Inbox>,
    /// The only one.
    interfaces: Arc<[Interface]>,
    /// Destinations without a port.
    unreachable: Vec<SocketAddr>,
}

impl MemoryPort {
    pub fn open(network: &str, in_group: bool, on_delivery: impl Fn() + Send + Sync + 'static) -> Self {
        let on_delivery = Box::new(on_delivery);
        let inbox = Arc::new(Inbox { queue: Mutex::default(), in_group, on_delivery });
        let key: NetworkKey = (forks::count(), network.to_owned());
        let address = NETWORKS.with(|all| all.entry(key.clone()).or_default().add(&inbox));
        let mut interface = Interface::new(format!("memory:{network}"), 0, true);
        interface.add_address((*address.ip()).into(), PREFIX_LEN);
        MemoryPort {
            network: key,
            address: address.into(),
            inbox,
            interfaces: [interface].into(),
            unreachable: Vec::new(),
        }
    }

    /// Puts a datagram into the inbox of each receiver.
    pub fn send(&mut self, transmit: &Transmit) {
        let receivers: Vec<Arc<Inbox>> = NETWORKS.with(|all| match all.get(&self.network) {
            Some(here) => here.receivers(transmit.to),
            None => Vec::new(),
        });
        if let (Destination::Peer { address, .. }, []) = (transmit.to, &*receivers) {
            self.unreachable.push(address);
        }
        let arrival = match transmit.to {
            Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => Arrival::Group,
            Destination::Peer { .. } => Arrival::Unicast,
        };
        for receiver in receivers {
            receiver.deliver(transmit.payload.clone(), self.address, arrival);
        }
    }

    /// Takes the destinations without a port.
    pub fn take_unreachable(&mut self) -> impl Iterator<Item = SocketAddr> {
        self.unreachable.drain(..)
    }

    /// Takes datagrams from the inbox, each into one of `buffers`, and calls `take` with the number of the buffer. Returns the
    /// number of datagrams.
    pub fn receive(&self, buffers: &mut [Buffer], take: &mut dyn FnMut(usize, Received)) -> usize {
        let mut queue = lock(&self.inbox.queue);
        let count = buffers.len().min(queue.datagrams.len());
        let datagrams = queue.datagrams.drain(..count);
        for (number, (buffer, (payload, from, arrival))) in buffers.iter_mut().zip(datagrams).enumerate() {
            let len = payload.len().min(buffer.len());
            buffer[..len].copy_from_slice(&payload[..len]);
            take(number, Received { len, from, interface: 0, arrival, hops: None });
        }
        count
    }

    /// Passes the node its address and port. True if the node announces a change.
    pub fn introduce(&self, node: &mut Node, now: Instant) -> bool {
        let interfaces: Vec<_> = self.interfaces.iter().map(Interface::to_node).collect();
        node.set_interfaces(&interfaces, &[self.address.port()], now)
    }

    /// The interface that stands for the network.
    pub fn interfaces(&self) -> Arc<[Interface]> {
        self.interfaces.clone()
    }

    /// Number of datagrams dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        lock(&self.inbox.queue).dropped
    }
}

impl Drop for MemoryPort {
    fn drop(&mut self) {
        NETWORKS.with(|all| {
            let Some(here) = all.get_mut(&self.network) else { return };
            here.ports.remove(&self.address);
            if here.ports.is_empty() {
                all.remove(&self.network);
            }
        });
    }
}

impl MemoryNetwork {
    /// Adds a port, and returns its address.
    fn add(&mut self, inbox: &Arc<Inbox>) -> SocketAddrV4 {
        self.ports_ever += 1;
        let address = address_of(self.ports_ever);
        self.ports.insert(address.into(), Arc::downgrade(inbox));
        address
    }

    fn receivers(&self, to: Destination) -> Vec<Arc<Inbox>> {
        match to {
            Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => {
                self.ports.values().filter_map(Weak::upgrade).filter(|port| port.in_group).collect()
            }
            Destination::Peer { address, .. } => {
                self.ports.get(&address).and_then(Weak::upgrade).into_iter().collect()
            }
        }
    }
}

/// Returns the address of a port: from 10.0.0.1 on, with a UDP port from the ephemeral range.
fn address_of(number: u32) -> SocketAddrV4 {
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits().wrapping_add(number));
    SocketAddrV4::new(address, 49152 + (number % 16384) as u16)
}

impl Inbox {
    fn deliver(&self, payload: Arc<[u8]>, from: SocketAddr, arrival: Arrival) {
        let mut queue = lock(&self.queue);
        if queue.datagrams.len() >= QUEUE_LENGTH {
            queue.dropped += 1;
            return;
        }
        queue.datagrams.push_back((payload, from, arrival));
        drop(queue);
        (self.on_delivery)();
    }
}
