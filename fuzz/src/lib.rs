//! What the fuzz targets share. `case`, `run`, `model` and `sent` are the node's; `c`, `calls` and `program` the C ABI's.

pub mod c;
pub mod calls;
pub mod case;
pub mod model;
pub mod program;
pub mod run;
pub mod sent;

use std::time::Duration;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use peers::core::wire::SEALED;
use peers::core::{Key, Settings};

const NONCE_LEN: usize = 24;

/// One of the keys there are; `which` is its number.
pub fn key(which: u8) -> Key {
    Key::new(key_bytes(which))
}

/// A sealed datagram of these bytes, whatever they are.
pub fn seal(plain: &[u8], which: u8, nonce: u8) -> Vec<u8> {
    let nonce = [nonce; NONCE_LEN];
    let payload = Payload { msg: plain, aad: &SEALED };
    let sealed = cipher(which).encrypt(&nonce.into(), payload).expect("a datagram is short enough");
    [&SEALED[..], &nonce, &sealed].concat()
}

/// What was sealed with that key.
pub fn open(datagram: &[u8], which: u8) -> Option<Vec<u8>> {
    let (nonce, msg) = datagram.strip_prefix(&SEALED)?.split_at_checked(NONCE_LEN)?;
    let nonce: &XNonce = nonce.try_into().ok()?;
    cipher(which).decrypt(nonce, Payload { msg, aad: &SEALED }).ok()
}

/// Settings of a node that a test changes where it has to.
pub fn settings() -> Settings {
    Settings {
        id: *b"the node itself.",
        seed: 7,
        secret_seed: [9; 32],
        keys: vec![],
        cluster: String::new(),
        name: "self".into(),
        value: vec![],
        port: 0,
        ancestor: true,
        interval: Duration::from_secs(15),
        expiry: Duration::from_secs(35),
        max_peers: 100,
    }
}

fn key_bytes(which: u8) -> [u8; 32] {
    [which.wrapping_add(1); 32]
}

fn cipher(which: u8) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key_bytes(which).into())
}
