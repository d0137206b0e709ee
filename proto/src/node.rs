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
use receive::Heard;

use crate::announce::Schedule;
use crate::crypto::{Key, Keyring};
use crate::event::queue::Events;
use crate::event::{Arrival, Destination, Event, Peer, Transmit};
use crate::expiring_map::Full;
use crate::path::Path;
use crate::path::validation::Challenges;
use crate::peer_table::{Natives, Question};
use crate::rate_limit::Questions;
use crate::replies::{Answers, ReplyKind};
use crate::seeds::Seeds;
use crate::settings::{Counters, Settings};
use crate::snapshot::{Listing, Walk};
use crate::static_entries::Named;
use crate::watchdog::Silence;
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
const OVERSLEPT: Duration = Duration::from_secs(2);

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
    keyring: Keyring,
    /// Room for a datagram that is opened.
    opened: Vec<u8>,
    challenges: Challenges,
    /// The most bytes an answer of the node's has.
    answer_len: usize,
    rng: Rng,
    /// Of the node's last message.
    sequence: u64,
    natives: Natives,
    named: Named,
    listing: Listing,
    schedule: Schedule,
    seeds: Seeds,
    /// `None` if the node's mode has no cluster.
    membership: Option<Box<Membership>>,
    answers: Answers,
    questions: Questions,
    /// `None` if no group is heard.
    silence: Option<Silence>,
    last_heard: Option<Instant>,
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
            challenges: Challenges::new(now),
            answer_len: 0,
            rng: Rng::with_seed(settings.seed),
            sequence: 0,
            natives: Natives::new(&settings.cluster, max_peers, expiry, now),
            named: Named::new(max_peers, expiry, now),
            listing: Listing::default(),
            schedule: Schedule::new(settings.interval, now),
            seeds: Seeds::default(),
            membership: Membership::new(&settings, now),
            answers: Answers::new(now),
            questions: Questions::new(now),
            silence: settings.mode.has_multicast().then(|| Silence::new(expiry, now)),
            last_heard: None,
            last_unicast: None,
            reopen_wanted: false,
            last_look: now,
            transmits: VecDeque::new(),
            events: Events::default(),
            counters: Counters::default(),
            settings,
        };
        node.answer_len = node.longest_answer();
        node.speak(now);
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
        self.note_heard(path, arrival, now);
        let mut opened = std::mem::take(&mut self.opened);
        match self.open(bytes, arrival, &mut opened) {
            Some(plain) => self.handle_plain(plain, Heard { path, arrival, len: plain.len() }, now),
            None => self.counters.wrong_key += 1,
        }
        self.opened = opened;
    }

    /// Takes note that the system answered that nobody is at `to`, to which a datagram was sent.
    pub fn handle_unreachable(&mut self, to: SocketAddr, now: Instant) {
        let before = self.natives.changes();
        self.natives.handle_unreachable(to, &mut self.events, now);
        // To go through all members is too much for each report; most tell nothing new.
        if self.natives.changes() != before {
            self.keep_members_in_line(now);
        }
    }

    /// Takes note that the driver has opened its sockets anew, or that interfaces have changed: whoever is there
    /// now should hear of us, and we of them, at once.
    pub fn handle_network_change(&mut self, now: Instant) {
        self.note_news_of_own();
        self.schedule.begin_burst(now);
        self.speak(now);
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
        if !self.has_room_for(key, value.len()) {
            return Err(Refused::Full);
        }
        self.named.register(key, value, ttl, &mut self.events, now).map_err(|Full| Refused::Full)
    }

    /// Announces another value from now on: at once, or soon after the last change.
    pub fn set_value(&mut self, value: &[u8], now: Instant) -> Result<(), TooLong> {
        let Settings { mode, name, cluster, .. } = &self.settings;
        let room = mode.room_for_value(name, cluster);
        if value.len() > room {
            return Err(TooLong { room });
        }
        if value != self.settings.value {
            self.settings.value = value.to_vec();
            self.answer_len = self.longest_answer();
            self.note_news_of_own();
            self.schedule.note_change(now);
            self.speak(now);
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
            self.tell_all(Kind::Goodbye, goodbye.clone());
        }
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.speak(now);
        self.run_membership(now);
        self.greet_seeds(now);
        self.answer(now);
        self.spare_wake_ups(now);
        self.named.handle_timeout(&mut self.events, now);
        self.ask_the_silent(now);
        self.watch_silence(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = [Some(self.schedule.poll_timeout()), self.silence.as_ref().map(Silence::poll_timeout)];
        let others = [
            self.seeds.poll_timeout(),
            self.membership_timeout(),
            self.answers.poll_timeout(),
            self.named.poll_timeout(),
            self.natives.poll_timeout(),
        ];
        own.into_iter().chain(others).flatten().min()
    }

    /// True if the node should have been run long ago: the machine slept. Whoever looks at the peers then should call
    /// [`handle_timeout`](Self::handle_timeout) first.
    pub fn has_overslept(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|planned| planned + OVERSLEPT <= now)
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
        self.listing.read(&self.natives, &self.named, now, read)
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
        self.natives.len() + self.named.len()
    }

    /// What the node has counted.
    pub fn counters(&self) -> Counters {
        Counters { events_lost: self.events.lost(), ..self.counters }
    }

    /// When a datagram was last heard, by any socket, the node's own included.
    pub fn last_heard(&self) -> Option<Instant> {
        self.last_heard
    }

    /// True from the moment the group has been silent for the expiry time until something is heard there again.
    pub fn is_deaf(&self) -> bool {
        self.silence.as_ref().is_some_and(Silence::is_deaf)
    }

    fn note_heard(&mut self, path: Path, arrival: Arrival, now: Instant) {
        self.counters.received += 1;
        self.last_heard = Some(now);
        match arrival {
            Arrival::Group => {
                if let Some(silence) = &mut self.silence {
                    silence.note_heard(path.ip().is_ipv6(), now);
                }
            }
            // Answers to our questions still come where the group is no longer heard.
            Arrival::Unicast => self.last_unicast = Some(now),
        }
    }

    /// Says to the group what is due.
    fn speak(&mut self, now: Instant) {
        self.forgive_sleep(now);
        while let Some(due) = self.schedule.take_due(now, &mut self.rng) {
            if self.is_member_of_cluster() {
                self.speak_to_cluster(now);
                continue;
            }
            // Our message goes first: whoever hears both then knows whose line it is.
            let is_unanswered = due.asked_before.is_some_and(|asked| self.last_unicast < Some(asked));
            let plain = self.message(due.kind, is_unanswered);
            self.tell_all(due.kind, plain);
            if due.with_line && self.speaks_legacy() {
                let payload = wire::encode_legacy(&self.settings.name).into();
                self.transmits.push_back(Transmit { payload, to: Destination::GroupV4 });
            }
        }
    }

    fn answer(&mut self, now: Instant) {
        if self.answers.take_due_to_group(now) {
            self.schedule.note_told(now);
            let plain = self.message(Kind::Announce, false);
            let payload = self.keyring.seal(plain, None).into();
            self.tell_group(payload);
        }
        while let Some(reply) = self.answers.take_due(now) {
            let plain = match reply.kind {
                ReplyKind::Answer => self.message(Kind::Announce, false),
                ReplyKind::Challenge(len) => {
                    let challenge = self.challenges.for_newcomer(&reply.to, &self.keyring, now);
                    wire::encode_challenge(&self.settings.cluster, self.settings.id, challenge, len)
                }
            };
            self.send(plain, reply.path, &reply.to);
        }
    }

    fn ask_the_silent(&mut self, now: Instant) {
        let due = self.natives.handle_timeout(&mut self.events, now);
        if self.questions.may_ask(due.len(), now) {
            let questions: Vec<Question> = due.iter().map(|due| self.natives.question(due)).collect();
            let bytes = questions.iter().map(|question| question.least.max(self.answer_len)).sum();
            if self.questions.pay(questions.len(), bytes) {
                return questions.iter().for_each(|question| self.ask(question));
            }
        }
        self.counters.rate_limited += due.len() as u64;
        self.schedule.ask_group(now);
        self.speak(now);
    }

    /// After a sleep nobody has been heard, and everybody is to be asked before they are taken for gone.
    fn forgive_sleep(&mut self, now: Instant) {
        if !self.has_overslept(now) {
            return;
        }
        // Whether members live is not asked by the registry.
        if !self.is_member_of_cluster() {
            self.natives.forgive_sleep(now);
        }
        self.named.forgive_sleep(now);
        if let Some(silence) = &mut self.silence {
            silence.forgive(now);
        }
        self.schedule.begin_burst(now);
    }

    /// Awake for an announcement, the node looks at all deadlines, those that were put off among them: so a node whose peers
    /// announce themselves wakes for announcements alone.
    fn spare_wake_ups(&mut self, now: Instant) {
        if self.last_look + self.settings.interval / 2 <= now {
            self.last_look = now;
            self.natives.look_anew();
            self.named.look_anew();
        }
    }

    fn watch_silence(&mut self, now: Instant) {
        self.reopen_wanted |= self.silence.as_mut().is_some_and(|silence| silence.handle_timeout(now));
    }

    /// Tells everybody: the group, and those whom multicast does not reach.
    fn tell_all(&mut self, kind: Kind, plain: Vec<u8>) {
        let payload: Arc<[u8]> = self.keyring.seal(plain, None).into();
        if self.settings.mode.has_multicast() {
            self.tell_group(payload.clone());
        }
        if self.settings.mode.has_seeds() {
            self.tell_beyond(kind, &payload);
        }
    }

    fn tell_group(&mut self, payload: Arc<[u8]>) {
        self.transmits.push_back(Transmit { payload, to: Destination::Group });
        // Those who wait for an answer have it by this.
        self.answers.cancel();
    }

    fn ask(&mut self, question: &Question) {
        let plain = wire::encode_padded(Kind::Query, &self.next_message(false), question.least);
        self.send(plain, question.path, &question.to);
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
            Arrival::Unicast if self.settings.mode.is_beyond_link() => &[own, None],
            Arrival::Unicast => &[own],
        };
        self.keyring.open(bytes, addressees, opened)
    }

    fn message(&mut self, kind: Kind, answer_to_group: bool) -> Vec<u8> {
        let least = match kind {
            Kind::Query => wire::MAX_ANNOUNCE,
            // With keys all are of one length: whoever is challenged for one can answer with another.
            _ if !self.keyring.is_empty() => self.answer_len,
            _ => 0,
        };
        wire::encode_padded(kind, &self.next_message(answer_to_group), least)
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
    fn longest_answer(&self) -> usize {
        wire::encode(Kind::Announce, &self.announcement(u64::MAX)).len()
    }

    fn speaks_legacy(&self) -> bool {
        let may_be_heard = self.settings.mode.has_multicast() && self.settings.cluster.is_empty();
        self.settings.legacy && may_be_heard && self.keyring.is_empty()
    }

    fn is_full(&self) -> bool {
        self.peer_count() >= self.settings.max_peers
    }

    /// How many bytes of names and values there is room for.
    fn room(&self) -> usize {
        let most = self.settings.max_peers.saturating_mul(BYTES_PER_PEER).max(LEAST_BYTES);
        most.saturating_sub(self.natives.held() + self.named.held())
    }

    /// True if there is room for an entry of this name, with a value of so many bytes, in the place of the one of this name
    /// that may be there.
    fn has_room_for(&self, name: &str, value_len: usize) -> bool {
        let needed = name.len() + value_len;
        match self.named.held_by(name) {
            Some(held) => needed <= held + self.room(),
            None => !self.is_full() && needed <= self.room(),
        }
    }
}
