//! `Keyring`: seals and opens datagrams, by XChaCha20-Poly1305 (RFC 8439; draft-irtf-cfrg-xchacha-03).

use std::borrow::Cow;
use std::fmt;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::wire;

/// The bytes of a key.
pub const KEY_LEN: usize = 32;

/// The most keys a node holds: one in use, one to come, and some to spare. Each costs a try at every datagram that none of
/// those before it opens.
pub const MAX_KEYS: usize = 8;

const NONCE_LEN: usize = 24;

/// A secret that the nodes of a cluster share. Its bytes are wiped from memory when it is dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(
    // In a place of its own: moving a key leaves no copy of its bytes behind.
    Box<Zeroizing<[u8; KEY_LEN]>>,
);

impl Key {
    /// A key of these bytes, which should come from a good source of randomness.
    pub fn new(bytes: [u8; KEY_LEN]) -> Self {
        Key(Box::new(Zeroizing::new(bytes)))
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

/// What was to be a key has this many bytes, not [`KEY_LEN`].
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
pub(super) struct Keyring {
    /// The first one seals, all of them open: so keys can be changed one node at a time.
    ciphers: Vec<XChaCha20Poly1305>,
    rng: ChaCha20Rng,
}

impl Keyring {
    /// `seed` is random, and known to nobody else.
    pub fn new(keys: &[Key], seed: [u8; 32]) -> Self {
        let mut keyring = Keyring { ciphers: Vec::new(), rng: ChaCha20Rng::from_seed(seed) };
        keyring.set(keys);
        keyring
    }

    /// Replaces the keys.
    pub fn set(&mut self, keys: &[Key]) {
        self.ciphers = keys.iter().map(|key| XChaCha20Poly1305::new((&**key.0).into())).collect();
    }

    pub fn is_empty(&self) -> bool {
        self.ciphers.is_empty()
    }

    /// Seals a datagram, if there is a key.
    pub fn seal(&mut self, plain: Vec<u8>) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = self.random();
        let Some(cipher) = self.ciphers.first() else { return plain };
        let payload = Payload { msg: &plain, aad: &wire::SEALED };
        let sealed = cipher.encrypt(&nonce.into(), payload).expect("a datagram is short enough");
        [&wire::SEALED[..], &nonce, &sealed].concat()
    }

    /// The datagram that was sealed with one of the keys; without keys, the datagram as it is. `None` if none of the keys
    /// opens it.
    pub fn open<'a>(&self, datagram: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.is_empty() {
            return Some(Cow::Borrowed(datagram));
        }
        let (nonce, msg) = datagram.strip_prefix(&wire::SEALED)?.split_at_checked(NONCE_LEN)?;
        let nonce: &XNonce = nonce.try_into().ok()?;
        let payload = || Payload { msg, aad: &wire::SEALED };
        self.ciphers.iter().find_map(|cipher| cipher.decrypt(nonce, payload()).ok()).map(Cow::Owned)
    }

    /// Bytes that nobody can foretell.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(keys: &[u8]) -> Keyring {
        let keys: Vec<Key> = keys.iter().map(|byte| Key::new([*byte; KEY_LEN])).collect();
        Keyring::new(&keys, [1; 32])
    }

    #[test]
    fn what_the_first_key_sealed_any_keyring_opens_that_has_it() {
        let sealed = keyring(&[1, 2]).seal(b"plain".into());
        assert_eq!(keyring(&[3, 1]).open(&sealed).as_deref(), Some(&b"plain"[..]));
        assert_eq!(keyring(&[2, 3]).open(&sealed), None, "the second key does not seal");
        assert_eq!(keyring(&[1]).open(b"plain"), None, "what is not sealed");
    }

    #[test]
    fn without_keys_all_stays_as_it_is() {
        assert_eq!(keyring(&[]).seal(b"plain".into()), b"plain");
        assert_eq!(keyring(&[]).open(b"plain").as_deref(), Some(&b"plain"[..]));
    }

    #[test]
    fn no_byte_can_be_changed_or_left_out_the_header_included() {
        let mut keyring = keyring(&[1]);
        let sealed = keyring.seal(b"plain".into());
        for at in 0..sealed.len() {
            assert_eq!(keyring.open(&sealed[..at]), None);
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(keyring.open(&changed), None, "byte {at}");
        }
    }

    #[test]
    fn the_longest_message_fits_into_a_datagram_and_nothing_of_it_can_be_read() {
        let mut keyring = keyring(&[1]);
        let mut sealed = || keyring.seal(vec![b'x'; wire::MAX_MESSAGE]);
        let (one, two) = (sealed(), sealed());
        assert!(one.len() <= wire::MAX_DATAGRAM);
        assert!(!one.windows(4).any(|window| window == b"xxxx"));
        assert_ne!(one[6..30], two[6..30], "each has a nonce of its own");
    }

    #[test]
    fn a_key_of_another_length_is_refused_with_the_right_one() {
        assert_eq!(Key::try_from(&[7; KEY_LEN][..]), Ok(Key::new([7; KEY_LEN])));
        for len in [0, KEY_LEN - 1, KEY_LEN + 1] {
            let error = Key::try_from(&vec![7; len][..]).expect_err("no key has that length");
            assert_eq!(error.to_string(), format!("the key has {len} bytes; a key has 32"));
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", Key::new([7; KEY_LEN])), "Key(..)");
    }
}
