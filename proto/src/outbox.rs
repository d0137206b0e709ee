//! `Outbox`: numbers, seals and queues the datagrams of a node.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::crypto::{Key, Keyring};
use crate::event::{Destination, Transmit};
use crate::interfaces::{Family, Interfaces};
use crate::path::Path;
use crate::settings::{Mode, Settings};
use crate::wire::{self, Addresses, Announcement, InstanceId, Kind, MAX_MESSAGE};
#[cfg(feature = "swim")]
use crate::wire::{ClusterKind, ClusterMessage, Content};

pub(crate) struct Outbox {
    keyring: Keyring,
    /// The number of the last message.
    sequence: u64,
    /// Length of the longest announce of this node, before it is sealed.
    announce_len: usize,
    /// True if unicast datagrams must not leave the link.
    only_on_link: bool,
    transmits: VecDeque<Transmit>,
}

impl Outbox {
    pub fn new(keyring: Keyring, settings: &Settings) -> Self {
        let mut outbox = Outbox {
            keyring,
            sequence: 0,
            announce_len: 0,
            only_on_link: settings.mode == Mode::Multicast && settings.hops == 1,
            transmits: VecDeque::new(),
        };
        outbox.on_value_change(settings);
        outbox
    }

    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub fn set_keys(&mut self, keys: &[Key]) {
        self.keyring.set(keys);
    }

    /// Draws everything random from another seed, for a node with a new id. Its numbers begin anew.
    pub fn reseed(&mut self, seed: &Key) {
        self.keyring.reseed(seed);
        self.sequence = 0;
    }

    /// Returns true if unicast datagrams must not leave the link.
    pub fn is_only_on_link(&self) -> bool {
        self.only_on_link
    }

    /// Takes note of another value to announce.
    pub fn on_value_change(&mut self, settings: &Settings) {
        self.announce_len = wire::max_announce_len(&settings.announcement(0));
    }

    /// Returns the length of the longest announce of this node, before it is sealed. Nothing shorter is replied to by an
    /// announce.
    pub fn announce_len(&self) -> usize {
        self.announce_len
    }

    /// Returns the number of the last message.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Raises the number of the last message.
    pub fn raise_sequence(&mut self, sequence: u64) {
        self.sequence = self.sequence.max(sequence);
    }

    /// Returns the content of the next message.
    pub fn next_announcement<'a>(&mut self, settings: &'a Settings) -> Announcement<'a> {
        settings.announcement(self.next_sequence())
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

    /// Sends a message to the group, of `min_len` bytes at least. By each interface and family it lists the addresses that the
    /// receivers do not see as its source. A query has the instances of `known` in its filter. Returns the datagrams.
    pub fn send_multicast(
        &mut self,
        kind: Kind,
        about: &Announcement<'_>,
        known: &[InstanceId],
        min_len: usize,
        interfaces: &Interfaces,
    ) -> Vec<Transmit> {
        let mut transmits = Vec::new();
        for (to, addresses) in places(interfaces) {
            let about = Announcement { addresses, ..*about };
            let plain = match kind {
                Kind::Query => wire::encode_query(&about, known.iter().copied()),
                _ => wire::encode_within(kind, &about, self.min_len().max(min_len)..=MAX_MESSAGE),
            };
            let source = match to {
                Destination::Interface { index, family } => interfaces.source(index, family),
                _ => None,
            };
            let payload = self.keyring.seal(plain, None).into();
            transmits.push(Transmit { payload, to, source, only_on_link: false });
        }
        self.transmits.extend(transmits.iter().cloned());
        transmits
    }

    /// Sends a legacy beacon to the group.
    pub fn send_legacy(&mut self, name: &str) {
        let payload = wire::encode_legacy(name).into();
        self.transmits.push_back(Transmit {
            payload,
            to: Destination::GroupV4,
            source: None,
            only_on_link: false,
        });
    }

    /// Returns a message to addresses whose instances are not known, sealed for any, and padded to `min_len` bytes.
    pub fn copy(&mut self, kind: Kind, about: &Announcement<'_>, min_len: usize) -> Arc<[u8]> {
        let min_len = min_len.max(self.min_len());
        let plain = wire::encode_within(kind, about, min_len..=MAX_MESSAGE);
        self.keyring.seal(plain, None).into()
    }

    /// Sends a copy to an address. Returns the datagram.
    pub fn send_copy(&mut self, payload: &Arc<[u8]>, address: SocketAddr) -> Transmit {
        let to = Destination::Peer { address, interface: 0 };
        let transmit = Transmit { payload: payload.clone(), to, source: None, only_on_link: false };
        self.transmits.push_back(transmit.clone());
        transmit
    }

    /// Encodes an announce to one instance. With keys all announces have one length at least, so that one may be the reply to
    /// another.
    pub fn encode_announce(&self, about: &Announcement<'_>, lengths: RangeInclusive<usize>) -> Vec<u8> {
        let (min_len, max_len) = lengths.into_inner();
        wire::encode_within(Kind::Announce, about, min_len.max(self.min_len()).min(max_len)..=max_len)
    }

    /// Seals a message for one instance, or for any if its id is not known, and sends it.
    pub fn send_to(
        &mut self,
        plain: Vec<u8>,
        path: Path,
        addressee: Option<&InstanceId>,
        interfaces: &Interfaces,
    ) {
        let transmit = self.seal_for(plain, path, addressee, interfaces);
        self.transmits.push_back(transmit);
    }

    /// Returns a message that is sealed as by [`send_to`](Self::send_to).
    pub fn seal_for(
        &mut self,
        plain: Vec<u8>,
        path: Path,
        addressee: Option<&InstanceId>,
        interfaces: &Interfaces,
    ) -> Transmit {
        let payload = self.keyring.seal(plain, addressee).into();
        let source = interfaces.source(path.interface, Family::of(path.ip()));
        Transmit { payload, to: path.destination(), source, only_on_link: self.only_on_link }
    }

    /// Sends datagrams that were sealed before.
    pub fn repeat(&mut self, transmits: impl IntoIterator<Item = Transmit>) {
        self.transmits.extend(transmits);
    }

    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.transmits.is_empty()
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence = self.sequence.saturating_add(1);
        self.sequence
    }

    fn min_len(&self) -> usize {
        if self.keyring.is_empty() { 0 } else { self.announce_len }
    }
}

/// Returns where a message to the group goes, with the addresses that it lists there: through all interfaces alike, unless one
/// has further addresses.
fn places(interfaces: &Interfaces) -> Vec<(Destination, Addresses)> {
    let mut places = Vec::new();
    for interface in interfaces.iter() {
        for family in [Family::V4, Family::V6] {
            if interface.source(family).is_some() {
                let to = Destination::Interface { index: interface.index, family };
                places.push((to, interfaces.beside_source(interface.index, family)));
            }
        }
    }
    match places.iter().all(|(_, addresses)| addresses.is_empty()) {
        true => vec![(Destination::Group, Addresses::default())],
        false => places,
    }
}
