//! `Node`: the state machine. What it hears becomes entries of the registry; time makes it announce, ask, answer, expire
//! and, after a silence, want new sockets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::answers::Answers;
use super::event::{Arrival, Destination, Event, Peer, Transmit};
use super::events::Events;
use super::name::{self, BadName};
use super::named::Named;
use super::natives::{Hearing, Natives, Question};
use super::path::Path;
use super::questions::Questions;
use super::registry::Full;
use super::schedule::Schedule;
use super::wire::{self, Announcement, InstanceId, Kind, Message};

/// The most bytes a registered value may have: about as much as a peer can announce.
pub const MAX_VALUE: usize = 1024;

/// A goodbye is said this often: nobody asks for one that was lost.
const GOODBYES: usize = 3;

/// A node that is run this much later than it asked for was asleep, with its machine or by itself.
const OVERSLEPT: Duration = Duration::from_secs(2);

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

impl Settings {
    fn announcement(&self, sequence: u64) -> Announcement<'_> {
        Announcement {
            cluster: &self.cluster,
            id: self.id,
            sequence,
            name: &self.name,
            expiry: self.expiry,
            port: self.port,
            value: &self.value,
            answer_to_group: false,
        }
    }

    fn longest_answer(&self) -> usize {
        wire::encode(Kind::Announce, &self.announcement(u64::MAX)).len()
    }
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
    /// Messages heard of another cluster, or of the ancestor's protocol by a node that does not speak it.
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
    /// The most bytes an answer of the node's has.
    answer_len: usize,
    rng: Rng,
    /// Of the node's last message.
    sequence: u64,
    natives: Natives,
    named: Named,
    schedule: Schedule,
    answers: Answers,
    questions: Questions,
    /// When the silence will have lasted too long.
    silence_deadline: Instant,
    last_heard: Option<Instant>,
    /// When a message was last heard that was for this node alone.
    last_unicast: Option<Instant>,
    deaf: bool,
    reopen_wanted: bool,
    last_look: Instant,
    transmits: VecDeque<Transmit>,
    events: Events,
    counters: Counters,
}

impl Node {
    /// A node that announces itself and asks who is there as soon as it is asked for its first transmit.
    pub fn new(settings: Settings, now: Instant) -> Self {
        let (max_peers, expiry) = (settings.max_peers, settings.expiry);
        let mut node = Node {
            answer_len: settings.longest_answer(),
            rng: Rng::with_seed(settings.seed),
            sequence: 0,
            natives: Natives::new(&settings.cluster, max_peers, expiry, now),
            named: Named::new(max_peers, expiry, now),
            schedule: Schedule::new(settings.interval, now),
            answers: Answers::new(now),
            questions: Questions::new(now),
            silence_deadline: now + expiry,
            last_heard: None,
            last_unicast: None,
            deaf: false,
            reopen_wanted: false,
            last_look: now,
            transmits: VecDeque::new(),
            events: Events::default(),
            counters: Counters::default(),
            settings,
        };
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
        self.note_heard(arrival, now);
        let path = Path::new(from, interface);
        match wire::decode(bytes) {
            Err(wire::Malformed) => self.counters.malformed += 1,
            // Nobody can be answered there, so nobody sends from there.
            Ok(_) if from.port() == 0 => self.counters.malformed += 1,
            Ok(Message::Ancestor { name }) => self.handle_line(name, path, now),
            Ok(Message::Native(_, about)) if about.id == self.settings.id => self.counters.own += 1,
            Ok(Message::Native(_, about)) if about.cluster != self.settings.cluster => {
                self.counters.foreign += 1
            }
            Ok(Message::Native(Kind::Goodbye, about)) => self.handle_goodbye(&about, path, now),
            Ok(Message::Native(Kind::Announce, about)) => drop(self.handle_announcement(&about, path, now)),
            Ok(Message::Native(Kind::Query, about)) => {
                let is_news = self.handle_announcement(&about, path, now);
                // An answer must not be longer than its question, lest a forged sender makes it a weapon.
                if is_news && bytes.len() >= self.answer_len {
                    match about.answer_to_group {
                        true => self.answers.owe_to_group(self.peer_count(), now, &mut self.rng),
                        false => self.answers.owe(path, arrival, self.peer_count(), now, &mut self.rng),
                    }
                    self.answer(now);
                }
            }
        }
    }

    /// Takes note that the system answered that nobody is at `to`, to which a datagram was sent.
    pub fn handle_unreachable(&mut self, to: SocketAddr, now: Instant) {
        let again = self.natives.handle_unreachable(to, &mut self.events, now);
        if let Some(question) = again.filter(|_| self.questions.allow(1, now)) {
            self.ask(&question);
        }
    }

    /// Takes note that the driver has opened its sockets anew, or that interfaces have changed: whoever is there
    /// now should hear of us, and we of them, at once.
    pub fn handle_network_change(&mut self, now: Instant) {
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
        if self.is_full() && !self.named.contains(key) {
            return Err(Refused::Full);
        }
        self.named.register(key, value, ttl, &mut self.events, now).map_err(|Full| Refused::Full)
    }

    /// Announces another value from now on: at once, or soon after the last change.
    pub fn set_value(&mut self, value: &[u8], now: Instant) -> Result<(), TooLong> {
        let room = wire::room_for_value(&self.settings.name, &self.settings.cluster);
        if value.len() > room {
            return Err(TooLong { room });
        }
        if value != self.settings.value {
            self.settings.value = value.to_vec();
            self.answer_len = self.settings.longest_answer();
            self.schedule.note_change(now);
            self.speak(now);
        }
        Ok(())
    }

    /// Says goodbye. All that is left to do is to send what [`poll_transmit`](Self::poll_transmit) gives.
    pub fn stop(&mut self) {
        let goodbye = self.message(Kind::Goodbye, false);
        for _ in 0..GOODBYES {
            self.tell_group(goodbye.clone());
        }
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.forgive_sleep(now);
        self.speak(now);
        self.answer(now);
        self.spare_wake_ups(now);
        self.named.handle_timeout(&mut self.events, now);
        self.ask_the_silent(now);
        self.watch_silence(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let always = [Some(self.schedule.poll_timeout()), Some(self.silence_deadline)];
        let sometimes = [self.answers.poll_timeout(), self.named.poll_timeout(), self.natives.poll_timeout()];
        always.into_iter().chain(sometimes).flatten().min()
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

    /// True if events wait to be taken.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The live peers, ordered by name and then by id.
    pub fn peers(&self, now: Instant) -> Vec<Peer> {
        let mut peers: Vec<Peer> = self.natives.peers(now).chain(self.named.peers(now)).collect();
        peers.sort_unstable_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        peers
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
        self.deaf
    }

    fn note_heard(&mut self, arrival: Arrival, now: Instant) {
        self.counters.received += 1;
        self.last_heard = Some(now);
        match arrival {
            Arrival::Group => {
                self.silence_deadline = now + self.settings.expiry;
                self.deaf = false;
            }
            // Answers to our questions still come where the group is no longer heard.
            Arrival::Unicast => self.last_unicast = Some(now),
        }
    }

    fn handle_line(&mut self, name: &str, path: Path, now: Instant) {
        if !self.speaks_ancestor() {
            self.counters.foreign += 1;
        } else if name == self.settings.name {
            // A line tells nothing but the name, so a namesake's cannot be told from our own.
            self.counters.own += 1;
        } else if self.natives.hear_line(name, path, now) {
            // It is the line of a peer that speaks the native protocol as well.
        } else if self.is_full() && !self.named.contains(name)
            || self.named.hear_line(name, path, &mut self.events, now).is_err()
        {
            self.counters.over_cap += 1;
        }
    }

    /// Takes in what an announcement or a query tells. False if it was no news.
    fn handle_announcement(&mut self, about: &Announcement<'_>, path: Path, now: Instant) -> bool {
        let hearing = self.natives.hear(about, path, &mut self.events, now);
        match hearing {
            Hearing::Known => {}
            Hearing::New => self.welcome(about, path, now),
            Hearing::Stale => self.counters.stale += 1,
            Hearing::Contradiction => self.counters.malformed += 1,
        }
        matches!(hearing, Hearing::Known | Hearing::New)
    }

    fn handle_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) {
        match self.natives.handle_goodbye(about, path, &mut self.events, now) {
            true => self.named.handle_goodbye(about.name, path.port(), &mut self.events, now),
            false => self.counters.stale += 1,
        }
    }

    /// Lists a newcomer, unless there is no room. One whose ancestor's line was heard first is listed already.
    fn welcome(&mut self, about: &Announcement<'_>, path: Path, now: Instant) {
        let was_listed = self.named.take_line(about.name, path.port());
        if !was_listed && self.is_full() {
            self.counters.over_cap += 1;
            return;
        }
        let peer = self.natives.insert(about, path, now);
        self.events.tell(if was_listed { Event::Updated(peer) } else { Event::Joined(peer) });
    }

    /// Says to the group what is due.
    fn speak(&mut self, now: Instant) {
        while let Some(due) = self.schedule.take_due(now, &mut self.rng) {
            // Our message goes first: whoever hears both then knows whose line it is.
            let is_unanswered = due.asked_before.is_some_and(|asked| self.last_unicast < Some(asked));
            let payload = self.message(due.kind, is_unanswered);
            self.tell_group(payload);
            if due.with_line && self.speaks_ancestor() {
                let payload = wire::encode_ancestor(&self.settings.name).into();
                self.transmits.push_back(Transmit { payload, to: Destination::GroupV4 });
            }
        }
    }

    fn answer(&mut self, now: Instant) {
        if self.answers.take_due_to_group(now) {
            let payload = self.message(Kind::Announce, false);
            self.tell_group(payload);
        }
        while let Some(path) = self.answers.take_due(now) {
            let payload = self.message(Kind::Announce, false);
            self.transmits.push_back(Transmit { payload, to: path.destination() });
        }
    }

    fn ask_the_silent(&mut self, now: Instant) {
        let questions = self.natives.handle_timeout(&mut self.events, now);
        if self.questions.allow(questions.len(), now) {
            for question in questions {
                self.ask(&question);
            }
        } else {
            self.schedule.ask_group(now);
            self.speak(now);
        }
    }

    /// After a sleep nobody has been heard, and everybody is to be asked before they are taken for gone.
    fn forgive_sleep(&mut self, now: Instant) {
        if !self.has_overslept(now) {
            return;
        }
        self.natives.forgive_sleep(now);
        self.named.forgive_sleep(now);
        self.silence_deadline = now + self.settings.expiry;
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
        if self.silence_deadline <= now {
            self.deaf = true;
            self.reopen_wanted = true;
            self.silence_deadline = now + self.settings.expiry;
        }
    }

    fn tell_group(&mut self, payload: Arc<[u8]>) {
        self.transmits.push_back(Transmit { payload, to: Destination::Group });
        // Those who wait for an answer have it by this.
        self.answers.cancel();
    }

    fn ask(&mut self, question: &Question) {
        let payload = wire::encode_padded(Kind::Query, &self.next_message(false), question.least);
        self.transmits.push_back(Transmit { payload: payload.into(), to: question.path.destination() });
    }

    fn message(&mut self, kind: Kind, answer_to_group: bool) -> Arc<[u8]> {
        wire::encode(kind, &self.next_message(answer_to_group)).into()
    }

    /// What the next message tells.
    fn next_message(&mut self, answer_to_group: bool) -> Announcement<'_> {
        self.sequence += 1;
        Announcement { answer_to_group, ..self.settings.announcement(self.sequence) }
    }

    fn speaks_ancestor(&self) -> bool {
        self.settings.ancestor && self.settings.cluster.is_empty()
    }

    fn is_full(&self) -> bool {
        self.peer_count() >= self.settings.max_peers
    }
}
