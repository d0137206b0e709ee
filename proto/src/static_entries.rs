//! `StaticEntries`: entries that are identified by their name alone: legacy peers, and entries that the user registered.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::NotRegistered;
use crate::event::queue::Events;
use crate::event::{Event, LeaveReason, Peer, PeerView, Source};
use crate::expiring_map::{ExpiringMap, Full, MAX_TTL, Removed, Times};
use crate::path::Path;

pub(crate) struct StaticEntries {
    entries: ExpiringMap<Arc<str>, StaticEntry>,
    /// Legacy peers by the times of their listing, with their slots.
    legacy_by_time: BTreeSet<(Instant, u32)>,
    /// Legacy peers.
    legacy: Usage,
    /// Entries of the user.
    registered: Usage,
    /// Lifetime of a legacy peer.
    expiry: Duration,
}

/// Room taken by entries.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub count: usize,
    /// Bytes of names and values.
    pub bytes: usize,
}

/// An entry that the program registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration<'a> {
    /// The name under which it is listed.
    pub key: &'a str,
    /// Its value: at most [`MAX_VALUE`](crate::MAX_VALUE) bytes.
    pub value: &'a [u8],
    /// Its address, if it has one.
    pub address: Option<IpAddr>,
    /// Index of the interface that is the scope of a link-local address; or 0.
    pub interface: u32,
    /// Port of its service; or 0.
    pub port: u16,
}

impl<'a> Registration<'a> {
    /// Returns an entry without an address and a port.
    pub fn new(key: &'a str, value: &'a [u8]) -> Self {
        Registration { key, value, address: None, interface: 0, port: 0 }
    }

    fn place(&self) -> Place {
        Place { address: self.address, interface: self.interface, port: self.port }
    }
}

/// Where the program says that a registered entry is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    address: Option<IpAddr>,
    interface: u32,
    port: u16,
}

pub(crate) struct StaticEntry {
    pub name: Arc<str>,
    pub value: Box<[u8]>,
    /// The path of a legacy peer.
    path: Option<Path>,
    path_heard_at: Instant,
    listed_at: Instant,
    /// When the entry expires as one of a legacy peer.
    legacy_until: Instant,
    /// Of the user's registration.
    place: Place,
    source: Source,
}

impl StaticEntries {
    pub fn new(max_entries: usize, expiry: Duration) -> Self {
        StaticEntries {
            entries: ExpiringMap::new(max_entries),
            legacy_by_time: BTreeSet::new(),
            legacy: Usage::default(),
            registered: Usage::default(),
            expiry,
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the room that legacy peers take.
    pub fn legacy(&self) -> Usage {
        self.legacy
    }

    /// Returns the room that the user's entries take.
    pub fn registered(&self) -> Usage {
        self.registered
    }

    /// Returns the number of bytes of the name and value of an entry, if there is one, and whether the user registered it.
    pub fn bytes_used_by(&self, name: &str) -> Option<(usize, bool)> {
        self.entries.get(name).map(|entry| (entry.bytes_used(), entry.source == Source::Registered))
    }

    /// Handles a legacy beacon. Returns true if the entry is new.
    pub fn on_legacy_beacon(
        &mut self,
        name: &str,
        path: Path,
        events: &mut Events,
        now: Instant,
    ) -> Result<bool, Full> {
        // A legacy node sends at intervals of less than half its expiry. After a longer silence its path is given up.
        let timeout = self.expiry / 2;
        let legacy_until = now + self.expiry;
        let live = self.entries.slot_of(name).and_then(|slot| self.entries.live_at(slot, now));
        let is_new = live.is_none();
        // A beacon moves the end of no registration.
        let registered = live.filter(|(entry, _)| entry.source == Source::Registered);
        let left = registered.map(|(_, times)| times.expires_in);
        let update = |entry: &mut StaticEntry| {
            let has_ended = left.is_none() && entry.end_registration();
            entry.legacy_until = legacy_until;
            entry.on_legacy_beacon(path, timeout, now) || has_ended
        };
        self.put(name, left.unwrap_or(self.expiry), update, events, now).map(|()| is_new)
    }

    /// Registers an entry of the user. `ttl` of `None` means the node's expiry.
    pub fn register(
        &mut self,
        registration: &Registration<'_>,
        ttl: Option<Duration>,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        let ttl = ttl.unwrap_or(self.expiry).min(MAX_TTL);
        self.put(registration.key, ttl, |entry| entry.register(registration), events, now)
    }

    /// Removes a live entry that the user registered. If it is a legacy peer as well, its next beacon lists it again.
    pub fn unregister(&mut self, key: &str, events: &mut Events, now: Instant) -> Result<(), NotRegistered> {
        let slot = self.entries.slot_of(key).ok_or(NotRegistered)?;
        let (entry, _) = self.entries.live_at(slot, now).ok_or(NotRegistered)?;
        if entry.source != Source::Registered {
            return Err(NotRegistered);
        }
        self.remove(key, LeaveReason::Unregistered, events, now);
        Ok(())
    }

    /// Removes a legacy peer that turns out to send the native protocol, without an event.
    pub fn take_legacy(&mut self, name: &str) {
        if let Some(removed) = self.entries.remove(name) {
            self.forget(&removed);
        }
    }

    /// Returns when the newest legacy peer was listed.
    pub fn newest_legacy(&self) -> Option<Instant> {
        self.legacy_by_time.last().map(|(listed_at, _)| *listed_at)
    }

    /// Removes the newest legacy peer, as one that has expired.
    pub fn evict_newest_legacy(&mut self, events: &mut Events, now: Instant) {
        if let Some((_, slot)) = self.legacy_by_time.last() {
            let name = self.entries.at(*slot).name.clone();
            self.remove(&name, LeaveReason::Expired, events, now);
        }
    }

    /// See [`ExpiringMap::overdue`].
    pub fn overdue(&self, now: Instant) -> (usize, u64) {
        self.entries.overdue(now)
    }

    /// Handles the goodbye of a node of which only legacy beacons may have arrived. Returns true if that removes an entry.
    pub fn handle_goodbye(&mut self, name: &str, port: u16, events: &mut Events, now: Instant) -> bool {
        let is_its = self.legacy_port(name, now) == Some(port);
        if is_its {
            self.remove(name, LeaveReason::Goodbye, events, now);
        }
        is_its
    }

    /// Removes expired entries. A registration that has ended leaves the legacy peer of its name.
    pub fn handle_timeout(&mut self, events: &mut Events, now: Instant) {
        for mut removed in self.entries.handle_timeout(now) {
            self.forget(&removed);
            let left = removed.value.legacy_until.saturating_duration_since(now);
            if left.is_zero() {
                push_left(&removed, LeaveReason::Expired, events, now);
                continue;
            }
            removed.value.end_registration();
            if let Ok(slot) = self.insert(removed.value, left, now) {
                events.push(Event::Updated(self.peer(slot, now)));
            }
        }
    }

    /// See [`ExpiringMap::correct_timeout`].
    pub fn correct_timeout(&mut self) {
        self.entries.correct_timeout();
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.entries.poll_timeout()
    }

    /// Renews legacy peers after a suspend: they cannot be probed. Registrations end at their time.
    pub fn on_resume(&mut self, now: Instant) {
        let expiry = self.expiry;
        self.entries.extend_all(now, |_, entry, _| (entry.source == Source::Legacy).then_some(expiry));
    }

    /// Returns the names and slots of all entries, in the order of names.
    pub fn in_order(&self) -> impl Iterator<Item = (&str, u32)> {
        self.entries.slots().map(|(name, slot)| (&**name, slot))
    }

    /// Returns the entry in a slot, if it is live.
    pub fn live_view(&self, slot: u32, now: Instant) -> Option<PeerView<'_>> {
        let (entry, times) = self.entries.live_at(slot, now)?;
        Some(entry.view(times))
    }

    fn forget(&mut self, removed: &Removed<Arc<str>, StaticEntry>) {
        self.discount(removed.value.room(removed.slot));
    }

    /// Returns true if there is a legacy entry of this name, and its beacons come from another port than the legacy program's: it
    /// belongs to a peer whose messages have not arrived.
    pub fn is_legacy_beacon_of_peer(&self, name: &str, group_port: u16, now: Instant) -> bool {
        self.legacy_port(name, now).is_some_and(|port| port != group_port)
    }

    /// Returns the source port of the beacons of a legacy entry.
    fn legacy_port(&self, name: &str, now: Instant) -> Option<u16> {
        let entry = self.entries.live(name, now).filter(|entry| entry.source == Source::Legacy)?;
        entry.path.map(|path| path.port())
    }

    fn remove(&mut self, name: &str, reason: LeaveReason, events: &mut Events, now: Instant) {
        if let Some(removed) = self.entries.remove(name) {
            self.forget(&removed);
            push_left(&removed, reason, events, now);
        }
    }

    /// Updates and renews the entry of a name, which is inserted if it is not known.
    fn put(
        &mut self,
        name: &str,
        ttl: Duration,
        update: impl FnOnce(&mut StaticEntry) -> bool,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        match self.entries.renew(name, ttl, now) {
            Some(slot) => {
                let entry = self.entries.at_mut(slot);
                let before = entry.room(slot);
                let is_changed = update(entry);
                let after = entry.room(slot);
                self.discount(before);
                self.count(after);
                if is_changed {
                    events.push(Event::Updated(self.peer(slot, now)));
                }
            }
            None => {
                let mut entry = StaticEntry::new(name, now);
                update(&mut entry);
                let slot = self.insert(entry, ttl, now)?;
                events.push(Event::Joined(self.peer(slot, now)));
            }
        }
        Ok(())
    }

    fn insert(&mut self, entry: StaticEntry, ttl: Duration, now: Instant) -> Result<u32, Full> {
        let name = entry.name.clone();
        self.entries.insert(name.clone(), entry, ttl, now)?;
        let slot = self.entries.slot_of(&name).expect("the entry was just inserted");
        self.count(self.entries.at(slot).room(slot));
        Ok(slot)
    }

    fn count(&mut self, room: Room) {
        if let Some(key) = room.legacy_key {
            self.legacy_by_time.insert(key);
        }
        let usage = self.usage(&room);
        usage.count += 1;
        usage.bytes += room.bytes;
    }

    fn discount(&mut self, room: Room) {
        if let Some(key) = room.legacy_key {
            self.legacy_by_time.remove(&key);
        }
        let usage = self.usage(&room);
        usage.count -= 1;
        usage.bytes -= room.bytes;
    }

    fn usage(&mut self, room: &Room) -> &mut Usage {
        if room.legacy_key.is_some() { &mut self.legacy } else { &mut self.registered }
    }

    /// Returns the entry in a slot.
    fn peer(&self, slot: u32, now: Instant) -> Peer {
        self.entries.at(slot).view(self.entries.times_at(slot, now)).to_peer()
    }
}

fn push_left(
    removed: &Removed<Arc<str>, StaticEntry>,
    reason: LeaveReason,
    events: &mut Events,
    now: Instant,
) {
    events.push(Event::Left(removed.value.view(removed.times(now)).to_peer(), reason));
}

/// Room that one entry takes.
struct Room {
    bytes: usize,
    /// Of a legacy peer: when it was listed, and its slot.
    legacy_key: Option<(Instant, u32)>,
}

impl StaticEntry {
    fn new(name: &str, now: Instant) -> Self {
        StaticEntry {
            name: name.into(),
            value: Box::default(),
            path: None,
            path_heard_at: now,
            listed_at: now,
            legacy_until: now,
            place: Place::default(),
            source: Source::Legacy,
        }
    }

    /// Returns the number of bytes of name and value.
    fn bytes_used(&self) -> usize {
        self.name.len() + self.value.len()
    }

    fn room(&self, slot: u32) -> Room {
        let is_legacy = self.source == Source::Legacy;
        Room { bytes: self.bytes_used(), legacy_key: is_legacy.then_some((self.listed_at, slot)) }
    }

    /// Returns the index of the interface of the path; 0 without one.
    fn interface(&self) -> u32 {
        self.path.map_or(0, |path| path.interface)
    }

    /// Takes note that the user's registration has ended. Returns false if there was none.
    fn end_registration(&mut self) -> bool {
        let was_registered = self.source == Source::Registered;
        if was_registered {
            (self.source, self.place, self.value) = (Source::Legacy, Place::default(), Box::default());
        }
        was_registered
    }

    /// Returns true if the user sees a difference.
    fn on_legacy_beacon(&mut self, path: Path, timeout: Duration, now: Instant) -> bool {
        let is_listed_path = self.path.is_some_and(|listed| listed.ip() == path.ip());
        let is_listed_path_live =
            self.path.is_some() && now.saturating_duration_since(self.path_heard_at) < timeout;
        if is_listed_path || !is_listed_path_live {
            self.path = Some(path);
            self.path_heard_at = now;
        }
        !(is_listed_path || is_listed_path_live)
    }

    /// Returns true if the user sees a difference.
    fn register(&mut self, registration: &Registration<'_>) -> bool {
        let was_heard = std::mem::replace(&mut self.source, Source::Registered) != Source::Registered;
        let place = registration.place();
        let has_moved = std::mem::replace(&mut self.place, place) != place;
        let is_changed = *self.value != *registration.value;
        if is_changed {
            self.value = registration.value.into();
        }
        was_heard || is_changed || has_moved
    }

    /// Returns the entry as it is listed.
    pub fn view(&self, times: Times) -> PeerView<'_> {
        let (address, interface) = match self.place.address {
            Some(address) => (Some(address), self.place.interface),
            None => (self.path.map(|path| path.ip()), self.interface()),
        };
        PeerView {
            name: &self.name,
            value: &self.value,
            address,
            interface,
            further_addresses: &[],
            addresses_validated: usize::from(address.is_some()),
            port: self.place.port,
            id: None,
            source: self.source,
            age: times.age,
            expires_in: times.expires_in,
        }
    }
}
