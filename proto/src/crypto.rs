//! `Keyring`: seals and opens datagrams, by XChaCha20-Poly1305 (RFC 8439; draft-irtf-cfrg-xchacha-03).

use std::fmt;
use std::hash::Hasher;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use chacha20poly1305::aead::{Aead, AeadInOut, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use siphasher::sip128::{Hasher128, SipHasher24};
use zeroize::Zeroizing;

use crate::wire::{self, InstanceId};

/// Length of a key in bytes.
pub const KEY_LEN: usize = 32;

/// Maximum number of keys of a node: one in use, one to come, and some to spare. A datagram is tried with each of them in
/// turn.
pub const MAX_KEYS: usize = 8;

const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// Length of the key and of the result of SipHash.
const MAC_LEN: usize = 16;

/// A secret that the nodes of a cluster share. Its bytes are wiped from memory when it is dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(
    // Boxed, because moving a key then leaves no copy of its bytes behind.
    Box<Zeroizing<[u8; KEY_LEN]>>,
);

impl Key {
    /// Returns a key of these bytes, which should come from a good source of randomness.
    pub fn new(bytes: [u8; KEY_LEN]) -> Self {
        Key(Box::new(Zeroizing::new(bytes)))
    }

    /// Returns a key that depends on this one and on other input.
    pub(crate) fn derive(&self, parts: &[&[u8]]) -> Key {
        let keyring = Keyring::new(&[], self);
        let halves = [b"0", b"1"].map(|half: &[u8; 1]| keyring.mac(&[&[&half[..]], parts].concat()));
        let mut key = Key(Box::default());
        key.0.copy_from_slice(halves.as_flattened());
        key
    }

    /// Returns the first bytes, for what is no secret.
    pub(crate) fn first_bytes<const LEN: usize>(&self) -> [u8; LEN] {
        std::array::from_fn(|index| self.0[index])
    }
}

impl TryFrom<&[u8]> for Key {
    type Error = WrongKeyLength;

    fn try_from(bytes: &[u8]) -> Result<Self, WrongKeyLength> {
        if bytes.len() != KEY_LEN {
            return Err(WrongKeyLength(bytes.len()));
        }
        let mut key = Key(Box::default());
        key.0.copy_from_slice(bytes);
        Ok(key)
    }
}

/// The length of a key that has not [`KEY_LEN`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongKeyLength(pub usize);

impl fmt::Display for WrongKeyLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key has {} bytes; a key has {KEY_LEN}", self.0)
    }
}

impl std::error::Error for WrongKeyLength {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The keys of a node; without any, datagrams are neither sealed nor opened.
pub(crate) struct Keyring {
    /// The first one seals, all of them open: so keys can be changed one node at a time.
    ciphers: Vec<XChaCha20Poly1305>,
    rng: ChaCha20Rng,
    /// The hash of `mac`, with a random key of this node alone.
    own: SipHasher24,
}

impl Keyring {
    /// Returns a keyring whose nonces are drawn from `seed`, which is random and known to this node alone.
    pub fn new(keys: &[Key], seed: &Key) -> Self {
        let (own, rng) = random_parts(seed);
        let mut keyring = Keyring { ciphers: Vec::new(), rng, own };
        keyring.set(keys);
        keyring
    }

    /// Draws everything random from another seed.
    pub fn reseed(&mut self, seed: &Key) {
        (self.own, self.rng) = random_parts(seed);
    }

    /// Replaces the keys.
    pub fn set(&mut self, keys: &[Key]) {
        self.ciphers = keys.iter().map(|key| XChaCha20Poly1305::new((&**key.0).into())).collect();
    }

    pub fn is_empty(&self) -> bool {
        self.ciphers.is_empty()
    }

    /// Seals a datagram, if there is a key. With an addressee, no other node opens it, so that a recorded datagram is of no
    /// use elsewhere.
    pub fn seal(&mut self, plain: Vec<u8>, addressee: Option<&InstanceId>) -> Vec<u8> {
        let Some(cipher) = self.ciphers.first() else { return plain };
        let mut nonce = [0; NONCE_LEN];
        self.rng.fill_bytes(&mut nonce);
        let mut buffer = Authenticated::default();
        let payload = Payload { msg: &plain, aad: authenticated(addressee, &mut buffer) };
        let sealed = cipher.encrypt(&nonce.into(), payload).expect("a datagram is short enough");
        [&wire::SEALED[..], &nonce, &sealed].concat()
    }

    /// Returns the datagram that was sealed with one of the keys for one of these addressees, opened in `buffer`. Without keys,
    /// returns the datagram as it is. `None` if none of the keys opens it.
    pub fn open<'a>(
        &self,
        datagram: &'a [u8],
        addressees: &[Option<&InstanceId>],
        buffer: &'a mut [u8; wire::MAX_DATAGRAM],
    ) -> Option<&'a [u8]> {
        if self.is_empty() {
            return Some(datagram);
        }
        let (nonce, sealed) = datagram.strip_prefix(&wire::SEALED)?.split_at_checked(NONCE_LEN)?;
        let (sealed, tag) = sealed.split_last_chunk::<TAG_LEN>()?;
        let nonce: &XNonce = nonce.try_into().ok()?;
        let opened = buffer.get_mut(..sealed.len())?;
        let mut opens = |addressee: &Option<&InstanceId>| {
            let mut aad_buffer = Authenticated::default();
            let aad = authenticated(*addressee, &mut aad_buffer);
            self.ciphers.iter().any(|cipher| {
                opened.copy_from_slice(sealed);
                cipher.decrypt_inout_detached(nonce, aad, (&mut *opened).into(), tag.into()).is_ok()
            })
        };
        addressees.iter().any(&mut opens).then_some(opened)
    }

    /// Returns bytes that depend on all parts together, and that no other node can compute: SipHash-2-4 with 128 bits
    /// (Aumasson and Bernstein, 2012), under a key of this node.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; MAC_LEN] {
        let mut hasher = self.own;
        parts.iter().for_each(|part| hasher.write(part));
        hasher.finish128().as_bytes()
    }
}

fn random_parts(seed: &Key) -> (SipHasher24, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::from_seed(**seed.0);
    let mut own = Zeroizing::new([0; MAC_LEN]);
    rng.fill_bytes(own.as_mut());
    (SipHasher24::new_with_key(&own), rng)
}

type Authenticated = [u8; wire::SEALED.len() + size_of::<InstanceId>()];

/// Returns the authenticated data beside the message: the header and the addressee, which both sides know.
fn authenticated<'a>(addressee: Option<&InstanceId>, buffer: &'a mut Authenticated) -> &'a [u8] {
    let addressee = addressee.map_or(&[][..], |id| id);
    let (header, rest) = buffer.split_at_mut(wire::SEALED.len());
    header.copy_from_slice(&wire::SEALED);
    rest[..addressee.len()].copy_from_slice(addressee);
    &buffer[..wire::SEALED.len() + addressee.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(keys: &[u8]) -> Keyring {
        let keys: Vec<Key> = keys.iter().map(|byte| Key::new([*byte; KEY_LEN])).collect();
        Keyring::new(&keys, &Key::new([1; KEY_LEN]))
    }

    #[test]
    fn a_mac_is_the_same_for_the_same_input_and_another_for_another() {
        let keyring = keyring(&[]);
        let mac = keyring.mac(&[&[1; 20], &[2; 5]]);
        assert_eq!(mac, keyring.mac(&[&[1; 20], &[2; 5]]));
        for other in [[&[1; 20][..], &[2; 4]], [&[1; 20], &[2; 6]], [&[0; 20], &[2; 5]], [&[1; 20], &[0; 5]]]
        {
            assert_ne!(mac, keyring.mac(&other), "{other:?}");
        }
        assert_ne!(keyring.mac(&[&[0; 8]]), keyring.mac(&[&[0; 16]]));
        assert_ne!(mac, Keyring::new(&[], &Key::new([2; KEY_LEN])).mac(&[&[1; 20], &[2; 5]]));
    }
}
