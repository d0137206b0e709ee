//! `ReceiveBatch`: the datagrams that are taken in at a time. Between two batches other threads get the node's lock.

use std::net::SocketAddr;

use peers_proto::Arrival;
use peers_proto::wire::MAX_DATAGRAM;

/// The most datagrams of a batch.
pub(crate) const LENGTH: usize = 32;

/// Room for one byte more than a message has, so that a datagram cut short by the buffer is not taken for one.
pub(crate) type Buffer = [u8; MAX_DATAGRAM + 1];

pub(crate) struct ReceiveBatch {
    buffers: Box<[Buffer]>,
    /// How many buffers are in use, the first ones.
    used: usize,
    /// What is in those whose datagram was not thrown away.
    received: Vec<(usize, Received)>,
}

/// A datagram in a buffer.
pub(crate) struct Received {
    pub len: usize,
    pub from: SocketAddr,
    /// Index of the interface it came through; 0 if unknown.
    pub interface: u32,
    /// By which socket.
    pub arrival: Arrival,
}

impl ReceiveBatch {
    pub fn new() -> Self {
        let buffers = vec![[0; MAX_DATAGRAM + 1]; LENGTH].into_boxed_slice();
        ReceiveBatch { buffers, used: 0, received: Vec::with_capacity(LENGTH) }
    }

    /// Begins a new one.
    pub fn clear(&mut self) {
        self.used = 0;
        self.received.clear();
    }

    /// Has `receive` put datagrams into at most so many of the buffers that are left. It tells of each that counts the number
    /// of its buffer, and returns how many buffers are in use. True if it used them all: more may wait.
    pub fn fill(
        &mut self,
        most: usize,
        receive: impl FnOnce(&mut [Buffer], &mut dyn FnMut(usize, Received)) -> usize,
    ) -> bool {
        let first = self.used;
        let end = LENGTH.min(first + most);
        if first < end {
            let mut take = |number, received| self.received.push((first + number, received));
            self.used += receive(&mut self.buffers[first..end], &mut take);
        }
        self.used == end
    }

    /// The datagrams, with what is known of each.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Received)> {
        self.received.iter().map(|(number, received)| (&self.buffers[*number][..received.len], received))
    }
}
