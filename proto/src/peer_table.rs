//! `PeerTable`: the peers that speak the native protocol, each an instance with an id, and when each is probed.

pub(crate) mod entry;
mod evict;
pub(crate) mod leave;
#[cfg(feature = "swim")]
mod members;
mod names;
pub(crate) mod paths;
mod probing;
mod tombstones;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::deadline_queue::DeadlineQueue;
use crate::event::queue::Events;
use crate::event::{Arrival, Event, LeaveReason, Peer, PeerView, Source};
use crate::expiring_map::ExpiringMap;
use crate::path::{Echo, Path};
use crate::peer_table::entry::PeerEntry;
use crate::peer_table::evict::MAX_PASSES;
use crate::peer_table::tombstones::Tombstones;
use crate::rate_limit::RateLimit;
use crate::wire::{Announcement, InstanceId, MAX_STEP};

/// A peer received from another address alone is probed at its listed path after this: by then the copy of the same message
/// by the listed path has arrived.
const SUSPECT_DELAY: Duration = Duration::from_millis(250);

/// A number lower than the known one is late up to this long after the last message, and implausible from then on. No network
/// reorders for longer.
const MAX_LATENESS: Duration = Duration::from_millis(500);

/// Minimum time between two suspicions of one peer for implausible messages.
const IMPLAUSIBLE_GAP: Duration = Duration::from_secs(1);

/// Maximum number of instances of one name and address that become suspect when another one appears: those that were silent
/// the longest. A restart leaves one.
const MAX_NAMESAKES: usize = 8;

pub(crate) struct PeerTable {
    cluster: Box<str>,
    own_expiry: Duration,
    peers: ExpiringMap<InstanceId, PeerEntry>,
    /// Time of the next probe of each peer, by slot.
    probes: DeadlineQueue,
    /// The slots of each name's instances, in the order of ids.
    names: BTreeMap<Arc<str>, Vec<u32>>,
    /// Bytes of names and values.
    bytes_used: usize,
    tombstones: Tombstones,
    /// Paths with a probe that may yet be answered.
    probed: BTreeMap<(SocketAddr, u32), InstanceId>,
    /// The peers that were never validated, by the times of their listing, with their slots.
    unvalidated: BTreeSet<(Instant, u32)>,
    eviction_passes: RateLimit,
    /// The events about these peers and about static entries.
    pub events: Events,
}

/// How a message came, and what it proves.
pub(crate) struct Origin {
    pub path: Path,
    pub arrival: Arrival,
    /// Length of the message in bytes, before it was sealed.
    pub len: usize,
    pub echo: Echo,
    /// True if an echo of a query validates: with keys.
    pub is_authenticated: bool,
    /// True if the message renews the peer's lifetime.
    pub renews: bool,
    /// True if the instance itself sent it. One that another member passed on proves nothing, and raises no suspicion.
    pub is_first_hand: bool,
    /// Acceptable claims of further addresses. `None` of a unicast message that lists none: to a seed a node lists none, so that
    /// says nothing of those before.
    pub claims: Option<Vec<Path>>,
}

impl Origin {
    /// Returns the path that the echo validates.
    pub fn validated_path(&self) -> Option<Path> {
        match self.echo {
            Echo::Probe(path) => Some(path),
            Echo::Query if self.is_authenticated => Some(self.path),
            _ => None,
        }
    }
}

/// What became of an announce or a query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AnnounceOutcome {
    /// The instance is listed, and the message is news.
    Known,
    /// As `Known`, but there is no room for the value. All else is taken over.
    NoRoom,
    /// The instance is not listed.
    New,
    /// The message is not newer than what is known.
    Stale,
    /// The instance has left, and the message contradicts what is remembered of it.
    Implausible,
    /// The instance is listed with another name.
    Contradiction,
}

/// How a sequence number compares with the known one.
enum Number {
    Newer,
    Copy,
    Late,
    Implausible,
}

impl PeerTable {
    /// Returns an empty table for at most `max_peers` peers of a node of this expiry.
    pub fn new(cluster: &str, max_peers: usize, own_expiry: Duration) -> Self {
        PeerTable {
            cluster: cluster.into(),
            own_expiry,
            peers: ExpiringMap::new(max_peers),
            probes: DeadlineQueue::default(),
            names: BTreeMap::new(),
            bytes_used: 0,
            tombstones: Tombstones::new(max_peers, own_expiry),
            probed: BTreeMap::new(),
            unvalidated: BTreeSet::new(),
            eviction_passes: RateLimit::new(MAX_PASSES, Duration::from_secs(1)),
            events: Events::default(),
        }
    }

    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Returns the number of bytes of names and values.
    pub fn bytes_used(&self) -> usize {
        self.bytes_used
    }

    /// See [`ExpiringMap::overdue`].
    pub fn overdue(&self, now: Instant) -> (usize, u64) {
        self.peers.overdue(now)
    }

    pub fn contains(&self, id: &InstanceId, now: Instant) -> bool {
        self.peers.live(id, now).is_some()
    }

    /// Returns true if the peer is listed with a validated path.
    pub fn is_validated(&self, id: &InstanceId, now: Instant) -> bool {
        self.peers.live(id, now).is_some_and(|entry| entry.paths.is_validated())
    }

    /// Returns true if multicast brought a message of the peer within its lifetime.
    pub fn is_reached_by_multicast(&self, id: &InstanceId, now: Instant) -> bool {
        self.peers.live(id, now).is_some_and(|entry| entry.is_reached_by_multicast(now))
    }

    /// Returns the number with which an instance has left that is not listed; 0 if it is listed or not remembered.
    pub fn left_with(&self, id: &InstanceId, now: Instant) -> u64 {
        match self.contains(id, now) {
            true => 0,
            false => self.tombstones.get(id, now).map_or(0, |tombstone| tombstone.sequence),
        }
    }

    /// Returns the paths to which a probe of this instance may have been sent.
    pub fn probed_paths(&self, id: &InstanceId, now: Instant) -> impl Iterator<Item = Path> {
        self.peers.live(id, now).into_iter().flat_map(|entry| entry.paths.probed())
    }

    /// Handles an announce or a query. A `New` instance is left to the caller to [`insert`](Self::insert). A value may grow by
    /// `bytes_free` bytes.
    pub fn on_announce(
        &mut self,
        about: &Announcement<'_>,
        origin: &Origin,
        bytes_free: usize,
        now: Instant,
    ) -> AnnounceOutcome {
        let Some(slot) = self.peers.slot_of(&about.id) else { return self.on_unlisted(about, origin, now) };
        let overrides = self.is_overridden(slot, origin.echo);
        if *self.peers.at(slot).name != *about.name {
            if !overrides {
                self.on_implausible(slot, about, origin, now);
                return AnnounceOutcome::Contradiction;
            }
            // The instance itself has this name.
            self.remove(about.id, LeaveReason::Unreachable, now);
            return AnnounceOutcome::New;
        }
        let PeerEntry { sequence, sequenced_at, .. } = *self.peers.at(slot);
        match number(about.sequence, sequence, sequenced_at, overrides, now) {
            Number::Newer => return self.on_news(slot, about, origin, bytes_free, now),
            Number::Copy => self.on_copy(slot, origin, now),
            Number::Late => {}
            Number::Implausible => self.on_implausible(slot, about, origin, now),
        }
        AnnounceOutcome::Stale
    }

    /// Lists an instance that was `New`, and returns it. The caller has checked that there is room.
    pub fn insert(
        &mut self,
        about: &Announcement<'_>,
        origin: &Origin,
        source: Source,
        now: Instant,
    ) -> Peer {
        self.remove_former(about.name, origin.path, now);
        self.suspect_namesakes(about.name, origin.path, now);
        let mut entry = PeerEntry::new(about, origin, source, self.own_expiry, now);
        if let Some(tombstone) = self.tombstones.get(&about.id, now) {
            entry.on_return(tombstone, now);
        }
        let (lifetime, is_validated) = (entry.lifetime, entry.paths.is_validated());
        self.bytes_used += entry.bytes_used();
        let slot = self.peers.insert(about.id, entry, lifetime, now).expect("there is room");
        if !is_validated {
            self.unvalidated.insert((now, slot));
        }
        self.insert_name(slot);
        self.plan_wide_probe(slot, now);
        self.schedule_probe(slot, now);
        self.peer(slot, now)
    }

    /// Returns the listed addresses of all live peers.
    pub fn addresses(&self, now: Instant) -> impl Iterator<Item = SocketAddr> {
        self.peers.iter(now).map(|(_, entry, _)| entry.paths.listed().address)
    }

    /// Returns the live peers that have this node for a seed, each with its address.
    pub fn unicast_peers(&self, now: Instant) -> impl Iterator<Item = (InstanceId, SocketAddr)> {
        let live = self.peers.iter(now).map(|(_, entry, _)| entry);
        live.filter(move |entry| entry.wants_copies(now))
            .map(|entry| (entry.id, entry.paths.listed().address))
    }

    /// Returns the live peers of which a message came at `since` or later.
    pub fn received_since(&self, since: Instant, now: Instant) -> impl Iterator<Item = InstanceId> {
        let recent = self.peers.slots().filter(move |slot| self.peers.renewed_at(*slot) >= since);
        recent.filter_map(move |slot| self.peers.live_at(slot, now).map(|(entry, _)| entry.id))
    }

    /// Returns true if a message of `len` bytes, and `reserve` bytes after it, may be sent to a path of an instance, and counts
    /// the message. Only listed instances have a limit here.
    pub fn try_spend(&mut self, id: &InstanceId, path: &Path, len: usize, reserve: usize) -> bool {
        match self.peers.slot_of(id) {
            Some(slot) => self.peers.at_mut(slot).try_spend(path, len, reserve),
            None => true,
        }
    }

    /// Adds the bytes of a message of a listed instance to what may be sent to it before it is validated.
    pub fn add_budget(&mut self, id: &InstanceId, len: usize) {
        if let Some(slot) = self.peers.slot_of(id) {
            self.peers.at_mut(slot).add_budget(len);
        }
    }

    /// Handles a legacy beacon. Returns true if it is one of an instance: of a listed one, which is renewed, or of one that
    /// has left.
    ///
    /// A beacon has a name and no more. One of a listed instance's name is that instance's, from whatever port, because it may
    /// have reopened its sockets. The legacy program's own port alone shows a legacy node.
    pub fn on_legacy_beacon(&mut self, name: &str, path: Path, group_port: u16, now: Instant) -> bool {
        if let Some(slot) = self.sender_of_legacy_beacon(name, path) {
            self.renew_by_legacy_beacon(slot, now);
            return true;
        }
        let is_known = path.port() != group_port && self.names.contains_key(name);
        is_known || self.tombstones.has_legacy_sender(name, path.port(), now)
    }

    /// Returns the live peers, in the order of names and then of ids.
    pub fn in_order(&self, now: Instant) -> impl Iterator<Item = PeerView<'_>> {
        let live = self.names.values().flatten().filter_map(move |slot| self.peers.live_at(*slot, now));
        live.map(|(entry, times)| entry.view(times))
    }

    fn on_unlisted(&self, about: &Announcement<'_>, origin: &Origin, now: Instant) -> AnnounceOutcome {
        let Some(tombstone) = self.tombstones.get(&about.id, now) else { return AnnounceOutcome::New };
        let overrides = matches!(origin.echo, Echo::Probe(_));
        match number(about.sequence, tombstone.sequence, tombstone.received_at, overrides, now) {
            Number::Newer => AnnounceOutcome::New,
            Number::Copy | Number::Late => AnnounceOutcome::Stale,
            Number::Implausible => AnnounceOutcome::Implausible,
        }
    }

    /// Returns true if an echo overrides what is known of a peer: it proves the listed path, or that one is not validated.
    fn is_overridden(&self, slot: u32, echo: Echo) -> bool {
        let paths = &self.peers.at(slot).paths;
        matches!(echo, Echo::Probe(path) if path.address == paths.listed().address || !paths.is_validated())
    }

    fn on_news(
        &mut self,
        slot: u32,
        about: &Announcement<'_>,
        origin: &Origin,
        bytes_free: usize,
        now: Instant,
    ) -> AnnounceOutcome {
        let has_room = about.value.len() <= self.peers.at(slot).value.len() + bytes_free;
        let mut is_changed = self.take_over(slot, about, has_room, now);
        is_changed |= self.renew(slot, origin, now);
        is_changed |= self.on_path(slot, origin, now);
        let entry = self.peers.at_mut(slot);
        entry.paths.forget_before(now.checked_sub(entry.lifetime));
        self.take_claims(slot, origin, is_changed, now);
        if has_room { AnnounceOutcome::Known } else { AnnounceOutcome::NoRoom }
    }

    /// Takes over the content of a message. Returns true if a user sees a difference.
    fn take_over(&mut self, slot: u32, about: &Announcement<'_>, may_take_value: bool, now: Instant) -> bool {
        let entry = self.peers.at_mut(slot);
        let before = entry.bytes_used();
        let is_changed = entry.update(about, may_take_value, now);
        self.bytes_used = self.bytes_used - before + entry.bytes_used();
        is_changed
    }

    /// Takes note that a newer message came. Returns true if a user sees a difference.
    fn renew(&mut self, slot: u32, origin: &Origin, now: Instant) -> bool {
        let since_last = now.saturating_duration_since(self.peers.renewed_at(slot));
        let is_validated = origin.validated_path().is_some();
        let entry = self.peers.at_mut(slot);
        entry.grant(is_validated, since_last);
        entry.add_budget(origin.len);
        entry.on_port(origin.path.port());
        let is_changed = origin.arrival == Arrival::Group && entry.on_multicast(now);
        let (lifetime, listed_at) = (entry.lifetime, entry.listed_at);
        if is_validated {
            self.unvalidated.remove(&(listed_at, slot));
        }
        if origin.renews {
            self.peers.renew_at(slot, lifetime, now);
        }
        is_changed
    }

    /// Takes note of the path of a newer message. Returns true if a user sees a difference.
    fn on_path(&mut self, slot: u32, origin: &Origin, now: Instant) -> bool {
        let entry = self.peers.at_mut(slot);
        let is_listed = entry.paths.on_received(origin.path, now);
        let Some(validated) = origin.validated_path() else {
            match is_listed {
                true => self.on_reached(slot, origin.renews, now),
                false => self.suspect(slot, SUSPECT_DELAY, now),
            }
            return false;
        };
        if entry.paths.on_echo(validated, now) {
            self.on_reached(slot, origin.renews, now);
        } else if !entry.paths.is_validated() || is_better(&validated, &entry.paths.listed()) {
            return self.list_path(slot, validated, now);
        }
        false
    }

    /// Handles the last message once more: by another path, or by the same.
    fn on_copy(&mut self, slot: u32, origin: &Origin, now: Instant) {
        let entry = self.peers.at_mut(slot);
        let is_changed = origin.arrival == Arrival::Group && entry.on_multicast(now);
        let is_listed = entry.paths.on_received(origin.path, now);
        // It renews nothing: it may be sent again and again.
        if is_listed && entry.probe.is_suspect() {
            self.reset_probe(slot, now);
        }
        self.take_claims(slot, origin, is_changed, now);
    }

    /// Takes over the claims of a message. Pushes an event if a user sees a difference, or has seen one already.
    fn take_claims(&mut self, slot: u32, origin: &Origin, is_changed: bool, now: Instant) {
        let entry = self.peers.at_mut(slot);
        entry.set_claims(origin);
        let has_new_addresses = entry.paths.publish();
        self.plan_wide_probe(slot, now);
        if is_changed || has_new_addresses {
            self.push_update(slot, now);
        }
    }

    /// Returns the instance that sent a beacon: of several with this name and port, the one at its address. Another one of its
    /// addresses may not be known yet.
    fn sender_of_legacy_beacon(&self, name: &str, path: Path) -> Option<u32> {
        let sends_from = |slot: &u32| self.peers.at(*slot).sends_from(path.port());
        let slots = || self.instances_of(name).filter(sends_from);
        let is_there = |slot: &u32| self.peers.at(*slot).paths.listed().ip() == path.ip();
        slots().find(is_there).or_else(|| slots().next())
    }

    /// Renews the peer that sent a legacy beacon. The beacon makes nothing suspect, because it comes by IPv4 alone.
    fn renew_by_legacy_beacon(&mut self, slot: u32, now: Instant) {
        let lifetime = self.peers.at(slot).lifetime;
        self.peers.renew_at(slot, lifetime, now);
        // A beacon, which has no number, ends no suspicion.
        if !self.peers.at(slot).probe.is_suspect() {
            self.reset_probe(slot, now);
        }
    }

    /// Removes the instance of this name at the very socket of a new one: two do not send from one socket. Ports that the
    /// system does not choose come back after a restart.
    fn remove_former(&mut self, name: &str, path: Path, now: Instant) {
        let entries = self.instances_of(name).map(|slot| self.peers.at(slot));
        let former = entries.filter(|entry| entry.paths.listed().address == path.address);
        for id in former.map(|entry| entry.id).collect::<Vec<_>>() {
            self.remove(id, LeaveReason::Unreachable, now);
        }
    }

    /// Suspects the instances of the name and IP address of a new one: it may be the restart of one of them.
    fn suspect_namesakes(&mut self, name: &str, path: Path, now: Instant) {
        let is_there = |slot: &u32| self.peers.at(*slot).paths.listed().ip() == path.ip();
        let mut slots: Vec<u32> = self.instances_of(name).filter(is_there).collect();
        slots.sort_by_key(|slot| (self.peers.renewed_at(*slot), *slot));
        for slot in slots.into_iter().take(MAX_NAMESAKES) {
            self.suspect(slot, Duration::ZERO, now);
        }
    }

    fn push_update(&mut self, slot: u32, now: Instant) {
        self.events.push(Event::Updated(self.peer(slot, now)));
    }

    /// Returns a copy of a listed peer.
    fn peer(&self, slot: u32, now: Instant) -> Peer {
        self.peers.at(slot).view(self.peers.times_at(slot, now)).to_peer()
    }
}

fn number(sequence: u64, known: u64, received_at: Instant, overrides: bool, now: Instant) -> Number {
    match sequence {
        _ if sequence == known => Number::Copy,
        _ if overrides => Number::Newer,
        _ if sequence < known && now < received_at + MAX_LATENESS => Number::Late,
        _ if sequence < known || sequence - known > MAX_STEP => Number::Implausible,
        _ => Number::Newer,
    }
}

/// Returns true if a validated path wins over a listed one that is validated, too: an address of one link gives way.
fn is_better(path: &Path, listed: &Path) -> bool {
    use crate::interfaces::is_link_local;
    is_link_local(listed.ip()) && !is_link_local(path.ip())
}
