//! `Batch`: the datagrams that are taken in at a time. Between two batches other threads get the node's lock.

use std::io;
use std::net::SocketAddr;

use crate::core::wire::MAX_DATAGRAM;

/// The most datagrams of a batch.
const LENGTH: usize = 32;

/// Room for one byte more than a message has, so that a datagram cut short by the buffer is not taken for one.
const BUFFER_SIZE: usize = MAX_DATAGRAM + 1;

pub(super) struct Batch {
    buffers: Box<[[u8; BUFFER_SIZE]]>,
    /// Of each buffer in use, what is in it.
    received: Vec<Received>,
}

/// A datagram in a buffer.
pub(super) struct Received {
    pub len: usize,
    pub from: SocketAddr,
    /// Index of the interface it came through; 0 if unknown.
    pub interface: u32,
}

/// Anything that one datagram at a time can be taken from: `Err` when none waits, `Ok(None)` when one was thrown away.
pub(super) type Taken = io::Result<Option<Received>>;

impl Batch {
    pub fn new() -> Self {
        let buffers = vec![[0; BUFFER_SIZE]; LENGTH].into_boxed_slice();
        Batch { buffers, received: Vec::with_capacity(LENGTH) }
    }

    /// Fills the batch anew: one datagram from each of `sources` in turn, so that a flood at one does not starve the
    /// others. True if more may wait.
    pub fn fill<S>(&mut self, mut sources: Vec<S>, mut take: impl FnMut(&mut S, &mut [u8]) -> Taken) -> bool {
        self.received.clear();
        // Each round takes something from every source that is left, were it to throw it away.
        for _ in 0..LENGTH {
            sources.retain_mut(|source| match self.buffers.get_mut(self.received.len()) {
                None => true,
                Some(buffer) => take(source, buffer).map(|taken| self.received.extend(taken)).is_ok(),
            });
        }
        !sources.is_empty()
    }

    /// The datagrams, with what is known of each.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Received)> {
        self.buffers.iter().zip(&self.received).map(|(buffer, received)| (&buffer[..received.len], received))
    }
}
