//! `Outbox`: numbers, seals and queues the datagrams of a node.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::crypto::{Key, Keyring};
use crate::event::{Destination, Transmit};
use crate::path::Path;
use crate::settings::Settings;
use crate::wire::{self, Announcement, InstanceId, Kind, Proof};
#[cfg(feature = "swim")]
use crate::wire::{ClusterKind, ClusterMessage, Content};

pub(crate) struct Outbox {
    keyring: Keyring,
    /// The number of the last message.
    sequence: u64,
    /// Maximum length of an announce of this node, before it is sealed.
    announce_len: usize,
    transmits: VecDeque<Transmit>,
}

impl Outbox {
    pub fn new(keyring: Keyring, settings: &Settings) -> Self {
        let mut outbox = Outbox { keyring, sequence: 0, announce_len: 0, transmits: VecDeque::new() };
        outbox.on_value_change(settings);
        outbox
    }

    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub fn set_keys(&mut self, keys: &[Key]) {
        self.keyring.set(keys);
    }

    /// Takes note of another value to announce.
    pub fn on_value_change(&mut self, settings: &Settings) {
        self.announce_len = wire::encode(Kind::Announce, &self.announcement(settings, u64::MAX)).len();
    }

    /// Returns the maximum length of an announce of this node, before it is sealed.
    pub fn announce_len(&self) -> usize {
        self.announce_len
    }

    /// Returns the content of the next message.
    pub fn next_announcement<'a>(&mut self, settings: &'a Settings) -> Announcement<'a> {
        let sequence = self.next_sequence();
        self.announcement(settings, sequence)
    }

    /// Encodes the next message.
    pub fn encode(&mut self, kind: Kind, settings: &Settings) -> Vec<u8> {
        let about = self.next_announcement(settings);
        self.encode_announcement(kind, &about)
    }

    /// Encodes a message, of the length that its kind has.
    pub fn encode_announcement(&self, kind: Kind, about: &Announcement<'_>) -> Vec<u8> {
        let min_len = match kind {
            Kind::Query => wire::MAX_ANNOUNCE,
            // With keys all have one length, so that one announce may be the reply to another.
            _ if !self.keyring.is_empty() => self.announce_len,
            _ => 0,
        };
        wire::encode_padded(kind, about, min_len)
    }

    /// Encodes the next message between members of a cluster.
    #[cfg(feature = "swim")]
    pub fn encode_for_cluster(
        &mut self,
        kind: ClusterKind,
        content: Content<'_>,
        min_len: usize,
        settings: &Settings,
    ) -> Vec<u8> {
        let sequence = self.next_sequence();
        let message = ClusterMessage { cluster: &settings.cluster, id: settings.id, sequence, content };
        wire::encode_cluster(kind, &message, min_len)
    }

    /// Seals a message that any node of the cluster opens.
    pub fn seal(&mut self, plain: Vec<u8>) -> Arc<[u8]> {
        self.keyring.seal(plain, None).into()
    }

    /// Sends a datagram to a group.
    pub fn send_multicast(&mut self, payload: Arc<[u8]>, to: Destination) {
        self.transmits.push_back(Transmit { payload, to });
    }

    /// Sends a sealed message to an address.
    pub fn send_copy(&mut self, payload: &Arc<[u8]>, address: SocketAddr) {
        let to = Destination::Peer { address, interface: 0 };
        self.transmits.push_back(Transmit { payload: payload.clone(), to });
    }

    /// Seals a message for one instance, or for any if its id is not known, and sends it to an address.
    pub fn send_to(&mut self, plain: Vec<u8>, path: Path, addressee: Option<&InstanceId>) {
        let payload = self.keyring.seal(plain, addressee).into();
        self.transmits.push_back(Transmit { payload, to: path.destination() });
    }

    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.transmits.is_empty()
    }

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn announcement<'a>(&self, settings: &'a Settings, sequence: u64) -> Announcement<'a> {
        let proof = (!self.keyring.is_empty()).then(Proof::default);
        Announcement { proof, ..settings.announcement(sequence) }
    }
}
