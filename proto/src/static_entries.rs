//! `StaticEntries`: entries that are identified by their name alone: legacy peers, and entries that the program registered.
//!
//! A registered entry takes the place of the legacy peer of its name. Beacons of that name are ignored then.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::NotRegistered;
use crate::event::queue::Events;
use crate::event::{Event, LeaveReason, Peer, PeerView, Source};
use crate::expiring_map::{ExpiringMap, Full, Removed, Times};
use crate::path::Path;

pub(crate) struct StaticEntries {
    entries: ExpiringMap<Arc<str>, StaticEntry>,
    usage: Usage,
    /// Lifetime of a legacy peer.
    expiry: Duration,
}

/// Room taken by entries. Bytes are those of names and values.
#[derive(Default)]
pub(crate) struct Usage {
    /// Legacy peers by the times of their listing, with their slots.
    legacy: BTreeSet<(Instant, u32)>,
    pub legacy_bytes: usize,
    pub registered: usize,
    pub registered_bytes: usize,
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

struct StaticEntry {
    name: Arc<str>,
    value: Box<[u8]>,
    address: Option<IpAddr>,
    interface: u32,
    port: u16,
    source: Source,
    listed_at: Instant,
    /// Of a legacy peer: the source port of its beacons.
    beacon_port: u16,
    /// Of a legacy peer: when the last beacon came from its address.
    received_at: Instant,
}

impl<'a> Registration<'a> {
    /// Returns an entry without an address and a port.
    pub fn new(key: &'a str, value: &'a [u8]) -> Self {
        Registration { key, value, address: None, interface: 0, port: 0 }
    }

    pub(crate) fn bytes_used(&self) -> usize {
        self.key.len() + self.value.len()
    }
}

impl StaticEntries {
    pub fn new(max_entries: usize, expiry: Duration) -> Self {
        StaticEntries { entries: ExpiringMap::new(max_entries), usage: Usage::default(), expiry }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    pub fn contains(&self, name: &str) -> bool {
        self.entries.slot_of(name).is_some()
    }

    /// Returns the bytes of a registered entry, if there is one.
    pub fn registered_bytes_of(&self, key: &str) -> Option<usize> {
        let entry = self.entries.at(self.entries.slot_of(key)?);
        entry.is_registered().then(|| entry.bytes_used())
    }

    /// Removes the newest legacy peer, as one that has expired.
    pub fn evict_newest_legacy(&mut self, events: &mut Events, now: Instant) {
        if let Some((_, slot)) = self.usage.legacy.last() {
            self.remove(*slot, LeaveReason::Expired, events, now);
        }
    }

    /// Handles a legacy beacon. Returns true if it lists its sender.
    pub fn on_legacy_beacon(
        &mut self,
        name: &str,
        path: Path,
        events: &mut Events,
        now: Instant,
    ) -> Result<bool, Full> {
        let Some(slot) = self.entries.slot_of(name) else {
            let slot = self.insert(StaticEntry::legacy(name, path, now), self.expiry, now)?;
            events.push(Event::Joined(self.peer(slot, now)));
            return Ok(true);
        };
        if self.entries.at(slot).is_registered() {
            return Ok(false);
        }
        let was_live = self.entries.live_at(slot, now).is_some();
        self.entries.renew_at(slot, self.expiry, now);
        // A legacy node sends at intervals of less than half its expiry. After a longer silence its address is given up.
        if self.entries.at_mut(slot).on_beacon(path, self.expiry / 2, now) {
            events.push(Event::Updated(self.peer(slot, now)));
        }
        Ok(!was_live)
    }

    /// Registers an entry of the program. `ttl` of `None` means the node's expiry.
    pub fn register(
        &mut self,
        registration: &Registration<'_>,
        ttl: Option<Duration>,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        let ttl = ttl.unwrap_or(self.expiry);
        let Some(slot) = self.entries.renew(registration.key, ttl, now) else {
            let slot = self.insert(StaticEntry::registered(registration, now), ttl, now)?;
            events.push(Event::Joined(self.peer(slot, now)));
            return Ok(());
        };
        let entry = self.entries.at_mut(slot);
        if !entry.is_same(registration) {
            self.usage.remove(slot, entry);
            *entry = StaticEntry::registered(registration, now);
            self.usage.add(slot, entry);
            events.push(Event::Updated(self.peer(slot, now)));
        }
        Ok(())
    }

    /// Removes a live entry that the program registered. The next beacon of a legacy peer of this name lists that.
    pub fn unregister(&mut self, key: &str, events: &mut Events, now: Instant) -> Result<(), NotRegistered> {
        let live = self.entries.live_slot(key, now);
        let slot = live.filter(|slot| self.entries.at(*slot).is_registered()).ok_or(NotRegistered)?;
        self.remove(slot, LeaveReason::Unregistered, events, now);
        Ok(())
    }

    /// Removes a legacy peer that turns out to send the native protocol, without an event.
    pub fn take_legacy(&mut self, name: &str) {
        if let Some(slot) = self.entries.slot_of(name) {
            self.take(slot);
        }
    }

    /// Handles the goodbye of a node of which only legacy beacons may have arrived. Returns true if that removes an entry.
    pub fn handle_goodbye(&mut self, name: &str, port: u16, events: &mut Events, now: Instant) -> bool {
        let slot = self.legacy_slot(name, now);
        let its = slot.filter(|slot| self.entries.at(*slot).beacon_port == port);
        its.map(|slot| self.remove(slot, LeaveReason::Goodbye, events, now)).is_some()
    }

    /// Returns true if there is a legacy peer of this name, and its beacons come from another port than the legacy program's: it
    /// is a peer whose messages have not arrived.
    pub fn is_legacy_beacon_of_peer(&self, name: &str, group_port: u16, now: Instant) -> bool {
        let slot = self.legacy_slot(name, now);
        slot.is_some_and(|slot| self.entries.at(slot).beacon_port != group_port)
    }

    /// Removes expired entries.
    pub fn handle_timeout(&mut self, events: &mut Events, now: Instant) {
        for removed in self.entries.handle_timeout(now) {
            self.usage.remove(removed.slot, &removed.value);
            events.push(removed.value.left(removed.times(now), LeaveReason::Expired));
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.entries.poll_timeout()
    }

    /// See [`ExpiringMap::overdue`].
    pub fn overdue(&self, now: Instant) -> (usize, u64) {
        self.entries.overdue(now)
    }

    /// Renews legacy peers after a suspend: they cannot be probed. Registrations end at their time.
    pub fn on_resume(&mut self, now: Instant) {
        let expiry = self.expiry;
        self.entries.extend_all(now, |_, entry, _| (!entry.is_registered()).then_some(expiry));
    }

    /// Returns the live entries, in the order of names.
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = PeerView<'_>> {
        self.entries.iter(now).map(|(_, entry, times)| entry.view(times))
    }

    fn legacy_slot(&self, name: &str, now: Instant) -> Option<u32> {
        self.entries.live_slot(name, now).filter(|slot| !self.entries.at(*slot).is_registered())
    }

    fn insert(&mut self, entry: StaticEntry, ttl: Duration, now: Instant) -> Result<u32, Full> {
        let slot = self.entries.insert(entry.name.clone(), entry, ttl, now)?;
        self.usage.add(slot, self.entries.at(slot));
        Ok(slot)
    }

    fn take(&mut self, slot: u32) -> Removed<Arc<str>, StaticEntry> {
        let removed = self.entries.remove_at(slot);
        self.usage.remove(slot, &removed.value);
        removed
    }

    fn remove(&mut self, slot: u32, reason: LeaveReason, events: &mut Events, now: Instant) {
        let removed = self.take(slot);
        events.push(removed.value.left(removed.times(now), reason));
    }

    fn peer(&self, slot: u32, now: Instant) -> Peer {
        self.entries.at(slot).view(self.entries.times_at(slot, now)).to_peer()
    }
}

impl Usage {
    /// Returns the number of legacy peers.
    pub fn legacy(&self) -> usize {
        self.legacy.len()
    }

    /// Returns when the newest legacy peer was listed.
    pub fn newest_legacy(&self) -> Option<Instant> {
        self.legacy.last().map(|(listed_at, _)| *listed_at)
    }

    fn add(&mut self, slot: u32, entry: &StaticEntry) {
        if entry.is_registered() {
            self.registered += 1;
            self.registered_bytes += entry.bytes_used();
        } else {
            self.legacy.insert((entry.listed_at, slot));
            self.legacy_bytes += entry.bytes_used();
        }
    }

    fn remove(&mut self, slot: u32, entry: &StaticEntry) {
        if entry.is_registered() {
            self.registered -= 1;
            self.registered_bytes -= entry.bytes_used();
        } else {
            self.legacy.remove(&(entry.listed_at, slot));
            self.legacy_bytes -= entry.bytes_used();
        }
    }
}

impl StaticEntry {
    fn legacy(name: &str, path: Path, now: Instant) -> Self {
        let (address, interface) = (Some(path.ip()), path.interface);
        let entry = Registration { address, interface, ..Registration::new(name, b"") };
        StaticEntry {
            source: Source::Legacy,
            beacon_port: path.port(),
            ..StaticEntry::registered(&entry, now)
        }
    }

    fn registered(registration: &Registration<'_>, now: Instant) -> Self {
        let Registration { key, value, address, interface, port } = *registration;
        StaticEntry {
            name: key.into(),
            value: value.into(),
            address,
            interface,
            port,
            source: Source::Registered,
            listed_at: now,
            beacon_port: 0,
            received_at: now,
        }
    }

    fn is_registered(&self) -> bool {
        self.source == Source::Registered
    }

    fn is_same(&self, registration: &Registration<'_>) -> bool {
        let Registration { value, address, interface, port, .. } = *registration;
        self.is_registered()
            && *self.value == *value
            && (self.address, self.interface, self.port) == (address, interface, port)
    }

    fn bytes_used(&self) -> usize {
        self.name.len() + self.value.len()
    }

    /// Takes note of a beacon. Returns true if the user sees a difference.
    fn on_beacon(&mut self, path: Path, timeout: Duration, now: Instant) -> bool {
        let is_listed = self.address == Some(path.ip());
        let is_silent = self.received_at + timeout <= now;
        if is_listed || is_silent {
            (self.address, self.interface) = (Some(path.ip()), path.interface);
            (self.beacon_port, self.received_at) = (path.port(), now);
        }
        is_silent && !is_listed
    }

    fn left(&self, times: Times, reason: LeaveReason) -> Event {
        Event::Left(self.view(times).to_peer(), reason)
    }

    fn view(&self, times: Times) -> PeerView<'_> {
        PeerView {
            name: &self.name,
            value: &self.value,
            address: self.address,
            interface: self.interface,
            further_addresses: &[],
            addresses_validated: usize::from(self.address.is_some()),
            port: self.port,
            id: None,
            source: self.source,
            age: times.age,
            expires_in: times.expires_in,
        }
    }
}
