//! `Node`: the state machine. What it hears becomes entries of the registry; time makes it announce, ask, answer, expire
//! and, after a silence, want new sockets.

#[cfg(feature = "swim")]
mod cluster;
#[cfg(not(feature = "swim"))]
mod no_cluster;
#[cfg(not(feature = "swim"))]
use no_cluster as cluster;
mod receive;
mod unicast;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::Membership;
use fastrand::Rng;
use receive::Inbound;

use crate::announce::AnnounceTimer;
use crate::crypto::{Key, Keyring};
use crate::event::queue::Events;
use crate::event::{Arrival, Destination, Event, Peer, Transmit};
use crate::expiring_map::Full;
use crate::path::Path;
use crate::path::validation::PathValidation;
use crate::peer_table::{PeerTable, Probe};
use crate::rate_limit::Questions;
use crate::replies::{ReplyKind, ReplyQueue};
use crate::seeds::Seeds;
use crate::settings::{Counters, Settings};
use crate::snapshot::{Listing, Walk};
use crate::static_entries::StaticEntries;
use crate::watchdog::ReceiveWatchdog;
use crate::wire::name::{self, BadName};
use crate::wire::{self, Announcement, InstanceId, Kind, Proof};

/// The most bytes a registered value may have: about as much as a peer can announce.
pub const MAX_VALUE: usize = 1024;

/// Names and values together have no more bytes than this for each entry there may be. Few programs announce as much; and
/// no flood of the longest values fills more than 32 MB, with the default number of peers.
const BYTES_PER_PEER: usize = 512;

/// Where there may be few entries, each may be long.
const LEAST_BYTES: usize = 64 * 1024;

/// A goodbye is said this often: nobody asks for one that was lost.
const GOODBYES: usize = 3;

/// A node that is run this much later than it asked for was asleep, with its machine or by itself.
const SUSPEND_THRESHOLD: Duration = Duration::from_secs(2);

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
    pub max_len: usize,
}

/// One instance of the protocol.
pub struct Node {
    settings: Settings,
    keyring: Keyring,
    /// Room for a datagram that is opened.
    opened: Vec<u8>,
    challenges: PathValidation,
    /// The most bytes an answer of the node's has.
    reply_len: usize,
    rng: Rng,
    /// Of the node's last message.
    sequence: u64,
    peer_table: PeerTable,
    static_entries: StaticEntries,
    snapshot: Listing,
    announce_timer: AnnounceTimer,
    seeds: Seeds,
    /// `None` if the node's mode has no cluster.
    membership: Option<Box<Membership>>,
    replies: ReplyQueue,
    questions: Questions,
    /// `None` if no group is heard.
    watchdog: Option<ReceiveWatchdog>,
    last_received: Option<Instant>,
    /// When a message was last heard that was for this node alone.
    last_unicast: Option<Instant>,
    reopen_wanted: bool,
    last_look: Instant,
    transmits: VecDeque<Transmit>,
    events: Events,
    counters: Counters,
}

impl Node {
    /// A node that announces itself and asks who is there as soon as it is asked for its first transmit.
    pub fn new(mut settings: Settings, now: Instant) -> Self {
        let (max_peers, expiry) = (settings.max_peers, settings.expiry);
        let mut node = Node {
            // The keys are kept nowhere else.
            keyring: Keyring::new(&std::mem::take(&mut settings.keys), &settings.secret_seed),
            opened: Vec::new(),
            challenges: PathValidation::new(now),
            reply_len: 0,
            rng: Rng::with_seed(settings.seed),
            sequence: 0,
            peer_table: PeerTable::new(&settings.cluster, max_peers, expiry, now),
            static_entries: StaticEntries::new(max_peers, expiry, now),
            snapshot: Listing::default(),
            announce_timer: AnnounceTimer::new(settings.interval, now),
            seeds: Seeds::default(),
            membership: Membership::new(&settings, now),
            replies: ReplyQueue::new(now),
            questions: Questions::new(now),
            watchdog: settings.mode.has_multicast().then(|| ReceiveWatchdog::new(expiry, now)),
            last_received: None,
            last_unicast: None,
            reopen_wanted: false,
            last_look: now,
            transmits: VecDeque::new(),
            events: Events::default(),
            counters: Counters::default(),
            settings,
        };
        node.reply_len = node.max_announce_len();
        node.send_due(now);
        node
    }

    /// Takes in a datagram that came `from` there, through the interface of that index, by that socket.
    pub fn handle_datagram(
        &mut self,
        bytes: &[u8],
        from: SocketAddr,
        interface: u32,
        arrival: Arrival,
        now: Instant,
    ) {
        let path = Path::new(from, interface);
        self.on_received(path, arrival, now);
        let mut opened = std::mem::take(&mut self.opened);
        match self.open(bytes, arrival, &mut opened) {
            Some(plain) => self.handle_plain(plain, Inbound { path, arrival, len: plain.len() }, now),
            None => self.counters.wrong_key += 1,
        }
        self.opened = opened;
    }

    /// Takes note that the system answered that nobody is at `to`, to which a datagram was sent.
    pub fn handle_unreachable(&mut self, to: SocketAddr, now: Instant) {
        let before = self.peer_table.changes();
        self.peer_table.handle_unreachable(to, &mut self.events, now);
        // To go through all members is too much for each report; most tell nothing new.
        if self.peer_table.changes() != before {
            self.reconcile_members(now);
        }
    }

    /// Takes note that the driver has opened its sockets anew, or that interfaces have changed: whoever is there
    /// now should hear of us, and we of them, at once.
    pub fn handle_network_change(&mut self, now: Instant) {
        self.on_own_change();
        self.announce_timer.begin_burst(now);
        self.send_due(now);
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
        if !self.fits(key, value.len()) {
            return Err(Refused::Full);
        }
        self.static_entries.register(key, value, ttl, &mut self.events, now).map_err(|Full| Refused::Full)
    }

    /// Announces another value from now on: at once, or soon after the last change.
    pub fn set_value(&mut self, value: &[u8], now: Instant) -> Result<(), TooLong> {
        let Settings { mode, name, cluster, .. } = &self.settings;
        let max_len = mode.max_value_len(name, cluster);
        if value.len() > max_len {
            return Err(TooLong { max_len });
        }
        if value != self.settings.value {
            self.settings.value = value.to_vec();
            self.reply_len = self.max_announce_len();
            self.on_own_change();
            self.announce_timer.on_value_change(now);
            self.send_due(now);
        }
        Ok(())
    }

    /// Replaces the keys: the first seals from now on, all of them open. `keys` has at least one. False, and nothing is
    /// changed, if the node was made without keys: it has told in the open what it is.
    pub fn set_keys(&mut self, keys: &[Key]) -> bool {
        let has_keys = !self.keyring.is_empty();
        if has_keys {
            self.keyring.set(keys);
        }
        has_keys
    }

    /// Says goodbye. All that is left to do is to send what [`poll_transmit`](Self::poll_transmit) gives.
    pub fn stop(&mut self) {
        if self.is_member_of_cluster() {
            return self.leave_cluster();
        }
        let goodbye = self.message(Kind::Goodbye, false);
        for _ in 0..GOODBYES {
            self.send_all(Kind::Goodbye, goodbye.clone());
        }
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.send_due(now);
        self.run_swim(now);
        self.bootstrap(now);
        self.send_replies(now);
        self.spare_wake_ups(now);
        self.static_entries.handle_timeout(&mut self.events, now);
        self.send_probes(now);
        self.run_watchdog(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = [
            Some(self.announce_timer.poll_timeout()),
            self.watchdog.as_ref().map(ReceiveWatchdog::poll_timeout),
        ];
        let others = [
            self.seeds.poll_timeout(),
            self.membership_timeout(),
            self.replies.poll_timeout(),
            self.static_entries.poll_timeout(),
            self.peer_table.poll_timeout(),
        ];
        own.into_iter().chain(others).flatten().min()
    }

    /// True if the node should have been run long ago: the machine slept. Whoever looks at the peers then should call
    /// [`handle_timeout`](Self::handle_timeout) first.
    pub fn was_suspended(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|planned| planned + SUSPEND_THRESHOLD <= now)
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next event to tell.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.take()
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

    /// The events after the first `seen` of this node's life, left where they are, and how many there were ever.
    pub fn events_after(&self, seen: u64) -> (impl Iterator<Item = &Event>, u64) {
        self.events.after(seen)
    }

    /// True if events wait to be taken.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// What `read` makes of the live peers, ordered by name and then by id.
    pub fn list<R>(&self, now: Instant, read: impl FnOnce(Walk<'_>) -> R) -> R {
        self.snapshot.read(&self.peer_table, &self.static_entries, now, read)
    }

    /// Copies of the live peers, in that order.
    pub fn peers(&self, now: Instant) -> Vec<Peer> {
        self.list(now, |walk| {
            let mut peers = Vec::with_capacity(walk.most());
            peers.extend(walk.map(|peer| peer.to_peer()));
            peers
        })
    }

    /// Number of entries in the registry.
    pub fn peer_count(&self) -> usize {
        self.peer_table.len() + self.static_entries.len()
    }

    /// What the node has counted.
    pub fn counters(&self) -> Counters {
        Counters { events_lost: self.events.lost(), ..self.counters }
    }

    /// When a datagram was last heard, by any socket, the node's own included.
    pub fn last_received(&self) -> Option<Instant> {
        self.last_received
    }

    /// True from the moment the group has been silent for the expiry time until something is heard there again.
    pub fn is_not_receiving(&self) -> bool {
        self.watchdog.as_ref().is_some_and(ReceiveWatchdog::is_not_receiving)
    }

    fn on_received(&mut self, path: Path, arrival: Arrival, now: Instant) {
        self.counters.received += 1;
        self.last_received = Some(now);
        match arrival {
            Arrival::Group => {
                if let Some(watchdog) = &mut self.watchdog {
                    watchdog.on_received(path.ip().is_ipv6(), now);
                }
            }
            // Answers to our questions still come where the group is no longer heard.
            Arrival::Unicast => self.last_unicast = Some(now),
        }
    }

    /// Says to the group what is due.
    fn send_due(&mut self, now: Instant) {
        self.on_resume(now);
        while let Some(due) = self.announce_timer.take_due(now, &mut self.rng) {
            if self.is_member_of_cluster() {
                self.send_due_to_cluster(now);
                continue;
            }
            // Our message goes first: whoever hears both then knows whose line it is.
            let is_unanswered = due.queried_at.is_some_and(|asked| self.last_unicast < Some(asked));
            let plain = self.message(due.kind, is_unanswered);
            self.send_all(due.kind, plain);
            if due.with_legacy && self.sends_legacy() {
                let payload = wire::encode_legacy(&self.settings.name).into();
                self.transmits.push_back(Transmit { payload, to: Destination::GroupV4 });
            }
        }
    }

    fn send_replies(&mut self, now: Instant) {
        if self.replies.take_due_multicast(now) {
            self.announce_timer.on_announced(now);
            let plain = self.message(Kind::Announce, false);
            let payload = self.keyring.seal(plain, None).into();
            self.send_multicast(payload);
        }
        while let Some(reply) = self.replies.take_due(now) {
            let plain = match reply.kind {
                ReplyKind::Announce => self.message(Kind::Announce, false),
                ReplyKind::Challenge(len) => {
                    let challenge = self.challenges.for_newcomer(&reply.to, &self.keyring, now);
                    wire::encode_challenge(&self.settings.cluster, self.settings.id, challenge, len)
                }
            };
            self.send(plain, reply.path, &reply.to);
        }
    }

    fn send_probes(&mut self, now: Instant) {
        let due = self.peer_table.handle_timeout(&mut self.events, now);
        if self.questions.may_ask(due.len(), now) {
            let questions: Vec<Probe> = due.iter().map(|due| self.peer_table.probe(due)).collect();
            let bytes = questions.iter().map(|probe| probe.min_len.max(self.reply_len)).sum();
            if self.questions.pay(questions.len(), bytes) {
                return questions.iter().for_each(|probe| self.send_probe(probe));
            }
        }
        self.counters.rate_limited += due.len() as u64;
        self.announce_timer.query_group(now);
        self.send_due(now);
    }

    /// After a sleep nobody has been heard, and everybody is to be asked before they are taken for gone.
    fn on_resume(&mut self, now: Instant) {
        if !self.was_suspended(now) {
            return;
        }
        // Whether members live is not asked by the registry.
        if !self.is_member_of_cluster() {
            self.peer_table.on_resume(now);
        }
        self.static_entries.on_resume(now);
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.reset(now);
        }
        self.announce_timer.begin_burst(now);
    }

    /// Awake for an announcement, the node looks at all deadlines, those that were put off among them: so a node whose peers
    /// announce themselves wakes for announcements alone.
    fn spare_wake_ups(&mut self, now: Instant) {
        if self.last_look + self.settings.interval / 2 <= now {
            self.last_look = now;
            self.peer_table.look_anew();
            self.static_entries.look_anew();
        }
    }

    fn run_watchdog(&mut self, now: Instant) {
        self.reopen_wanted |= self.watchdog.as_mut().is_some_and(|watchdog| watchdog.handle_timeout(now));
    }

    /// Tells everybody: the group, and those whom multicast does not reach.
    fn send_all(&mut self, kind: Kind, plain: Vec<u8>) {
        let payload: Arc<[u8]> = self.keyring.seal(plain, None).into();
        if self.settings.mode.has_multicast() {
            self.send_multicast(payload.clone());
        }
        if self.settings.mode.has_seeds() {
            self.send_unicast_copies(kind, &payload);
        }
    }

    fn send_multicast(&mut self, payload: Arc<[u8]>) {
        self.transmits.push_back(Transmit { payload, to: Destination::Group });
        // Those who wait for an answer have it by this.
        self.replies.cancel();
    }

    fn send_probe(&mut self, probe: &Probe) {
        let plain = wire::encode_padded(Kind::Query, &self.next_message(false), probe.min_len);
        self.send(plain, probe.path, &probe.to);
    }

    /// Sends to one node alone.
    fn send(&mut self, plain: Vec<u8>, path: Path, to: &InstanceId) {
        let payload = self.keyring.seal(plain, Some(to)).into();
        self.transmits.push_back(Transmit { payload, to: path.destination() });
    }

    /// The datagram that was sealed for those who hear it this way. One who has this node for a seed does not know its id, and
    /// seals for all.
    fn open<'a>(&self, bytes: &'a [u8], arrival: Arrival, opened: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let own = Some(&self.settings.id);
        let addressees: &[_] = match arrival {
            Arrival::Group => &[None],
            Arrival::Unicast if self.settings.mode.allows_off_link() => &[own, None],
            Arrival::Unicast => &[own],
        };
        self.keyring.open(bytes, addressees, opened)
    }

    fn message(&mut self, kind: Kind, answer_to_group: bool) -> Vec<u8> {
        let min_len = match kind {
            Kind::Query => wire::MAX_ANNOUNCE,
            // With keys all are of one length: whoever is challenged for one can answer with another.
            _ if !self.keyring.is_empty() => self.reply_len,
            _ => 0,
        };
        wire::encode_padded(kind, &self.next_message(answer_to_group), min_len)
    }

    /// What the next message tells.
    fn next_message(&mut self, answer_to_group: bool) -> Announcement<'_> {
        self.sequence += 1;
        Announcement { answer_to_group, ..self.announcement(self.sequence) }
    }

    /// What a message of this number tells.
    fn announcement(&self, sequence: u64) -> Announcement<'_> {
        let proof = (!self.keyring.is_empty()).then(Proof::default);
        Announcement { proof, ..self.settings.announcement(sequence) }
    }

    /// The most bytes an announcement of the node's has, before it is sealed.
    fn max_announce_len(&self) -> usize {
        wire::encode(Kind::Announce, &self.announcement(u64::MAX)).len()
    }

    fn sends_legacy(&self) -> bool {
        let may_be_heard = self.settings.mode.has_multicast() && self.settings.cluster.is_empty();
        self.settings.legacy && may_be_heard && self.keyring.is_empty()
    }

    fn is_full(&self) -> bool {
        self.peer_count() >= self.settings.max_peers
    }

    /// How many bytes of names and values there is room for.
    fn bytes_free(&self) -> usize {
        let most = self.settings.max_peers.saturating_mul(BYTES_PER_PEER).max(LEAST_BYTES);
        most.saturating_sub(self.peer_table.bytes_used() + self.static_entries.bytes_used())
    }

    /// True if there is room for an entry of this name, with a value of so many bytes, in the place of the one of this name
    /// that may be there.
    fn fits(&self, name: &str, value_len: usize) -> bool {
        let needed = name.len() + value_len;
        match self.static_entries.bytes_used_by(name) {
            Some(bytes_used) => needed <= bytes_used + self.bytes_free(),
            None => !self.is_full() && needed <= self.bytes_free(),
        }
    }
}
