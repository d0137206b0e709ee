//! `Nonces`: the nonces of probes and queries (compare RFC 9000, section 8.2).
//!
//! A nonce is computed, not stored: nothing is kept of those that are probed, so no flood of forged senders fills a table.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::crypto::Keyring;
use crate::path::Path;
use crate::wire::{InstanceId, Nonce};

/// An echo is valid in the epoch of its nonce and in the next: for one epoch at least. Longer than any network and any busy
/// host takes to answer.
const EPOCH: Duration = Duration::from_secs(5);

/// A message with a nonce.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject {
    /// A query of the node with this id.
    Query(InstanceId),
    /// A probe of an instance at a path.
    Probe {
        id: InstanceId,
        path: Path,
        /// The number with which the instance has left, or 0. An echo made before that does not list it again.
        left_with: u64,
    },
}

pub(crate) struct Nonces {
    start: Instant,
    /// Own addresses: a clone of this node's memory has the same secret, but other addresses.
    own: Vec<u8>,
}

impl Nonces {
    pub fn new(now: Instant) -> Self {
        Nonces { start: now, own: Vec::new() }
    }

    /// Returns when the node was started.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Takes note of the own addresses.
    pub fn set_own(&mut self, addresses: impl Iterator<Item = IpAddr>) {
        self.own = addresses.flat_map(octets).collect();
    }

    /// Returns the nonce of a message that is sent now.
    pub fn of(&self, subject: &Subject, keyring: &Keyring, now: Instant) -> Nonce {
        self.in_epoch(self.epoch(now), subject, keyring)
    }

    /// Returns true if this is the nonce of such a message, and still valid.
    pub fn is_of(&self, nonce: &Nonce, subject: &Subject, keyring: &Keyring, now: Instant) -> bool {
        let epoch = self.epoch(now);
        let mut epochs = [Some(epoch), epoch.checked_sub(1)].into_iter().flatten();
        epochs.any(|epoch| self.in_epoch(epoch, subject, keyring) == *nonce)
    }

    fn in_epoch(&self, epoch: u64, subject: &Subject, keyring: &Keyring) -> Nonce {
        let epoch = epoch.to_be_bytes();
        match subject {
            Subject::Query(own_id) => keyring.mac(&[b"query", &epoch, own_id, &self.own]),
            Subject::Probe { id, path, left_with } => keyring.mac(&[
                b"probe",
                &epoch,
                id,
                &octets(path.ip()),
                &path.port().to_be_bytes(),
                &path.interface.to_be_bytes(),
                &left_with.to_be_bytes(),
                &self.own,
            ]),
        }
    }

    fn epoch(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / EPOCH.as_secs()
    }
}

/// Returns the octets of an address; an IPv4 one as IPv6 has it, so that each has 16.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Key;

    fn target(id: u8, last: u8, port: u16, interface: u32, left_with: u64) -> Subject {
        let path = Path { address: ([192, 0, 2, last], port).into(), interface };
        Subject::Probe { id: [id; 16], path, left_with }
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn echo_is_valid_for_its_path_in_its_epoch_and_the_next() {
        let (start, keyring) = (Instant::now(), Keyring::new(&[], &Key::new([7; 32])));
        let mut nonces = Nonces::new(start);
        let probed = target(1, 7, 50_000, 2, 0);
        let nonce = nonces.of(&probed, &keyring, start + EPOCH / 2);
        let is_valid =
            |nonces: &Nonces, target, after| nonces.is_of(&nonce, &target, &keyring, start + after);
        for after in [EPOCH / 2, EPOCH, EPOCH * 2 - Duration::from_nanos(1)] {
            assert!(is_valid(&nonces, probed, after), "{after:?}");
        }
        assert!(!is_valid(&nonces, probed, EPOCH * 2));
        for other in [
            target(2, 7, 50_000, 2, 0),
            target(1, 8, 50_000, 2, 0),
            target(1, 7, 50_001, 2, 0),
            target(1, 7, 50_000, 3, 0),
            target(1, 7, 50_000, 2, 9),
        ] {
            assert!(!is_valid(&nonces, other, EPOCH), "{other:?}");
        }
        let stranger = Keyring::new(&[], &Key::new([8; 32]));
        assert!(!nonces.is_of(&nonce, &probed, &stranger, start + EPOCH));
        nonces.set_own([IpAddr::from([192, 0, 2, 1])].into_iter());
        assert!(!is_valid(&nonces, probed, EPOCH), "a clone at another address");
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn the_nonce_of_a_query_is_one_of_no_probe_and_of_no_other_node() {
        let (now, keyring) = (Instant::now(), Keyring::new(&[], &Key::new([7; 32])));
        let nonces = Nonces::new(now);
        let nonce = nonces.of(&Subject::Query([1; 16]), &keyring, now);
        assert!(nonces.is_of(&nonce, &Subject::Query([1; 16]), &keyring, now + EPOCH));
        assert!(!nonces.is_of(&nonce, &Subject::Query([1; 16]), &keyring, now + EPOCH * 2));
        assert!(!nonces.is_of(&nonce, &Subject::Query([2; 16]), &keyring, now));
        assert!(!nonces.is_of(&nonce, &target(1, 7, 50_000, 2, 0), &keyring, now));
    }
}
