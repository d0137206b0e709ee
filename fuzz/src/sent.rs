//! What the node has sent: to whom, how much, and whether it is what may be sent.

use std::collections::HashMap;
use std::net::{SocketAddr, SocketAddrV6};

use peers::core::wire::{self, Challenge, Kind, Message};
use peers::core::{Destination, Settings, Transmit};

use crate::open;

/// Questions to one that never answers, for each datagram that named its address as the sender: those of one life, and of
/// the doubts about its way.
const QUESTIONS: usize = 16;

/// The questions of one doubt.
const DOUBT: usize = 3;

/// Those of one name and address that are doubted when another one appears.
const NAMESAKES: usize = 8;

#[derive(Default)]
pub struct Ledger {
    last_sequence: u64,
    /// The last challenge the node has put to anybody.
    pub challenge: Challenge,
    /// What was sent, the last ones.
    pub kept: Vec<Vec<u8>>,
    accounts: HashMap<SocketAddr, Account>,
    pub heard: usize,
    pub sleeps: usize,
    pub reports: usize,
}

#[derive(Default)]
struct Account {
    heard: usize,
    bytes_heard: usize,
    bytes_sent: usize,
}

impl Ledger {
    pub fn note_heard(&mut self, from: SocketAddr, bytes: usize) {
        self.heard += 1;
        let account = self.accounts.entry(normal(from)).or_default();
        account.heard += 1;
        account.bytes_heard += bytes;
    }

    /// Checks a datagram that the node sends, with its `keys`.
    pub fn note_sent(&mut self, transmit: &Transmit, settings: &Settings, keys: &[u8], joins: usize) {
        let Transmit { payload, to } = transmit;
        assert!(payload.len() <= wire::MAX_DATAGRAM, "{} bytes", payload.len());
        match keys.first() {
            Some(first) => {
                let plain = open(payload, *first).expect("with keys all is sealed with the first");
                self.check_plain(&plain, *to, settings);
                assert_ne!(*to, Destination::GroupV4, "a line in a cluster with keys");
            }
            None => self.check_plain(payload, *to, settings),
        }
        if let Destination::Peer { address, .. } = to {
            self.charge(*address, payload.len(), joins);
        }
        if self.kept.len() < 64 {
            self.kept.push(payload.to_vec());
        }
    }

    fn check_plain(&mut self, plain: &[u8], to: Destination, settings: &Settings) {
        assert!(plain.len() <= wire::MAX_MESSAGE);
        match wire::decode(plain).expect("a node sends what can be read") {
            Message::Ancestor { name } => {
                assert!(settings.ancestor && settings.cluster.is_empty());
                assert_eq!((name, to), (&*settings.name, Destination::GroupV4));
            }
            Message::Native(kind, about) => {
                assert_eq!((about.id, about.name), (settings.id, &*settings.name));
                assert_eq!(about.cluster, settings.cluster);
                // A goodbye is said several times.
                let is_repeat = kind == Kind::Goodbye && about.sequence == self.last_sequence;
                assert!(is_repeat || about.sequence > self.last_sequence, "a number comes twice");
                self.last_sequence = about.sequence;
                assert!(kind != Kind::Goodbye || to == Destination::Group);
                if let Some(proof) = about.proof.filter(|proof| proof.challenge != Challenge::default()) {
                    self.challenge = proof.challenge;
                }
            }
            Message::Challenge { id, challenge, .. } => {
                assert_eq!(id, settings.id);
                self.challenge = challenge;
            }
            Message::Sealed => panic!("sealed twice"),
        }
    }

    /// One that may never have asked is not sent more than it, or who speaks in its name, has sent, beside questions.
    fn charge(&mut self, to: SocketAddr, bytes: usize, joins: usize) {
        let account = self.accounts.get_mut(&to).expect("nothing is sent to one that was never heard from");
        account.bytes_sent += bytes;
        let questions = QUESTIONS * account.heard * (1 + self.sleeps)
            + DOUBT * NAMESAKES * joins
            + (DOUBT + 1) * self.heard
            + self.reports;
        let most = account.bytes_heard + questions * wire::MAX_DATAGRAM;
        assert!(account.bytes_sent <= most, "{to} was sent {} bytes", account.bytes_sent);
    }
}

/// The address as a node keeps it.
pub fn normal(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => {
            let scope = if v6.ip().is_unicast_link_local() { v6.scope_id() } else { 0 };
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, scope).into()
        }
        SocketAddr::V4(_) => address,
    }
}
