//! `ReceiveBatch`: the datagrams of one receive step. Between two batches other threads get the node's lock.

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;

use peers_proto::Arrival;
use peers_proto::wire::MAX_DATAGRAM;

/// Maximum number of datagrams in a batch.
pub(crate) const LENGTH: usize = 32;

/// One byte longer than the longest message, so that a truncated datagram is not taken for a message.
pub(crate) type Buffer = [u8; MAX_DATAGRAM + 1];

pub(crate) struct ReceiveBatch {
    buffers: Box<[Buffer]>,
    /// Number of buffers in use, the first ones.
    used: usize,
    /// Buffers whose datagram was not dropped, with its description.
    received: Vec<(usize, Received)>,
}

/// A datagram in a buffer.
pub(crate) struct Received {
    pub len: usize,
    pub from: SocketAddr,
    /// Index of the interface through which it came; 0 if unknown.
    pub interface: u32,
    /// Whether it was sent to the group.
    pub arrival: Arrival,
    /// TTL or hop limit; `None` if the system does not report it.
    pub hops: Option<u8>,
}

impl ReceiveBatch {
    pub fn new() -> Self {
        let buffers = vec![[0; MAX_DATAGRAM + 1]; LENGTH].into_boxed_slice();
        ReceiveBatch { buffers, used: 0, received: Vec::with_capacity(LENGTH) }
    }

    /// True if nothing was received, not even a datagram that was dropped.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Begins a new one.
    pub fn clear(&mut self) {
        self.used = 0;
        self.received.clear();
    }

    /// Lets `receive` write datagrams into at most `max` of the unused buffers. It passes the number of the buffer for each
    /// datagram that counts, and returns the number of buffers in use. True if it used them all, so that more may wait.
    pub fn fill(
        &mut self,
        max: usize,
        receive: impl FnOnce(&mut [Buffer], &mut dyn FnMut(usize, Received)) -> usize,
    ) -> bool {
        let first = self.used;
        let end = LENGTH.min(first + max);
        if first < end {
            let mut take = |number, received| self.received.push((first + number, received));
            self.used += receive(&mut self.buffers[first..end], &mut take);
        }
        self.used == end
    }

    /// The datagrams, each with its description.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Received)> {
        self.received.iter().map(|(number, received)| (&self.buffers[*number][..received.len], received))
    }
}

/// Receives datagrams that wait by `receive_one`, where the system has no call for many. That returns `None` if it took an error
/// in place of a datagram: datagrams may wait behind it. Calls `take` with the number of the buffer, the datagram and its
/// destination. Returns the number of buffers in use; if it is not all, no more waited. An error if none waited.
pub(crate) fn receive_each(
    buffers: &mut [Buffer],
    mut take: impl FnMut(usize, Received, IpAddr),
    mut receive_one: impl FnMut(&mut Buffer) -> io::Result<Option<(Received, IpAddr)>>,
) -> io::Result<usize> {
    for (number, buffer) in buffers.iter_mut().enumerate() {
        match receive_one(buffer) {
            Ok(Some((received, to))) => take(number, received, to),
            Ok(None) => {}
            Err(error) if number == 0 => return Err(error),
            Err(_) => return Ok(number),
        }
    }
    Ok(buffers.len())
}
