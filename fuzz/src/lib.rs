//! What the fuzz targets share. `case`, `run`, `model` and `sent` are the node's, `pair` and `limits` those of two nodes, `members`
//! a member's of a cluster; `c`, `calls` and `program` the C ABI's.

pub mod c;
pub mod calls;
pub mod case;
pub mod limits;
pub mod members;
pub mod model;
pub mod pair;
pub mod program;
pub mod run;
pub mod sent;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use peers_proto::wire::{InstanceId, SEALED};
use peers_proto::{Key, Settings};

const NONCE_LEN: usize = 24;

/// One of the keys there are; `which` is its number.
pub fn key(which: u8) -> Key {
    Key::new(key_bytes(which))
}

/// The id of the node that is tested.
pub const ID: InstanceId = *b"the node itself.";

/// A sealed datagram of these bytes, whatever they are, for one node or for the group.
pub fn seal(plain: &[u8], which: u8, addressee: Option<&InstanceId>, nonce: u8) -> Vec<u8> {
    let nonce = [nonce; NONCE_LEN];
    let payload = Payload { msg: plain, aad: &authenticated(addressee) };
    let sealed = cipher(which).encrypt(&nonce.into(), payload).expect("a datagram is short enough");
    [&SEALED[..], &nonce, &sealed].concat()
}

/// What was sealed with that key, for one node or for the group.
pub fn open(datagram: &[u8], which: u8, addressee: Option<&InstanceId>) -> Option<Vec<u8>> {
    let (nonce, msg) = datagram.strip_prefix(&SEALED)?.split_at_checked(NONCE_LEN)?;
    let nonce: &XNonce = nonce.try_into().ok()?;
    cipher(which).decrypt(nonce, Payload { msg, aad: &authenticated(addressee) }).ok()
}

/// Settings of a node that a test changes where it has to.
pub fn settings() -> Settings {
    Settings {
        id: ID,
        seed: 7,
        secret_seed: Key::new([9; 32]),
        name: "self".into(),
        max_peers: 100,
        ..Settings::default()
    }
}

fn key_bytes(which: u8) -> [u8; 32] {
    [which.wrapping_add(1); 32]
}

fn authenticated(addressee: Option<&InstanceId>) -> Vec<u8> {
    [&SEALED[..], addressee.map_or(&[][..], |id| id)].concat()
}

fn cipher(which: u8) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key_bytes(which).into())
}
