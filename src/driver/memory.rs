//! A network inside the process, for hermetic tests: what one port sends, every port of the same network's name
//! receives, the sender included, as with multicast that is looped back.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, Weak};

use super::lock;
use crate::per_process::{Owned, PerProcess};

/// The networks that have ports. A forked child has networks of its own.
static NETWORKS: PerProcess<Networks> = PerProcess::new();

type Networks = Mutex<BTreeMap<String, MemoryNetwork>>;

/// Datagrams that wait at one port. A node that is not run for longer loses what comes, as a socket does.
const QUEUE_LENGTH: usize = 4096;

#[derive(Default)]
struct MemoryNetwork {
    ports: Vec<Weak<Mailbox>>,
    ports_ever: u32,
}

struct Mailbox {
    queue: Mutex<Queue>,
    /// Called when a datagram was put in the queue.
    on_delivery: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    datagrams: VecDeque<(Arc<[u8]>, SocketAddr)>,
    dropped: u64,
}

/// A node's place on a memory network, for as long as it lives.
pub(super) struct MemoryPort {
    networks: &'static Owned<Networks>,
    network: String,
    address: SocketAddr,
    mailbox: Arc<Mailbox>,
}

impl MemoryPort {
    pub fn open(network: &str, udp_port: u16, on_delivery: impl Fn() + Send + Sync + 'static) -> Self {
        let mailbox = Arc::new(Mailbox { queue: Mutex::default(), on_delivery: Box::new(on_delivery) });
        let networks = NETWORKS.get();
        let mut all = lock(&networks.value);
        let here = all.entry(network.to_owned()).or_default();
        here.ports.push(Arc::downgrade(&mailbox));
        here.ports_ever += 1;
        // Each port gets an address of its own, from 10.0.0.1 on.
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits().wrapping_add(here.ports_ever));
        MemoryPort { networks, network: network.to_owned(), address: (address, udp_port).into(), mailbox }
    }

    pub fn send(&self, payload: &Arc<[u8]>) {
        let receivers: Vec<_> = match lock(&self.networks.value).get(&self.network) {
            Some(here) => here.ports.iter().filter_map(Weak::upgrade).collect(),
            None => return,
        };
        for receiver in receivers {
            receiver.deliver(payload.clone(), self.address);
        }
    }

    /// Receives one datagram into `buffer`, if one waits: how many bytes, from where, through which interface (none).
    pub fn receive(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr, u32)> {
        let (payload, from) = lock(&self.mailbox.queue).datagrams.pop_front()?;
        let len = payload.len().min(buffer.len());
        buffer[..len].copy_from_slice(&payload[..len]);
        Some((len, from, 0))
    }

    /// Datagrams lost because the queue was full.
    pub fn dropped(&self) -> u64 {
        lock(&self.mailbox.queue).dropped
    }
}

impl Drop for MemoryPort {
    fn drop(&mut self) {
        // In a forked child the parent's networks may be locked for ever, and are of no use.
        if !self.networks.is_own() {
            return;
        }
        let mut all = lock(&self.networks.value);
        let Some(here) = all.get_mut(&self.network) else { return };
        here.ports.retain(|port| !std::ptr::eq(port.as_ptr(), Arc::as_ptr(&self.mailbox)));
        if here.ports.is_empty() {
            all.remove(&self.network);
        }
    }
}

impl Mailbox {
    fn deliver(&self, payload: Arc<[u8]>, from: SocketAddr) {
        let mut queue = lock(&self.queue);
        if queue.datagrams.len() >= QUEUE_LENGTH {
            queue.dropped += 1;
            return;
        }
        queue.datagrams.push_back((payload, from));
        drop(queue);
        (self.on_delivery)();
    }
}
