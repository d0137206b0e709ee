//! `Natives`: the peers that speak the native protocol, each an instance with an id, and the questions to those that fall
//! silent.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::answers::longest_spread;
use super::checkup::{Checkup, Refusal};
use super::departed::Departed;
use super::event::{Event, LeaveReason, Peer, PeerView};
use super::events::Events;
use super::index::{Index, LineKey};
use super::instance::Instance;
use super::path::{self, Path};
use super::registry::{Expired, ExpiringRegistry};
use super::wire::{self, Announcement, InstanceId};

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

pub(super) struct Natives {
    cluster: Box<str>,
    peers: ExpiringRegistry<InstanceId, Instance>,
    /// The instances that are to be asked, each until its next question is due.
    checkups: ExpiringRegistry<InstanceId, ()>,
    index: Index,
    /// Bytes of names and values.
    held: usize,
    departed: Departed,
    /// Where an answer to a question is awaited from.
    asked: HashMap<SocketAddr, InstanceId>,
}

/// A question to put to one peer.
pub(super) struct Question {
    pub path: Path,
    pub to: InstanceId,
    /// The length up to which it is to be padded: that of the answer it asks for.
    pub least: usize,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hearing {
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
            checkups: ExpiringRegistry::new(max_peers, now),
            index: Index::default(),
            held: 0,
            departed: Departed::new(max_peers, memory, now),
            asked: HashMap::new(),
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
        self.peers.get(id).is_some()
    }

    /// Takes in an announcement or a query. One that is `New` is left to the caller to [`insert`](Self::insert). A value may
    /// grow by `room` bytes.
    pub fn hear(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        room: usize,
        events: &mut Events,
        now: Instant,
    ) -> Hearing {
        let Some(instance) = self.peers.get_mut(&about.id) else {
            return match self.departed.is_latecomer(&about.id, about.sequence) {
                true => Hearing::Stale,
                false => Hearing::New,
            };
        };
        if *instance.name != *about.name {
            return Hearing::Contradiction;
        }
        if about.sequence <= instance.sequence {
            // The copy of the last message that came by the listed way shows that this way is alive.
            // Once, for somebody may be sending it again and again.
            let is_listed_way = path.address == instance.path.address;
            if about.sequence == instance.sequence && is_listed_way && instance.checkup.in_doubt() {
                self.rest(about.id, now);
            }
            return Hearing::Stale;
        }
        let has_room = about.value.len() <= instance.value.len() + room;
        let before = instance.held();
        let is_changed = instance.take_over(about, has_room);
        self.held = self.held - before + instance.held();
        if !instance.sends_from(path.port()) {
            self.learn_port(about.id, path.port());
        }
        self.renew(about.id, path, now);
        if is_changed {
            events.tell(Event::Updated(self.peer(&about.id, now)));
        }
        if has_room { Hearing::Known } else { Hearing::NoRoom }
    }

    /// Lists an instance that was `New`, and returns it. The caller has made sure that there is room.
    pub fn insert(&mut self, about: &Announcement<'_>, path: Path, now: Instant) -> Peer {
        self.doubt_namesakes(about.name, path, now);
        let is_walled = self.departed.was_unreachable(&about.id);
        let instance = Instance { is_walled, ..Instance::new(about, path, now) };
        let life = instance.life;
        self.held += instance.held();
        // Both have the room that the caller has looked for.
        let _ = self.peers.register(about.id, instance, life, now);
        self.index.insert_line(about.id, about.name, path.port());
        self.index.insert_place(about.id, about.name, path.ip());
        self.plan_checkup(about.id, now);
        self.peer(&about.id, now)
    }

    /// Takes in an ancestor's line. True if it is one of a native's: of one that is listed, which is alive then, or of one
    /// that is gone.
    ///
    /// A line tells a name and no more: one of a listed native's name is that native's, from whatever port, for it may have
    /// opened its sockets anew. Only the ancestor's own port shows that it is an ancestor's.
    pub fn hear_line(&mut self, name: &str, path: Path, group_port: u16, now: Instant) -> bool {
        let key = self.index.line_key(name, path.port());
        match self.sender_of_line(key, path.ip()) {
            Some(id) => {
                self.renew_by_line(id, path, now);
                true
            }
            None if self.departed.is_line_of_one(&key) => true,
            None => path.port() != group_port && self.index.has_name(name),
        }
    }

    /// Takes in a goodbye. False if it was no newer than what is known.
    pub fn handle_goodbye(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        events: &mut Events,
        now: Instant,
    ) -> bool {
        if self.departed.is_latecomer(&about.id, about.sequence) {
            return false;
        }
        match self.peers.get_mut(&about.id) {
            Some(instance) if about.sequence <= instance.sequence => return false,
            Some(instance) => {
                instance.sequence = about.sequence;
                if !instance.sends_from(path.port()) {
                    self.learn_port(about.id, path.port());
                }
                self.remove(about.id, LeaveReason::Goodbye, events, now);
            }
            // Its announcement may have been overtaken.
            None => {
                self.departed.note(about.id, about.sequence, false, now);
                self.departed.note_line(self.index.line_key(about.name, path.port()), now);
            }
        }
        true
    }

    /// Takes in the system's answer that nobody is at `to`.
    pub fn handle_unreachable(&mut self, to: SocketAddr, events: &mut Events, now: Instant) {
        let Some(id) = self.asked.get(&path::normal(to)).copied() else { return };
        let Some(instance) = self.peers.get_mut(&id).filter(|instance| !instance.is_walled) else { return };
        match (instance.checkup.handle_refusal(now), instance.other_path) {
            (Refusal::Repeated, _) => {}
            (Refusal::AskAgain, _) => self.plan_checkup(id, now),
            (Refusal::Gone, Some(other)) => self.move_to(id, other, events, now),
            (Refusal::Gone, None) => self.remove(id, LeaveReason::Unreachable, events, now),
        }
    }

    /// Does what is due by `now`: those whose time has run out leave. Returns the questions to others.
    pub fn handle_timeout(&mut self, events: &mut Events, now: Instant) -> Vec<Question> {
        self.expire(events, now);
        self.departed.handle_timeout(now);
        let mut questions = Vec::new();
        // Each due instance is put back until its next question, which may be due as well.
        loop {
            let due = self.checkups.handle_timeout(now);
            if due.is_empty() {
                return questions;
            }
            for Expired { key: id, .. } in due {
                questions.extend(self.check(id, events, now));
            }
        }
    }

    /// See [`ExpiringRegistry::look_anew`].
    pub fn look_anew(&mut self) {
        self.peers.look_anew();
        self.checkups.look_anew();
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.peers.poll_timeout(), self.checkups.poll_timeout()].into_iter().flatten().min()
    }

    /// After a sleep nobody is gone before it could answer: gives every peer the time for that.
    pub fn forgive_sleep(&mut self, now: Instant) {
        let spread = longest_spread(self.peers.len());
        let ids: Vec<InstanceId> = self.peers.keys().copied().collect();
        for id in ids {
            let Some(instance) = self.peers.get(&id) else { continue };
            let grace = instance.life.min(AFTER_SLEEP + spread);
            let left = (instance.heard_at + instance.life).saturating_duration_since(now);
            if let Some(instance) = self.peers.renew(&id, grace.max(left), now) {
                // First comes a query to the group.
                instance.checkup = Checkup::doubt(now + grace / 2);
                self.plan_checkup(id, now);
            }
        }
    }

    /// How often a peer has come or gone.
    pub fn changes(&self) -> u64 {
        self.peers.changes()
    }

    /// The places of the peers; see [`ExpiringRegistry::slots`].
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.peers.slots()
    }

    /// By which the peers are ordered.
    pub fn name_of(&self, slot: u32) -> (&str, Option<InstanceId>) {
        let (id, instance, _) = self.peers.at(slot);
        (&instance.name, Some(*id))
    }

    /// The peer at a place, if it is live.
    pub fn view(&self, slot: u32, now: Instant) -> Option<PeerView<'_>> {
        let (id, instance, deadline) = self.peers.at(slot);
        (now < deadline).then(|| instance.view(*id, deadline, now))
    }

    /// Asks one whose question is due; ends a doubt that was pursued to its end.
    fn check(&mut self, id: InstanceId, events: &mut Events, now: Instant) -> Option<Question> {
        let instance = self.peers.get_mut(&id)?;
        if !instance.checkup.is_doubt_over() {
            return Some(self.ask(id, now));
        }
        match instance.other_path {
            Some(other) => self.move_to(id, other, events, now),
            None => self.rest(id, now),
        }
        None
    }

    fn ask(&mut self, id: InstanceId, now: Instant) -> Question {
        let instance = self.peers.get_mut(&id).expect("only listed instances are asked");
        // The last try is for one whose value has grown unheard.
        let least = match instance.checkup.is_last_try() {
            true => wire::MAX_ANNOUNCE,
            // One may have told more than it could tell with its numbers in their longest form.
            false => instance.longest_answer(id, &self.cluster).min(wire::MAX_ANNOUNCE),
        };
        instance.checkup.note_asked();
        let path = instance.path;
        self.asked.insert(path.address, id);
        self.plan_checkup(id, now);
        Question { path, to: id, least }
    }

    /// A peer has been heard, by its listed way or by another.
    fn renew(&mut self, id: InstanceId, path: Path, now: Instant) {
        match self.prolong(id, path, now) {
            true => self.rest(id, now),
            false => self.doubt_path(id, path, now),
        }
    }

    /// Gives a peer that has been heard its life anew. True if it was heard by its listed way.
    fn prolong(&mut self, id: InstanceId, path: Path, now: Instant) -> bool {
        let renewed = self.peers.renew_with(&id, now, |instance| {
            instance.heard_at = now;
            instance.life
        });
        renewed.is_some_and(|instance| instance.path.address == path.address)
    }

    /// The instance whose line it is: of several that have this name and port the one at `address`. Another one of its
    /// addresses may not have been heard of yet.
    fn sender_of_line(&self, key: LineKey, address: IpAddr) -> Option<InstanceId> {
        let is_there =
            |id: &InstanceId| self.peers.get(id).is_some_and(|instance| instance.path.ip() == address);
        self.index.senders_of_line(key).find(is_there).or_else(|| self.index.senders_of_line(key).next())
    }

    /// The line of a peer has been heard. It raises no doubt, for it comes by IPv4 alone.
    fn renew_by_line(&mut self, id: InstanceId, path: Path, now: Instant) {
        let is_listed_path = self.prolong(id, path, now);
        let has_doubt = self.peers.get(&id).is_some_and(|instance| instance.checkup.in_doubt());
        if is_listed_path || !has_doubt {
            self.rest(id, now);
        }
    }

    /// Lines from this port are this instance's, too.
    fn learn_port(&mut self, id: InstanceId, port: u16) {
        let Some(instance) = self.peers.get_mut(&id) else { return };
        if let Some(former) = instance.other_port.replace(port) {
            self.index.remove_line(id, &instance.name, former);
        }
        self.index.insert_line(id, &instance.name, port);
    }

    /// Ends all asking of a peer: it was heard by its listed way, or a doubt led nowhere. It is asked again when its time is
    /// running out.
    fn rest(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.peers.get_mut(&id) else { return };
        if instance.checkup.is_asking() {
            self.asked.remove(&instance.path.address);
        }
        instance.checkup = Checkup::default();
        instance.other_path = None;
        let due = instance.next_question(now);
        self.plan_question(id, due, now);
    }

    /// A peer has been heard, but not by its listed way: is that one still good?
    fn doubt_path(&mut self, id: InstanceId, path: Path, now: Instant) {
        let Some(instance) = self.peers.get_mut(&id) else { return };
        instance.other_path = Some(path);
        self.doubt(id, DOUBT_DELAY, now);
    }

    /// Another instance of this name has appeared where those are: it may be what became of one of them.
    fn doubt_namesakes(&mut self, name: &str, path: Path, now: Instant) {
        let namesakes = self.index.namesakes(name, path.ip()).take(MAX_NAMESAKES_SEEN);
        let heard_at = |id| Some((self.peers.get(&id)?.heard_at, id));
        let mut namesakes: Vec<(Instant, InstanceId)> = namesakes.filter_map(heard_at).collect();
        namesakes.sort_unstable();
        for (_, id) in namesakes.into_iter().take(MAX_NAMESAKES) {
            self.doubt(id, Duration::ZERO, now);
        }
    }

    /// Asks one soon, and not only when it has been silent for long. Goes on with a doubt that is there.
    fn doubt(&mut self, id: InstanceId, delay: Duration, now: Instant) {
        let Some(instance) = self.peers.get_mut(&id) else { return };
        if !instance.checkup.in_doubt() {
            instance.checkup = Checkup::doubt(now + delay);
            self.plan_checkup(id, now);
        }
    }

    fn move_to(&mut self, id: InstanceId, path: Path, events: &mut Events, now: Instant) {
        let Some(instance) = self.peers.get_mut(&id) else { return };
        let left = std::mem::replace(&mut instance.path, path);
        self.index.remove_place(id, &instance.name, left.ip());
        self.index.insert_place(id, &instance.name, path.ip());
        if left.port() != path.port() {
            // Both are known; they change roles.
            instance.other_port = Some(left.port());
        }
        self.asked.remove(&left.address);
        self.rest(id, now);
        if !left.is_at_same_place(&path) {
            events.tell(Event::Updated(self.peer(&id, now)));
        }
    }

    /// Sees to it that `handle_timeout` comes to this instance when its next question is due.
    fn plan_checkup(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.peers.get(&id) else { return };
        let due = instance.next_question(now);
        self.plan_question(id, due, now);
    }

    fn plan_question(&mut self, id: InstanceId, due: Option<Instant>, now: Instant) {
        match due {
            None => drop(self.checkups.remove(&id)),
            Some(due) => {
                // There is room for as many as there are peers.
                let _ = self.checkups.register(id, (), due.saturating_duration_since(now), now);
            }
        }
    }

    fn expire(&mut self, events: &mut Events, now: Instant) {
        for Expired { key: id, value: instance, .. } in self.peers.handle_timeout(now) {
            // An answer of it to a challenge may have been recorded.
            self.departed.note(id, instance.sequence, instance.is_walled, now);
            self.forget(id, &instance);
            events.tell(Event::Left(instance.view(id, now, now).to_peer(), LeaveReason::Expired));
        }
    }

    fn remove(&mut self, id: InstanceId, reason: LeaveReason, events: &mut Events, now: Instant) {
        let Some(instance) = self.peers.remove(&id) else { return };
        let is_walled = instance.is_walled || reason == LeaveReason::Unreachable;
        self.departed.note(id, instance.sequence, is_walled, now);
        for port in instance.ports() {
            self.departed.note_line(self.index.line_key(&instance.name, port), now);
        }
        self.forget(id, &instance);
        events.tell(Event::Left(instance.view(id, now, now).to_peer(), reason));
    }

    fn forget(&mut self, id: InstanceId, instance: &Instance) {
        self.held -= instance.held();
        self.checkups.remove(&id);
        for port in instance.ports() {
            self.index.remove_line(id, &instance.name, port);
        }
        self.index.remove_place(id, &instance.name, instance.path.ip());
        self.asked.remove(&instance.path.address);
    }

    /// An instance that is listed, as it is now.
    fn peer(&self, id: &InstanceId, now: Instant) -> Peer {
        let instance = self.peers.get(id).expect("the caller has just heard of it");
        instance.view(*id, self.peers.deadline_of(id).unwrap_or(now), now).to_peer()
    }
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
            natives.insert(&about, path, now);
            natives.hear(
                &Announcement { sequence: 2, ..about },
                Path { address: ([192, 0, 2, 2], 99).into(), ..path },
                0,
                &mut events,
                now,
            );
        }
        while let Some(next) = natives.poll_timeout() {
            now = next;
            natives.handle_timeout(&mut events, now);
        }
        assert_eq!((natives.len(), natives.checkups.len(), natives.asked.len()), (0, 0, 0));
        assert_eq!(natives.held, 0);
        assert!(natives.index.is_empty());
    }
}
