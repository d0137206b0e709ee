//! `Trace`: a hash of all that happened, by which two runs are compared.

use std::hash::{DefaultHasher, Hash, Hasher};

use peers_proto::Peer;

/// Order matters. Fast rather than strong, for it takes in every delivery.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Trace(u64);

impl Trace {
    pub fn note(&mut self, what: impl IntoIterator<Item = u64>) {
        for word in what {
            self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
}

/// A hash of anything, the same in every run.
pub fn digest(of: impl Hash) -> u64 {
    // Not `RandomState`, which differs from run to run.
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A hash of what a user sees of a peer, but for its times.
pub fn digest_of_peer(peer: &Peer) -> u64 {
    let mut addresses: Vec<_> =
        peer.addresses.iter().map(|listed| (listed.address, listed.interface)).collect();
    addresses.sort();
    let listed = (peer.address, addresses);
    digest((&peer.name, &peer.value, listed, peer.port, peer.id, peer.source as u64))
}
