//! `Natives`: the peers that speak the native protocol, each an instance with an id, and the questions to those that fall
//! silent.

pub(crate) mod entry;
mod index;
mod leave;
#[cfg(feature = "swim")]
mod members;
mod tombstones;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::event::queue::Events;
use crate::event::{Arrival, Event, LeaveReason, Peer, Source};
use crate::expiring_map::agenda::{self, Agenda, MAX_DUE, Term};
use crate::expiring_map::{ExpiringRegistry, Live};
use crate::path::Path;
use crate::peer_table::entry::Instance;
use crate::peer_table::index::{Index, LineKey};
use crate::peer_table::tombstones::Departed;
use crate::probe::Checkup;
use crate::replies::longest_spread;
use crate::wire::{self, Announcement, InstanceId};

/// A peer heard from a new address alone is asked at its old one after this: by then the copy of the same message that came
/// by the other way has been seen.
const DOUBT_DELAY: Duration = Duration::from_millis(250);

/// The most instances of one name and address that are asked when another one appears: of the first so many, those that
/// have been silent the longest. A restart leaves one.
const MAX_NAMESAKES: usize = 8;
const MAX_NAMESAKES_SEEN: usize = 256;

/// How long after a sleep the peers may take to answer, beside the time over which their answers are spread. Unanswered
/// queries to the group are followed by questions to each peer, and those need a second and a half.
const AFTER_SLEEP: Duration = Duration::from_millis(3500);

pub(crate) struct Natives {
    cluster: Box<str>,
    peers: ExpiringRegistry<InstanceId, Instance>,
    /// When each is to be asked next.
    questions: Agenda,
    index: Index,
    /// Bytes of names and values.
    held: usize,
    departed: Departed,
    /// Where an answer to a question is awaited from.
    asked: BTreeMap<SocketAddr, InstanceId>,
}

/// A peer that is to be asked. It counts as asked.
pub(crate) struct Due {
    slot: u32,
    /// The question is the last one of several.
    is_last: bool,
}

/// A question to put to one peer.
pub(crate) struct Question {
    pub path: Path,
    pub to: InstanceId,
    /// The length up to which it is to be padded: that of the answer it asks for.
    pub least: usize,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// It told of an instance that is listed.
    Known,
    /// It told of one that is listed, with a value for which there is no room. All else it told is taken over.
    NoRoom,
    /// It told of one that is not.
    New,
    /// It was no newer than what is known.
    Stale,
    /// It told another name for a listed instance than before; no node does that.
    Contradiction,
}

impl Natives {
    /// Room for `max_peers` of `cluster`; those that leave are remembered for the time of `memory`.
    pub fn new(cluster: &str, max_peers: usize, memory: Duration, now: Instant) -> Self {
        Natives {
            cluster: cluster.into(),
            peers: ExpiringRegistry::new(max_peers, now),
            questions: Agenda::new(now),
            index: Index::default(),
            held: 0,
            departed: Departed::new(max_peers, memory, now),
            asked: BTreeMap::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Bytes of names and values.
    pub fn held(&self) -> usize {
        self.held
    }

    pub fn contains(&self, id: &InstanceId) -> bool {
        self.peers.slot_of(id).is_some()
    }

    /// Takes in an announcement or a query. One that is `New` is left to the caller to [`insert`](Self::insert). A value may
    /// grow by `room` bytes.
    pub fn hear(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        arrival: Arrival,
        room: usize,
        events: &mut Events,
        now: Instant,
    ) -> Hearing {
        let Some(slot) = self.peers.slot_of(&about.id) else {
            return match self.departed.is_latecomer(&about.id, about.sequence) {
                true => Hearing::Stale,
                false => Hearing::New,
            };
        };
        let instance = self.peers.at_mut(slot);
        if *instance.name != *about.name {
            return Hearing::Contradiction;
        }
        let is_by_group = arrival == Arrival::Group && about.sequence >= instance.sequence;
        let has_new_source = is_by_group && instance.note_group(now);
        if about.sequence <= instance.sequence {
            // The copy of the last message that came by the listed way shows that this way is alive.
            // Once, for somebody may be sending it again and again.
            let is_listed_way = path.address == instance.path.address;
            if about.sequence == instance.sequence && is_listed_way && instance.checkup.in_doubt() {
                self.rest(slot, self.peers.renewed_at(slot), now);
            }
            if has_new_source {
                self.tell_update(slot, events, now);
            }
            return Hearing::Stale;
        }
        let has_room = about.value.len() <= instance.value.len() + room;
        let before = instance.held();
        let is_changed = instance.take_over(about, has_room);
        self.held = self.held - before + instance.held();
        if !instance.sends_from(path.port()) {
            self.learn_port(slot, path.port());
        }
        self.renew(slot, path, now);
        if is_changed || has_new_source {
            self.tell_update(slot, events, now);
        }
        if has_room { Hearing::Known } else { Hearing::NoRoom }
    }

    /// Lists an instance that was `New`, and returns it. The caller has made sure that there is room.
    pub fn insert(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        source: Source,
        events: &mut Events,
        now: Instant,
    ) -> Peer {
        self.remove_former(about.name, path, events, now);
        self.doubt_namesakes(about.name, path, now);
        let is_walled = self.departed.was_unreachable(&about.id);
        let instance = Instance { is_walled, ..Instance::new(about, path, source, now) };
        let life = instance.life;
        self.held += instance.held();
        // It has the room that the caller has looked for.
        let _ = self.peers.register(about.id, instance, life, now);
        let slot = self.peers.slot_of(&about.id).expect("it has just been put in");
        self.peers.at_mut(slot).slot = slot;
        self.index.insert_line(about.id, about.name, path.port());
        self.index.insert_place(about.id, about.name, path.ip());
        self.plan_question(slot, now, now);
        self.peer(slot, now)
    }

    /// The addresses of all.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.peers.slots().map(|slot| self.peers.at(slot).path.address)
    }

    /// The addresses of those whom multicast does not reach.
    pub fn beyond(&self) -> impl Iterator<Item = SocketAddr> {
        let instances = self.peers.slots().map(|slot| self.peers.at(slot));
        instances.filter(|instance| instance.is_beyond).map(|instance| instance.path.address)
    }

    /// Takes in a legacy beacon. True if it is one of a native's: of one that is listed, which is alive then, or of one
    /// that is gone.
    ///
    /// A line tells a name and no more: one of a listed native's name is that native's, from whatever port, for it may have
    /// opened its sockets anew. Only the legacy program's own port shows that it is a legacy node's.
    pub fn hear_line(&mut self, name: &str, path: Path, group_port: u16, now: Instant) -> bool {
        let key = self.index.line_key(name, path.port());
        match self.sender_of_line(key, path.ip()) {
            Some(slot) => {
                self.renew_by_line(slot, path, now);
                true
            }
            None if self.departed.is_line_of_one(&key) => true,
            None => path.port() != group_port && self.index.has_name(name),
        }
    }

    /// Does what is due by `now`: those whose time has run out leave. Returns who is to be asked. When very much is due, it is
    /// done in several calls.
    pub fn handle_timeout(&mut self, events: &mut Events, now: Instant) -> Vec<Due> {
        self.expire(events, now);
        self.departed.handle_timeout(now);
        let mut asked = Vec::new();
        // Each due instance is put back until its next question, which may be due as well.
        while asked.len() < MAX_DUE {
            let due = self.questions.take_due(now, question_at(&self.peers));
            if due.is_empty() {
                break;
            }
            for slot in due {
                self.peers.at_mut(slot).question_at = None;
                asked.extend(self.check(slot, events, now));
            }
        }
        asked
    }

    /// What to ask one who is to be asked.
    pub fn question(&self, due: &Due) -> Question {
        let instance = self.peers.at(due.slot);
        let least = match due.is_last {
            // For one whose value has grown unheard.
            true => wire::MAX_ANNOUNCE,
            // One may have told more than it could tell with its numbers in their longest form.
            false => instance.longest_answer(&self.cluster).min(wire::MAX_ANNOUNCE),
        };
        Question { path: instance.path, to: instance.id, least }
    }

    /// See [`ExpiringRegistry::look_anew`].
    pub fn look_anew(&mut self) {
        self.peers.look_anew();
        self.questions.look(question_at(&self.peers));
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.peers.poll_timeout(), self.questions.poll_timeout()].into_iter().flatten().min()
    }

    /// After a sleep nobody is gone before it could answer: gives every peer the time for that.
    pub fn forgive_sleep(&mut self, now: Instant) {
        let longest = AFTER_SLEEP + longest_spread(self.peers.len());
        let questions = &mut self.questions;
        self.peers.extend_all(now, |instance, heard_at| {
            let grace = instance.life.min(longest);
            let left = (heard_at + instance.life).saturating_duration_since(now);
            // First comes a query to the group.
            instance.checkup = Checkup::doubt(now + grace / 2);
            plan_question(questions, instance, heard_at, now);
            Some(grace.max(left))
        });
    }

    /// How often a peer has come, gone or changed.
    pub fn changes(&self) -> u64 {
        self.peers.changes()
    }

    /// See [`ExpiringRegistry::changed_since`].
    pub fn changed_since(&self, seen: u64) -> Option<impl Iterator<Item = u32>> {
        self.peers.changed_since(seen)
    }

    /// True if there is a peer at a place.
    pub fn has(&self, slot: u32) -> bool {
        self.peers.has(slot)
    }

    /// The places of the peers; see [`ExpiringRegistry::slots`].
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.peers.slots()
    }

    /// By which the peers are ordered.
    pub fn name_of(&self, slot: u32) -> (&str, Option<InstanceId>) {
        let instance = self.peers.at(slot);
        (&instance.name, Some(instance.id))
    }

    /// See [`ExpiringRegistry::live`].
    pub fn live<'a>(&'a self, terms: &'a mut Vec<Term>, now: Instant) -> Live<'a, Instance> {
        self.peers.live(terms, now)
    }

    /// Asks one whose question is due; ends a doubt that was pursued to its end.
    fn check(&mut self, slot: u32, events: &mut Events, now: Instant) -> Option<Due> {
        let instance = self.peers.at_mut(slot);
        if !instance.checkup.is_doubt_over() {
            return Some(self.ask(slot, now));
        }
        match instance.other_path {
            Some(other) => self.move_to(slot, other, events, now),
            None => self.rest(slot, self.peers.renewed_at(slot), now),
        }
        None
    }

    fn ask(&mut self, slot: u32, now: Instant) -> Due {
        let instance = self.peers.at_mut(slot);
        self.asked.insert(instance.path.address, instance.id);
        let is_last = instance.checkup.is_last_try();
        instance.checkup.note_asked();
        self.plan_question(slot, self.peers.renewed_at(slot), now);
        Due { slot, is_last }
    }

    /// A peer has been heard, by its listed way or by another.
    fn renew(&mut self, slot: u32, path: Path, now: Instant) {
        match self.prolong(slot, path, now) {
            true => self.rest(slot, now, now),
            false => self.doubt_path(slot, path, now),
        }
    }

    /// Gives a peer that has been heard its life anew. True if it was heard by its listed way.
    fn prolong(&mut self, slot: u32, path: Path, now: Instant) -> bool {
        let instance = self.peers.at_mut(slot);
        instance.note_heard(now);
        let (life, listed) = (instance.life, instance.path.address);
        self.peers.renew_at(slot, life, now);
        listed == path.address
    }

    /// The instance whose line it is: of several that have this name and port the one at `address`. Another one of its
    /// addresses may not have been heard of yet.
    fn sender_of_line(&self, key: LineKey, address: IpAddr) -> Option<u32> {
        let slots = || self.index.senders_of_line(key).filter_map(|id| self.peers.slot_of(&id));
        let is_there = |slot: &u32| self.peers.at(*slot).path.ip() == address;
        slots().find(is_there).or_else(|| slots().next())
    }

    /// The line of a peer has been heard. It raises no doubt, for it comes by IPv4 alone.
    fn renew_by_line(&mut self, slot: u32, path: Path, now: Instant) {
        let is_listed_path = self.prolong(slot, path, now);
        if is_listed_path || !self.peers.at(slot).checkup.in_doubt() {
            self.rest(slot, now, now);
        }
    }

    /// Lines from this port are this instance's, too.
    fn learn_port(&mut self, slot: u32, port: u16) {
        let former = self.peers.at_mut(slot).other_port.replace(port);
        let instance = self.peers.at(slot);
        if let Some(former) = former {
            self.index.remove_line(instance.id, &instance.name, former);
        }
        self.index.insert_line(instance.id, &instance.name, port);
    }

    /// Ends all asking of a peer: it was heard by its listed way, or a doubt led nowhere. It is asked again when its time is
    /// running out.
    fn rest(&mut self, slot: u32, heard_at: Instant, now: Instant) {
        let instance = self.peers.at_mut(slot);
        if instance.checkup.is_asking() {
            self.asked.remove(&instance.path.address);
        }
        instance.checkup = Checkup::default();
        instance.other_path = None;
        self.plan_question(slot, heard_at, now);
    }

    /// A peer has been heard, but not by its listed way: is that one still good?
    fn doubt_path(&mut self, slot: u32, path: Path, now: Instant) {
        self.peers.at_mut(slot).other_path = Some(path);
        self.doubt(slot, DOUBT_DELAY, now);
    }

    /// Another instance of this name speaks from the very socket of one that is listed: that one is gone. Ports that are not
    /// chosen by the system come back after a restart.
    fn remove_former(&mut self, name: &str, path: Path, events: &mut Events, now: Instant) {
        let namesakes: Vec<InstanceId> =
            self.index.namesakes(name, path.ip()).take(MAX_NAMESAKES_SEEN).collect();
        for id in namesakes {
            let slot = self.peers.slot_of(&id);
            if slot.is_some_and(|slot| self.peers.at(slot).path.address == path.address) {
                self.remove(id, LeaveReason::Unreachable, events, now);
            }
        }
    }

    /// Another instance of this name has appeared where those are: it may be what became of one of them.
    fn doubt_namesakes(&mut self, name: &str, path: Path, now: Instant) {
        let namesakes = self.index.namesakes(name, path.ip()).take(MAX_NAMESAKES_SEEN);
        let slots = namesakes.filter_map(|id| self.peers.slot_of(&id));
        let heard_at = |slot| (self.questions.nanos(self.peers.renewed_at(slot)), slot);
        for slot in agenda::in_order(slots.map(heard_at).collect()).into_iter().take(MAX_NAMESAKES) {
            self.doubt(slot, Duration::ZERO, now);
        }
    }

    /// Asks one soon, and not only when it has been silent for long. Goes on with a doubt that is there.
    fn doubt(&mut self, slot: u32, delay: Duration, now: Instant) {
        let instance = self.peers.at_mut(slot);
        if !instance.checkup.in_doubt() {
            instance.checkup = Checkup::doubt(now + delay);
            self.plan_question(slot, self.peers.renewed_at(slot), now);
        }
    }

    fn move_to(&mut self, slot: u32, path: Path, events: &mut Events, now: Instant) {
        let instance = self.peers.at_mut(slot);
        let left = std::mem::replace(&mut instance.path, path);
        if left.port() != path.port() {
            // Both are known; they change roles.
            instance.other_port = Some(left.port());
        }
        let instance = self.peers.at(slot);
        self.index.remove_place(instance.id, &instance.name, left.ip());
        self.index.insert_place(instance.id, &instance.name, path.ip());
        self.asked.remove(&left.address);
        self.rest(slot, self.peers.renewed_at(slot), now);
        match left.is_at_same_place(&path) {
            // By another interface, perhaps.
            true => self.peers.note_change(slot),
            false => self.tell_update(slot, events, now),
        }
    }

    /// See [`plan_question`].
    fn plan_question(&mut self, slot: u32, heard_at: Instant, now: Instant) {
        plan_question(&mut self.questions, self.peers.at_mut(slot), heard_at, now);
    }

    /// A user sees a difference.
    fn tell_update(&mut self, slot: u32, events: &mut Events, now: Instant) {
        self.peers.note_change(slot);
        events.tell(Event::Updated(self.peer(slot, now)));
    }

    /// An instance that is listed, as it is now.
    fn peer(&self, slot: u32, now: Instant) -> Peer {
        self.peers.at(slot).view(self.peers.standing_at(slot, now)).to_peer()
    }
}

/// Sees to it that `handle_timeout` comes to an instance, last heard at that time, when its next question is due.
fn plan_question(questions: &mut Agenda, instance: &mut Instance, heard_at: Instant, now: Instant) {
    let slot = instance.slot;
    let due = instance.next_question(heard_at, now).map(|due| questions.nanos(due));
    match (std::mem::replace(&mut instance.question_at, due), due) {
        (Some(before), Some(due)) => questions.change(slot, before, due),
        (None, Some(due)) => questions.insert(slot, due),
        (Some(_), None) => questions.remove(slot),
        (None, None) => {}
    }
}

/// When a peer that is on the agenda is to be asked.
fn question_at(peers: &ExpiringRegistry<InstanceId, Instance>) -> impl Fn(u32) -> u64 {
    |slot| peers.at(slot).question_at.expect("who is on the agenda has a time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn nothing_is_kept_of_instances_that_came_once_and_never_answered() {
        let (mut now, mut events) = (Instant::now(), Events::default());
        let mut natives = Natives::new("", 100, Duration::from_secs(35), now);
        let expiry = Duration::from_secs(1);
        for stranger in 0..100_u8 {
            let path = Path { address: ([192, 0, 2, 1], 10_000 + u16::from(stranger)).into(), interface: 2 };
            let about = Announcement {
                cluster: "",
                id: [stranger; 16],
                sequence: 1,
                name: "stranger",
                expiry,
                port: 0,
                value: b"",
                answer_to_group: false,
                proof: None,
            };
            natives.insert(&about, path, Source::Multicast, &mut events, now);
            natives.hear(
                &Announcement { sequence: 2, ..about },
                Path { address: ([192, 0, 2, 2], 99).into(), ..path },
                Arrival::Group,
                0,
                &mut events,
                now,
            );
        }
        while let Some(next) = natives.poll_timeout() {
            now = next;
            natives.handle_timeout(&mut events, now);
        }
        assert_eq!((natives.len(), natives.questions.poll_timeout(), natives.asked.len()), (0, None, 0));
        assert_eq!(natives.held, 0);
        assert!(natives.index.is_empty());
    }
}
