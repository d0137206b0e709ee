//! `Node`: the state machine. What it hears becomes entries of the registry; time makes it announce, expire and,
//! after a silence, ask for new sockets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::{Destination, Event, LeaveReason, Peer, Source, Transmit};
use super::name::{self, BadName};
use super::registry::{Expired, ExpiringRegistry, Full};
use super::wire::{self, InstanceId, Message};

/// The most bytes a value may have: it has to fit, beside a name, into one datagram that no network fragments.
pub const MAX_VALUE: usize = 1024;

/// The most events that wait for a reader. A thousand is many seconds of a busy network; a reader slower than
/// that is better served by the list.
pub const MAX_EVENTS: usize = 1024;

/// A registration for longer is one for this long: a century, which every clock can still add to its time.
const LONGEST_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What a [`Node`] has to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The random id of this run.
    pub id: InstanceId,
    /// What the node's jitter is drawn from.
    pub seed: u64,
    /// The cluster, which has passed [`name::check_cluster`].
    pub cluster: String,
    /// The node's name, which has passed [`name::check`].
    pub name: String,
    /// The value to announce, of no more than [`wire::room_for_value`] bytes.
    pub value: Vec<u8>,
    /// The port at which the program offers its service; 0 for none.
    pub port: u16,
    /// Whether the node speaks the ancestor's line too. It does so only in the cluster without a name, for a line
    /// does not tell its cluster.
    pub ancestor: bool,
    /// Time between two announcements.
    pub interval: Duration,
    /// Time after which a peer that was not heard is gone, and after which silence is suspect.
    pub expiry: Duration,
    /// The most entries the registry holds.
    pub max_peers: usize,
}

/// What a [`Node`] has counted since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams heard, of every kind.
    pub received: u64,
    /// Datagrams heard that were the node's own.
    pub own: u64,
    /// Datagrams heard that were no message of the protocol.
    pub malformed: u64,
    /// Messages heard of another cluster.
    pub foreign: u64,
    /// Messages heard that were not newer than what was known: duplicates, latecomers and replays.
    pub stale: u64,
    /// Newcomers refused because the registry was full.
    pub over_cap: u64,
    /// Events dropped because nobody took them.
    pub events_lost: u64,
}

/// Why [`Node::register`] refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The key is no name.
    Name(BadName),
    /// The key is the node's own name.
    OwnName,
    /// The value has more than [`MAX_VALUE`] bytes.
    ValueTooLong,
    /// The key is new, and the registry holds as many entries as it may.
    Full,
}

/// A value does not fit into a message beside the node's name and cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// The most bytes that do.
    pub room: usize,
}

/// One instance of the protocol.
pub struct Node {
    settings: Settings,
    beacon: Arc<[u8]>,
    registry: ExpiringRegistry<Box<str>, Record>,
    next_announce: Instant,
    /// When the silence will have lasted too long.
    silence_deadline: Instant,
    last_heard: Option<Instant>,
    deaf: bool,
    reopen_wanted: bool,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
    counters: Counters,
}

/// What the registry keeps for a name.
struct Record {
    value: Box<[u8]>,
    sender: Option<SocketAddr>,
    interface: u32,
    source: Source,
    heard_at: Instant,
}

impl Node {
    /// A node that announces itself as soon as it is asked for its first transmit.
    pub fn new(settings: Settings, now: Instant) -> Self {
        let mut node = Node {
            beacon: wire::encode_ancestor(&settings.name).into(),
            registry: ExpiringRegistry::new(settings.max_peers, now),
            next_announce: now,
            silence_deadline: now + settings.expiry,
            last_heard: None,
            deaf: false,
            reopen_wanted: false,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            settings,
        };
        node.announce(now);
        node
    }

    /// Takes in a datagram that came `from` there, through the interface of that index.
    pub fn handle_datagram(&mut self, bytes: &[u8], from: SocketAddr, interface: u32, now: Instant) {
        self.note_heard(now);
        match wire::decode(bytes) {
            Err(wire::Malformed) => self.counters.malformed += 1,
            Ok(Message::Ancestor { name }) if name == self.settings.name => self.counters.own += 1,
            Ok(Message::Ancestor { name }) => self.handle_ancestor(name, from, interface, now),
            Ok(Message::Native(..)) => {}
        }
    }

    /// Puts an entry in the registry as if its beacon had been heard. `ttl` of `None` means the node's expiry.
    pub fn register(
        &mut self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
        now: Instant,
    ) -> Result<(), Refused> {
        name::check(key).map_err(Refused::Name)?;
        if key == self.settings.name {
            return Err(Refused::OwnName);
        }
        if value.len() > MAX_VALUE {
            return Err(Refused::ValueTooLong);
        }
        let heard = Heard { sender: None, interface: 0, source: Source::Registered, value: Some(value) };
        let ttl = ttl.unwrap_or(self.settings.expiry).min(LONGEST_TTL);
        self.put(key, heard, ttl, now).map_err(|Full| Refused::Full)
    }

    /// Takes note that the system answered that nobody is at `to`, to which a datagram was sent.
    pub fn handle_unreachable(&mut self, _to: SocketAddr, _now: Instant) {}

    /// Announces another value from now on.
    pub fn set_value(&mut self, _value: &[u8], _now: Instant) -> Result<(), TooLong> {
        Ok(())
    }

    /// Says goodbye. What is left to do is to send what [`poll_transmit`](Self::poll_transmit) gives.
    pub fn stop(&mut self, _now: Instant) {}

    /// Takes note that the driver has opened its sockets anew, or that interfaces have changed: whoever is there
    /// now should hear of us at once.
    pub fn handle_network_change(&mut self, now: Instant) {
        self.announce(now);
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.announce_if_due(now);
        self.expire_entries(now);
        self.watch_silence(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [Some(self.next_announce), self.registry.poll_timeout(), Some(self.silence_deadline)]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next event to tell.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// True, once, after a silence that suggests the sockets are deaf: the driver should open new ones. A socket
    /// opened before its network came up can stay deaf for ever.
    pub fn poll_reopen(&mut self) -> bool {
        std::mem::take(&mut self.reopen_wanted)
    }

    /// True if datagrams wait to be sent.
    pub fn has_transmits(&self) -> bool {
        !self.transmits.is_empty()
    }

    /// True if events wait to be taken.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The live peers, ordered by name and then by id.
    pub fn peers(&self, now: Instant) -> Vec<Peer> {
        let live = self.registry.registrations(now);
        let mut peers: Vec<Peer> =
            live.map(|(name, record, deadline)| record.peer(name, deadline, now)).collect();
        peers.sort_unstable_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        peers
    }

    /// Number of entries in the registry.
    pub fn peer_count(&self) -> usize {
        self.registry.len()
    }

    /// What the node has counted.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// When a datagram was last heard, the node's own included.
    pub fn last_heard(&self) -> Option<Instant> {
        self.last_heard
    }

    /// True from the moment a silence has lasted for the expiry time until something is heard again.
    pub fn is_deaf(&self) -> bool {
        self.deaf
    }

    fn note_heard(&mut self, now: Instant) {
        self.counters.received += 1;
        self.last_heard = Some(now);
        self.silence_deadline = now + self.settings.expiry;
        self.deaf = false;
    }

    fn handle_ancestor(&mut self, name: &str, from: SocketAddr, interface: u32, now: Instant) {
        let heard = Heard { sender: Some(from), interface, source: Source::Ancestor, value: None };
        if self.put(name, heard, self.settings.expiry, now).is_err() {
            self.counters.over_cap += 1;
        }
    }

    /// Renews the entry of a known name, with what is new about it, or makes one.
    fn put(&mut self, name: &str, heard: Heard<'_>, ttl: Duration, now: Instant) -> Result<(), Full> {
        let event = match self.registry.renew(name, ttl, now) {
            Some(record) => {
                if !record.update(&heard, now) {
                    return Ok(());
                }
                Event::Updated(record.peer(name, now + ttl, now))
            }
            None => {
                let record = Record::new(&heard, now);
                let event = Event::Joined(record.peer(name, now + ttl, now));
                self.registry.register(name.into(), record, ttl, now)?;
                event
            }
        };
        self.tell(event);
        Ok(())
    }

    fn announce(&mut self, now: Instant) {
        // Twice the same beacon in a row tells nobody anything.
        if self.transmits.is_empty() {
            self.transmits.push_back(Transmit { payload: self.beacon.clone(), to: Destination::GroupV4 });
        }
        self.next_announce = now + self.settings.interval;
    }

    fn announce_if_due(&mut self, now: Instant) {
        if self.next_announce <= now {
            self.announce(now);
        }
    }

    fn expire_entries(&mut self, now: Instant) {
        for Expired { key, value, deadline } in self.registry.handle_timeout(now) {
            self.tell(Event::Left(value.peer(&key, deadline, now), LeaveReason::Expired));
        }
    }

    fn watch_silence(&mut self, now: Instant) {
        if self.silence_deadline <= now {
            self.deaf = true;
            self.reopen_wanted = true;
            self.silence_deadline = now + self.settings.expiry;
        }
    }

    fn tell(&mut self, event: Event) {
        if self.events.len() >= MAX_EVENTS {
            self.counters.events_lost += self.events.len() as u64;
            self.events.clear();
            self.events.push_back(Event::Resync);
        }
        self.events.push_back(event);
    }
}

/// What was heard of a name, by whatever way.
struct Heard<'a> {
    sender: Option<SocketAddr>,
    interface: u32,
    source: Source,
    /// `None` where the message carries no value: then a value that is known stays.
    value: Option<&'a [u8]>,
}

impl Record {
    fn new(heard: &Heard<'_>, now: Instant) -> Self {
        Record {
            value: heard.value.unwrap_or_default().into(),
            sender: heard.sender,
            interface: heard.interface,
            source: heard.source,
            heard_at: now,
        }
    }

    /// Takes over what was heard; true if a user would see a difference.
    fn update(&mut self, heard: &Heard<'_>, now: Instant) -> bool {
        self.heard_at = now;
        let mut changed = self.source != heard.source;
        self.source = heard.source;
        if let Some(sender) = heard.sender {
            changed |= self.sender.map(|known| known.ip()) != Some(sender.ip());
            self.sender = Some(sender);
            self.interface = heard.interface;
        }
        if let Some(value) = heard.value.filter(|value| **value != *self.value) {
            changed = true;
            self.value = value.into();
        }
        changed
    }

    fn peer(&self, name: &str, deadline: Instant, now: Instant) -> Peer {
        Peer {
            name: name.to_owned(),
            value: self.value.to_vec(),
            address: self.sender.map(|sender| sender.ip()),
            interface: self.interface,
            port: 0,
            id: None,
            source: self.source,
            age: now.saturating_duration_since(self.heard_at),
            expires_in: deadline.saturating_duration_since(now),
        }
    }
}
