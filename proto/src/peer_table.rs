//! `PeerTable`: the peers that speak the native protocol, each an instance with an id, and the questions to those that fall
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

use crate::deadline_queue::{DeadlineQueue, MAX_DUE};
use crate::event::queue::Events;
use crate::event::{Arrival, Event, LeaveReason, Peer, PeerView, Source};
use crate::expiring_map::ExpiringMap;
use crate::path::Path;
use crate::peer_table::entry::PeerEntry;
use crate::peer_table::index::{Index, LegacyKey};
use crate::peer_table::tombstones::Tombstones;
use crate::probe::ProbeState;
use crate::replies::max_spread;
use crate::wire::{self, Announcement, InstanceId};

/// A peer heard from a new address alone is asked at its old one after this: by then the copy of the same message that came
/// by the other way has been seen.
const SUSPECT_DELAY: Duration = Duration::from_millis(250);

/// The most instances of one name and address that are asked when another one appears: of the first so many, those that
/// have been silent the longest. A restart leaves one.
const MAX_NAMESAKES: usize = 8;
const MAX_NAMESAKES_SEEN: usize = 256;

/// How long after a sleep the peers may take to answer, beside the time over which their answers are spread. Unanswered
/// queries to the group are followed by questions to each peer, and those need a second and a half.
const AFTER_RESUME: Duration = Duration::from_millis(3500);

pub(crate) struct PeerTable {
    cluster: Box<str>,
    peers: ExpiringMap<InstanceId, PeerEntry>,
    /// Time of the next probe of each peer, by slot.
    probes: DeadlineQueue,
    index: Index,
    /// Bytes of names and values.
    bytes_used: usize,
    tombstones: Tombstones,
    /// Where an answer to a question is awaited from.
    probed: BTreeMap<SocketAddr, InstanceId>,
}

/// A peer that is to be asked. It counts as asked.
pub(crate) struct DueProbe {
    slot: u32,
    /// The question is the last one of several.
    is_last: bool,
}

/// A question to put to one peer.
pub(crate) struct Probe {
    pub path: Path,
    pub to: InstanceId,
    /// The length up to which it is to be padded: that of the answer it asks for.
    pub min_len: usize,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AnnounceOutcome {
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

impl PeerTable {
    /// Room for `max_peers` of `cluster`; those that leave are remembered for the time of `memory`.
    pub fn new(cluster: &str, max_peers: usize, memory: Duration) -> Self {
        PeerTable {
            cluster: cluster.into(),
            peers: ExpiringMap::new(max_peers),
            probes: DeadlineQueue::default(),
            index: Index::default(),
            bytes_used: 0,
            tombstones: Tombstones::new(max_peers, memory),
            probed: BTreeMap::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Bytes of names and values.
    pub fn bytes_used(&self) -> usize {
        self.bytes_used
    }

    /// See [`ExpiringMap::overdue`].
    pub fn overdue(&self, now: Instant) -> (usize, u64) {
        self.peers.overdue(now)
    }

    pub fn contains(&self, id: &InstanceId) -> bool {
        self.peers.slot_of(id).is_some()
    }

    /// Takes in an announcement or a query. One that is `New` is left to the caller to [`insert`](Self::insert). A value may
    /// grow by `bytes_free` bytes.
    pub fn on_announce(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        arrival: Arrival,
        bytes_free: usize,
        events: &mut Events,
        now: Instant,
    ) -> AnnounceOutcome {
        let Some(slot) = self.peers.slot_of(&about.id) else {
            return match self.tombstones.is_stale(&about.id, about.sequence) {
                true => AnnounceOutcome::Stale,
                false => AnnounceOutcome::New,
            };
        };
        let entry = self.peers.at_mut(slot);
        if *entry.name != *about.name {
            return AnnounceOutcome::Contradiction;
        }
        let is_by_group = arrival == Arrival::Group && about.sequence >= entry.sequence;
        let has_new_source = is_by_group && entry.on_multicast(now);
        if about.sequence <= entry.sequence {
            // The copy of the last message that came by the listed way shows that this way is alive.
            // Once, for somebody may be sending it again and again.
            let is_listed_path = path.address == entry.path.address;
            if about.sequence == entry.sequence && is_listed_path && entry.probe.is_suspect() {
                self.reset_probe(slot, self.peers.renewed_at(slot), now);
            }
            if has_new_source {
                self.push_update(slot, events, now);
            }
            return AnnounceOutcome::Stale;
        }
        let has_room = about.value.len() <= entry.value.len() + bytes_free;
        let before = entry.bytes_used();
        let is_changed = entry.update(about, has_room);
        self.bytes_used = self.bytes_used - before + entry.bytes_used();
        if !entry.sends_from(path.port()) {
            self.learn_port(slot, path.port());
        }
        self.renew(slot, path, now);
        if is_changed || has_new_source {
            self.push_update(slot, events, now);
        }
        if has_room { AnnounceOutcome::Known } else { AnnounceOutcome::NoRoom }
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
        self.suspect_namesakes(about.name, path, now);
        let ignore_icmp = self.tombstones.was_unreachable(&about.id);
        let entry = PeerEntry { ignore_icmp, ..PeerEntry::new(about, path, source, now) };
        let lifetime = entry.lifetime;
        self.bytes_used += entry.bytes_used();
        let name = entry.name.clone();
        // The caller has checked that there is room.
        let _ = self.peers.insert(about.id, entry, lifetime, now);
        let slot = self.peers.slot_of(&about.id).expect("the entry was just inserted");
        self.index.insert_name(about.id, name, slot);
        self.index.insert_legacy_key(about.id, about.name, path.port());
        self.index.insert_address(about.id, about.name, path.ip());
        self.schedule_probe(slot, now, now);
        self.peer(slot, now)
    }

    /// The addresses of all.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.peers.values().map(|entry| entry.path.address)
    }

    /// The addresses of those whom multicast does not reach.
    pub fn unicast_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.peers.values().filter(|entry| entry.needs_unicast).map(|entry| entry.path.address)
    }

    /// Takes in a legacy beacon. True if it is one of a native's: of one that is listed, which is alive then, or of one
    /// that is gone.
    ///
    /// A line tells a name and no more: one of a listed native's name is that native's, from whatever port, for it may have
    /// opened its sockets anew. Only the legacy program's own port shows that it is a legacy node's.
    pub fn on_legacy_beacon(&mut self, name: &str, path: Path, group_port: u16, now: Instant) -> bool {
        let key = self.index.legacy_key(name, path.port());
        match self.sender_of_legacy_beacon(key, path.ip()) {
            Some(slot) => {
                self.renew_by_legacy_beacon(slot, path, now);
                true
            }
            None if self.tombstones.has_legacy_key(&key) => true,
            None => path.port() != group_port && self.index.has_name(name),
        }
    }

    /// Does what is due by `now`: those whose time has run out leave. Returns who is to be asked. When very much is due, it is
    /// done in several calls.
    pub fn handle_timeout(&mut self, events: &mut Events, now: Instant) -> Vec<DueProbe> {
        self.expire(events, now);
        self.tombstones.handle_timeout(now);
        let mut probes = Vec::new();
        // A peer whose other path has just been taken over may be due again at once.
        while probes.len() < MAX_DUE {
            let due = self.probes.take_due(now);
            if due.is_empty() {
                break;
            }
            probes.extend(due.into_iter().filter_map(|slot| self.run_probe(slot, events, now)));
        }
        probes
    }

    /// What to ask one who is to be asked.
    pub fn probe(&self, due: &DueProbe) -> Probe {
        let entry = self.peers.at(due.slot);
        let min_len = match due.is_last {
            // For one whose value has grown unheard.
            true => wire::MAX_ANNOUNCE,
            // One may have told more than it could tell with its numbers in their longest form.
            false => entry.max_announce_len(&self.cluster).min(wire::MAX_ANNOUNCE),
        };
        Probe { path: entry.path, to: entry.id, min_len }
    }

    /// See [`ExpiringMap::correct_timeout`].
    pub fn correct_timeout(&mut self) {
        self.peers.correct_timeout();
        self.probes.correct();
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.peers.poll_timeout(), self.probes.poll_timeout()].into_iter().flatten().min()
    }

    /// After a sleep nobody is gone before it could answer: gives every peer the time for that.
    pub fn on_resume(&mut self, now: Instant) {
        let longest = AFTER_RESUME + max_spread(self.peers.len());
        let probes = &mut self.probes;
        self.peers.extend_all(now, |slot, entry, renewed_at| {
            let grace = entry.lifetime.min(longest);
            let left = (renewed_at + entry.lifetime).saturating_duration_since(now);
            // First comes a query to the group.
            entry.probe = ProbeState::suspect(now + grace / 2);
            schedule_probe(probes, slot, entry, renewed_at, now);
            Some(grace.max(left))
        });
    }

    /// Returns the names and slots of all peers, in the order of names and then of ids.
    pub fn in_order(&self) -> impl Iterator<Item = (&str, u32)> {
        self.index.names()
    }

    /// Returns the peer in a slot, if it is live.
    pub fn live_view(&self, slot: u32, now: Instant) -> Option<PeerView<'_>> {
        let (entry, times) = self.peers.live_at(slot, now)?;
        Some(entry.view(times))
    }

    /// Asks one whose question is due; ends a doubt that was pursued to its end.
    fn run_probe(&mut self, slot: u32, events: &mut Events, now: Instant) -> Option<DueProbe> {
        let entry = self.peers.at_mut(slot);
        if !entry.probe.is_suspicion_over() {
            return Some(self.send_probe(slot, now));
        }
        match entry.other_path {
            Some(other) => self.move_to(slot, other, events, now),
            None => self.reset_probe(slot, self.peers.renewed_at(slot), now),
        }
        None
    }

    fn send_probe(&mut self, slot: u32, now: Instant) -> DueProbe {
        let entry = self.peers.at_mut(slot);
        self.probed.insert(entry.path.address, entry.id);
        let is_last = entry.probe.is_last_try();
        entry.probe.on_sent();
        self.schedule_probe(slot, self.peers.renewed_at(slot), now);
        DueProbe { slot, is_last }
    }

    /// A peer has been heard, by its listed way or by another.
    fn renew(&mut self, slot: u32, path: Path, now: Instant) {
        match self.extend(slot, path, now) {
            true => self.reset_probe(slot, now, now),
            false => self.suspect_path(slot, path, now),
        }
    }

    /// Gives a peer that has been heard its life anew. True if it was heard by its listed way.
    fn extend(&mut self, slot: u32, path: Path, now: Instant) -> bool {
        let entry = self.peers.at_mut(slot);
        entry.on_received(now);
        let (lifetime, listed) = (entry.lifetime, entry.path.address);
        self.peers.renew_at(slot, lifetime, now);
        listed == path.address
    }

    /// The instance whose line it is: of several that have this name and port the one at `address`. Another one of its
    /// addresses may not have been heard of yet.
    fn sender_of_legacy_beacon(&self, key: LegacyKey, address: IpAddr) -> Option<u32> {
        let slots = || self.index.senders_of_legacy_beacon(key).filter_map(|id| self.peers.slot_of(&id));
        let is_there = |slot: &u32| self.peers.at(*slot).path.ip() == address;
        slots().find(is_there).or_else(|| slots().next())
    }

    /// The line of a peer has been heard. It raises no doubt, for it comes by IPv4 alone.
    fn renew_by_legacy_beacon(&mut self, slot: u32, path: Path, now: Instant) {
        let is_listed_path = self.extend(slot, path, now);
        if is_listed_path || !self.peers.at(slot).probe.is_suspect() {
            self.reset_probe(slot, now, now);
        }
    }

    /// Lines from this port are this instance's, too.
    fn learn_port(&mut self, slot: u32, port: u16) {
        let former = self.peers.at_mut(slot).other_port.replace(port);
        let entry = self.peers.at(slot);
        if let Some(former) = former {
            self.index.remove_legacy_key(entry.id, &entry.name, former);
        }
        self.index.insert_legacy_key(entry.id, &entry.name, port);
    }

    /// Ends all asking of a peer: it was heard by its listed way, or a doubt led nowhere. It is asked again when its time is
    /// running out.
    fn reset_probe(&mut self, slot: u32, renewed_at: Instant, now: Instant) {
        let entry = self.peers.at_mut(slot);
        if entry.probe.is_pending() {
            self.probed.remove(&entry.path.address);
        }
        entry.probe = ProbeState::default();
        entry.other_path = None;
        self.schedule_probe(slot, renewed_at, now);
    }

    /// A peer has been heard, but not by its listed way: is that one still good?
    fn suspect_path(&mut self, slot: u32, path: Path, now: Instant) {
        self.peers.at_mut(slot).other_path = Some(path);
        self.suspect(slot, SUSPECT_DELAY, now);
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
    fn suspect_namesakes(&mut self, name: &str, path: Path, now: Instant) {
        let namesakes = self.index.namesakes(name, path.ip()).take(MAX_NAMESAKES_SEEN);
        let mut slots: Vec<u32> = namesakes.filter_map(|id| self.peers.slot_of(&id)).collect();
        slots.sort_unstable_by_key(|slot| (self.peers.renewed_at(*slot), *slot));
        for slot in slots.into_iter().take(MAX_NAMESAKES) {
            self.suspect(slot, Duration::ZERO, now);
        }
    }

    /// Asks one soon, and not only when it has been silent for long. Goes on with a doubt that is there.
    fn suspect(&mut self, slot: u32, delay: Duration, now: Instant) {
        let entry = self.peers.at_mut(slot);
        if !entry.probe.is_suspect() {
            entry.probe = ProbeState::suspect(now + delay);
            self.schedule_probe(slot, self.peers.renewed_at(slot), now);
        }
    }

    fn move_to(&mut self, slot: u32, path: Path, events: &mut Events, now: Instant) {
        let entry = self.peers.at_mut(slot);
        let left = std::mem::replace(&mut entry.path, path);
        if left.port() != path.port() {
            // Both are known; they change roles.
            entry.other_port = Some(left.port());
        }
        let entry = self.peers.at(slot);
        self.index.remove_address(entry.id, &entry.name, left.ip());
        self.index.insert_address(entry.id, &entry.name, path.ip());
        self.probed.remove(&left.address);
        self.reset_probe(slot, self.peers.renewed_at(slot), now);
        if !left.has_same_address(&path) {
            self.push_update(slot, events, now);
        }
    }

    /// See [`schedule_probe`].
    fn schedule_probe(&mut self, slot: u32, renewed_at: Instant, now: Instant) {
        schedule_probe(&mut self.probes, slot, self.peers.at(slot), renewed_at, now);
    }

    /// Adds an event for a difference that the user sees.
    fn push_update(&self, slot: u32, events: &mut Events, now: Instant) {
        events.push(Event::Updated(self.peer(slot, now)));
    }

    /// Returns the peer in a slot.
    fn peer(&self, slot: u32, now: Instant) -> Peer {
        self.peers.at(slot).view(self.peers.times_at(slot, now)).to_peer()
    }
}

/// Schedules the next probe of a peer that was renewed at that time, or none.
fn schedule_probe(
    probes: &mut DeadlineQueue,
    slot: u32,
    entry: &PeerEntry,
    renewed_at: Instant,
    now: Instant,
) {
    match entry.next_probe(renewed_at, now) {
        Some(due) => probes.set(slot, due),
        None => probes.remove(slot),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn instance_without_an_answer_leaves_no_memory() {
        let (mut now, mut events) = (Instant::now(), Events::default());
        let mut peer_table = PeerTable::new("", 100, Duration::from_secs(35));
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
            peer_table.insert(&about, path, Source::Multicast, &mut events, now);
            peer_table.on_announce(
                &Announcement { sequence: 2, ..about },
                Path { address: ([192, 0, 2, 2], 99).into(), ..path },
                Arrival::Group,
                0,
                &mut events,
                now,
            );
        }
        while let Some(next) = peer_table.poll_timeout() {
            now = next;
            peer_table.handle_timeout(&mut events, now);
        }
        assert_eq!(
            (peer_table.len(), peer_table.probes.poll_timeout(), peer_table.probed.len()),
            (0, None, 0)
        );
        assert_eq!(peer_table.bytes_used, 0);
        assert!(peer_table.index.is_empty());
    }
}
