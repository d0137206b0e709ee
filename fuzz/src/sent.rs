//! What the node has sent: to whom, how much, and whether it is what may be sent.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{SocketAddr, SocketAddrV6};

use peers_proto::wire::{self, InstanceId, Kind, Message, Nonce};
use peers_proto::{Destination, Settings, Transmit};

use crate::open;

/// Questions to one that never answers, for each datagram that named its address as the sender: those of one life, and of
/// the doubts about its way.
const QUESTIONS: usize = 16;

/// The questions of one doubt.
const DOUBT: usize = 3;

/// Those of one name and address that are doubted when another one appears.
const NAMESAKES: usize = 8;

/// The bytes that a node with seeds tells and asks those who are none, before it has heard any.
const STOCK: usize = 16 * 1024;

#[derive(Default)]
pub struct Ledger {
    /// Who is told by unicast what others are told by multicast.
    pub seeds: HashSet<SocketAddr>,
    /// The last messages by their numbers: one may go to several, and may be repeated.
    told: BTreeMap<u64, Vec<u8>>,
    /// Datagrams of the last batch to seeds that were never heard.
    to_silent_seeds: HashMap<SocketAddr, usize>,
    bytes_heard: usize,
    /// To those who are no seeds, but for goodbyes, of a node that takes seeds.
    bytes_to_others: usize,
    last_sequence: u64,
    /// The last nonces of the node.
    nonces: Vec<Nonce>,
    /// True if one of these was repeated: then a peer may be validated.
    has_validated: bool,
    /// Questions sent, since somebody looked.
    pub asked: usize,
    /// Answers and challenges sent.
    answered: usize,
    /// What was sent, the last ones.
    pub kept: Vec<Vec<u8>>,
    accounts: HashMap<SocketAddr, Account>,
    pub heard: usize,
    pub sleeps: usize,
    pub reports: usize,
}

#[derive(Default)]
struct Account {
    /// The instances heard from there, in a cluster with keys.
    ids: Vec<InstanceId>,
    heard: usize,
    bytes_heard: usize,
    bytes_sent: usize,
}

impl Ledger {
    /// Takes note of a datagram, and of what was sealed in it.
    pub fn note_heard(&mut self, from: SocketAddr, bytes: usize, plain: Option<&[u8]>) {
        self.heard += 1;
        self.bytes_heard += bytes;
        let id = plain.and_then(sender);
        self.credit(from, bytes, id);
        // A claimed address may be probed, at the port of the sender.
        if let Some(Ok(Message::Native(_, about))) = plain.map(wire::decode) {
            about.addresses.iter().for_each(|claim| self.credit((claim, from.port()).into(), bytes, id));
        }
    }

    fn credit(&mut self, address: SocketAddr, bytes: usize, id: Option<InstanceId>) {
        let account = self.accounts.entry(normal(address)).or_default();
        account.heard += 1;
        account.bytes_heard += bytes;
        if let Some(id) = id {
            // The one that was heard last is the first to be looked for.
            account.ids.retain(|known| *known != id);
            account.ids.push(id);
        }
    }

    /// One of the last nonces of the node; zeros if there is none.
    pub fn nonce(&mut self, which: u8) -> Nonce {
        self.has_validated = true;
        self.nonces.get(usize::from(which) % self.nonces.len().max(1)).copied().unwrap_or_default()
    }

    /// Checks a datagram that the node sends, with its `keys`.
    pub fn note_sent(&mut self, transmit: &Transmit, settings: &Settings, keys: &[u8], joins: usize) {
        let Transmit { payload, to, .. } = transmit;
        assert!(payload.len() <= wire::MAX_DATAGRAM, "{} bytes", payload.len());
        assert!(settings.mode.has_multicast() || matches!(to, Destination::Peer { .. }), "it goes to {to:?}");
        let kind = match keys.first() {
            Some(first) => {
                let (plain, _) = self.unseal(payload, *to, *first, settings);
                self.check_plain(&plain, *to, settings)
            }
            None => self.check_plain(payload, *to, settings),
        };
        match to {
            Destination::Peer { address, .. } if settings.mode.has_seeds() => {
                self.charge_seeds_and_others(*address, payload.len(), kind);
            }
            Destination::Peer { address, .. } => self.charge(*address, payload.len(), joins),
            Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => {}
        }
        if self.kept.len() < 64 {
            self.kept.push(payload.to_vec());
        }
    }

    /// What was sent at one time is complete. A seed that has never been heard is told no more in it than the group.
    pub fn end_batch(&mut self, most: usize) {
        while self.told.len() > 4096 {
            self.told.pop_first();
        }
        for (seed, count) in self.to_silent_seeds.drain() {
            assert!(count <= most, "{count} to {seed}");
        }
    }

    /// Opens what has to be sealed with this key: for all, or for one that was heard from where it goes.
    fn unseal(
        &self,
        payload: &[u8],
        to: Destination,
        key: u8,
        settings: &Settings,
    ) -> (Vec<u8>, Option<InstanceId>) {
        let for_all = || open(payload, key, None).map(|plain| (plain, None));
        let opened = match to {
            Destination::Peer { address, .. } => {
                let mut ids =
                    self.accounts.get(&address).into_iter().flat_map(|account| account.ids.iter().rev());
                let for_one = ids.find_map(|id| Some((open(payload, key, Some(id))?, Some(*id))));
                for_one.or_else(|| for_all().filter(|_| settings.mode.has_seeds()))
            }
            Destination::Group | Destination::Interface { .. } => for_all(),
            Destination::GroupV4 => panic!("a line in a cluster with keys"),
        };
        opened.unwrap_or_else(|| {
            panic!("what goes to {to:?} is not sealed with the first key for who is there")
        })
    }

    fn check_plain(&mut self, plain: &[u8], to: Destination, settings: &Settings) -> Kind {
        assert!(plain.len() <= wire::MAX_MESSAGE);
        match wire::decode(plain).expect("a node sends what can be read") {
            Message::Legacy { name } => {
                assert!(settings.legacy && settings.cluster.is_empty());
                assert_eq!((name, to), (&*settings.name, Destination::GroupV4));
                Kind::Announce
            }
            Message::Native(kind, about) => {
                assert_eq!((about.id, about.name), (settings.id, &*settings.name));
                assert_eq!(about.cluster, settings.cluster);
                self.check_number(kind, about.sequence, plain, settings);
                assert!(kind != Kind::Goodbye || to == Destination::Group || settings.mode.has_seeds());
                self.note_kind(kind, to, settings);
                about.nonce.iter().for_each(|nonce| self.note_nonce(*nonce));
                kind
            }
            Message::Probe(probe) => {
                assert_eq!(probe.id, settings.id);
                self.note_kind(Kind::Query, to, settings);
                self.note_nonce(probe.nonce);
                Kind::Query
            }
            Message::Cluster(..) => panic!("a message between members, of a node that is none"),
            Message::Sealed => panic!("sealed twice"),
        }
    }

    /// A goodbye is said several times, and with seeds all that the group is told goes to several: it is the same message then.
    fn check_number(&mut self, kind: Kind, sequence: u64, plain: &[u8], settings: &Settings) {
        let _ = kind;
        match self.told.get(&sequence) {
            // Copies to seeds have a mark.
            Some(told) => assert!(told == plain || settings.mode.has_seeds(), "a number comes twice"),
            None => assert!(sequence > self.last_sequence, "a number comes twice"),
        }
        self.last_sequence = self.last_sequence.max(sequence);
        self.told.insert(sequence, plain.to_vec());
    }

    /// Counts what goes to one alone: questions, and answers, of which each message has two at most: one to its question, and
    /// one to its challenge. With seeds some are told without having asked, and the bytes of all are counted instead.
    fn note_kind(&mut self, kind: Kind, to: Destination, settings: &Settings) {
        match (kind, to) {
            (_, Destination::Group | Destination::GroupV4 | Destination::Interface { .. }) => {}
            (_, Destination::Peer { .. }) if settings.mode.has_seeds() => {}
            (Kind::Query, Destination::Peer { .. }) => self.asked += 1,
            (_, Destination::Peer { .. }) => self.answered += 1,
        }
        assert!(self.answered <= 2 * self.heard, "more is answered than was heard");
    }

    fn note_nonce(&mut self, nonce: Nonce) {
        self.nonces.truncate(15);
        self.nonces.insert(0, nonce);
    }

    /// Those who are no seeds have been heard, and are asked and told no more bytes together than were heard, beside a stock and
    /// goodbyes. What was heard may be answered, too: by two messages, neither of which is longer.
    fn charge_seeds_and_others(&mut self, to: SocketAddr, bytes: usize, kind: Kind) {
        let was_heard = self.accounts.contains_key(&to);
        if !self.seeds.contains(&to) {
            assert!(was_heard, "nothing is sent to one that is no seed and was never heard from");
            self.bytes_to_others += if kind == Kind::Goodbye { 0 } else { bytes };
            let most = STOCK + 3 * self.bytes_heard;
            let is_within = self.has_validated || self.bytes_to_others <= most;
            assert!(is_within, "{} bytes are sent to others", self.bytes_to_others);
        } else if !was_heard {
            *self.to_silent_seeds.entry(to).or_default() += 1;
        }
    }

    /// One that may never have asked is not sent more than it, or who speaks in its name, has sent, beside questions.
    fn charge(&mut self, to: SocketAddr, bytes: usize, joins: usize) {
        let account = self.accounts.get_mut(&to).unwrap_or_else(|| panic!("{to} was never received from"));
        account.bytes_sent += bytes;
        let questions = QUESTIONS * account.heard * (1 + self.sleeps)
            + DOUBT * NAMESAKES * joins
            + (DOUBT + 1) * self.heard
            + self.reports;
        let most = account.bytes_heard + questions * wire::MAX_DATAGRAM;
        assert!(account.bytes_sent <= most, "{to} was sent {} bytes", account.bytes_sent);
    }
}

/// Who has sent this.
fn sender(plain: &[u8]) -> Option<InstanceId> {
    match wire::decode(plain).ok()? {
        Message::Native(_, about) => Some(about.id),
        Message::Probe(probe) => Some(probe.id),
        Message::Cluster(_, message) => Some(message.id),
        Message::Legacy { .. } | Message::Sealed => None,
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
