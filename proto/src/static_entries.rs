//! `StaticEntries`: the entries that are known by their name alone: legacy nodes, and what a user has registered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::queue::Events;
use crate::event::{Event, LeaveReason, Peer, PeerView, Source};
use crate::expiring_map::agenda::Term;
use crate::expiring_map::{ExpiringRegistry, Full, Live, Removed, Standing};
use crate::path::Path;
use crate::wire::InstanceId;

/// A registration for longer is one for this long: a century, which every clock can still add to its time.
const LONGEST_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

pub(crate) struct StaticEntries {
    entries: ExpiringRegistry<Arc<str>, StaticEntry>,
    /// Bytes of names and values.
    bytes_used: usize,
    /// How long legacy nodes are held live.
    expiry: Duration,
}

pub(crate) struct StaticEntry {
    pub name: Arc<str>,
    pub value: Box<[u8]>,
    /// The way a legacy node is listed with.
    path: Option<Path>,
    path_heard_at: Instant,
    /// Until when the user has registered it.
    registered_until: Option<Instant>,
    source: Source,
}

impl StaticEntries {
    pub fn new(max_entries: usize, expiry: Duration, now: Instant) -> Self {
        StaticEntries { entries: ExpiringRegistry::new(max_entries, now), bytes_used: 0, expiry }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of names and values.
    pub fn bytes_used(&self) -> usize {
        self.bytes_used
    }

    /// The bytes of the name and value of an entry, if there is one.
    pub fn bytes_used_by(&self, name: &str) -> Option<usize> {
        self.entries.get(name).map(StaticEntry::bytes_used)
    }

    /// Takes in a legacy beacon.
    pub fn on_legacy_beacon(
        &mut self,
        name: &str,
        path: Path,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        // A legacy node speaks at intervals of less than half its expiry: one that was silent on its way for longer has left it.
        let timeout = self.expiry / 2;
        let update = |entry: &mut StaticEntry| entry.on_legacy_beacon(path, timeout, now);
        let new = |name| StaticEntry {
            name,
            value: Box::default(),
            path: Some(path),
            path_heard_at: now,
            registered_until: None,
            source: Source::Legacy,
        };
        // What the user has registered for longer stays for longer.
        let registered = self.entries.get(name).and_then(|entry| entry.registered_until);
        let left = registered.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        self.put(name, self.expiry.max(left), update, new, events, now)
    }

    /// Puts in an entry of the user's. `ttl` of `None` means the node's expiry.
    pub fn register(
        &mut self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        let ttl = ttl.unwrap_or(self.expiry).min(LONGEST_TTL);
        let until = now + ttl;
        let update = |entry: &mut StaticEntry| entry.register(value, until);
        let new = |name| StaticEntry {
            name,
            value: value.into(),
            path: None,
            path_heard_at: now,
            registered_until: Some(until),
            source: Source::Registered,
        };
        self.put(key, ttl, update, new, events, now)
    }

    /// Takes out a legacy node that turns out to be more than that.
    pub fn take_legacy(&mut self, name: &str) {
        if let Some(removed) = self.entries.remove(name) {
            self.forget(&removed);
        }
    }

    /// Takes in the goodbye of one that may have been heard by its lines alone.
    pub fn handle_goodbye(&mut self, name: &str, port: u16, events: &mut Events, now: Instant) {
        if self.legacy_port(name) == Some(port)
            && let Some(removed) = self.entries.remove(name)
        {
            self.forget(&removed);
            push_left(&removed, LeaveReason::Goodbye, events, now);
        }
    }

    /// Takes out those whose time has run out by `now`.
    pub fn handle_timeout(&mut self, events: &mut Events, now: Instant) {
        for removed in self.entries.handle_timeout(now) {
            self.forget(&removed);
            push_left(&removed, LeaveReason::Expired, events, now);
        }
    }

    /// See [`ExpiringRegistry::look_anew`].
    pub fn look_anew(&mut self) {
        self.entries.look_anew();
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.entries.poll_timeout()
    }

    /// After a sleep legacy nodes, which cannot be asked, get the time to speak again. What the user has registered
    /// for a time is there for that time.
    pub fn on_resume(&mut self, now: Instant) {
        let expiry = self.expiry;
        self.entries.extend_all(now, |entry, _| (entry.source == Source::Legacy).then_some(expiry));
    }

    /// How often an entry has come, gone or changed.
    pub fn changes(&self) -> u64 {
        self.entries.changes()
    }

    /// See [`ExpiringRegistry::changed_since`].
    pub fn changed_since(&self, seen: u64) -> Option<impl Iterator<Item = u32>> {
        self.entries.changed_since(seen)
    }

    /// True if there is an entry at a place.
    pub fn has(&self, slot: u32) -> bool {
        self.entries.has(slot)
    }

    /// The places of the entries; see [`ExpiringRegistry::slots`].
    pub fn slots(&self) -> impl Iterator<Item = u32> {
        self.entries.slots()
    }

    /// By which the entries are ordered.
    pub fn name_of(&self, slot: u32) -> (&str, Option<InstanceId>) {
        (&self.entries.at(slot).name, None)
    }

    /// See [`ExpiringRegistry::live`].
    pub fn live<'a>(&'a self, terms: &'a mut Vec<Term>, now: Instant) -> Live<'a, StaticEntry> {
        self.entries.live(terms, now)
    }

    fn forget(&mut self, removed: &Removed<Arc<str>, StaticEntry>) {
        self.bytes_used -= removed.value.bytes_used();
    }

    /// True if there is an entry of this name that lines have made, but not from the port from which the legacy program sends: it is
    /// that of a native, of which nothing but the lines was heard.
    pub fn is_legacy_beacon_of_peer(&self, name: &str, group_port: u16) -> bool {
        self.legacy_port(name).is_some_and(|port| port != group_port)
    }

    /// The port from which the lines come that have made the entry of this name.
    fn legacy_port(&self, name: &str) -> Option<u16> {
        let entry = self.entries.get(name).filter(|entry| entry.source == Source::Legacy)?;
        entry.path.map(|path| path.port())
    }

    /// Renews the entry of a known name, with what is new about it, or makes one.
    fn put(
        &mut self,
        name: &str,
        ttl: Duration,
        update: impl FnOnce(&mut StaticEntry) -> bool,
        new: impl FnOnce(Arc<str>) -> StaticEntry,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        match self.entries.renew(name, ttl, now) {
            Some(slot) => {
                let entry = self.entries.at_mut(slot);
                let (bytes_used, interface) = (entry.bytes_used(), entry.interface());
                let is_changed = update(entry);
                self.bytes_used = self.bytes_used - bytes_used + entry.bytes_used();
                if is_changed || entry.interface() != interface {
                    self.entries.note_change(slot);
                }
                if is_changed {
                    events.push(Event::Updated(self.peer(slot, now)));
                }
            }
            None => {
                let entry = new(name.into());
                let bytes_used = entry.bytes_used();
                self.entries.register(entry.name.clone(), entry, ttl, now)?;
                self.bytes_used += bytes_used;
                let slot = self.entries.slot_of(name).expect("it has just been put in");
                events.push(Event::Joined(self.peer(slot, now)));
            }
        }
        Ok(())
    }

    /// An entry, as it is now.
    fn peer(&self, slot: u32, now: Instant) -> Peer {
        self.entries.at(slot).view(self.entries.standing_at(slot, now)).to_peer()
    }
}

fn push_left(
    removed: &Removed<Arc<str>, StaticEntry>,
    reason: LeaveReason,
    events: &mut Events,
    now: Instant,
) {
    events.push(Event::Left(removed.value.view(removed.standing(now)).to_peer(), reason));
}

impl StaticEntry {
    /// Bytes of its name and value.
    fn bytes_used(&self) -> usize {
        self.name.len() + self.value.len()
    }

    /// The one it is heard through.
    fn interface(&self) -> u32 {
        self.path.map_or(0, |path| path.interface)
    }

    /// True if a user would see a difference.
    fn on_legacy_beacon(&mut self, path: Path, timeout: Duration, now: Instant) -> bool {
        let is_registered = self.registered_until.is_some_and(|until| now < until);
        let was_registered = self.source == Source::Registered && !is_registered;
        if !is_registered {
            self.source = Source::Legacy;
        }
        let is_listed_path = self.path.is_some_and(|listed| listed.ip() == path.ip());
        let is_listed_path_live =
            self.path.is_some() && now.saturating_duration_since(self.path_heard_at) < timeout;
        if is_listed_path || !is_listed_path_live {
            self.path = Some(path);
            self.path_heard_at = now;
        }
        was_registered || !(is_listed_path || is_listed_path_live)
    }

    /// True if a user would see a difference.
    fn register(&mut self, value: &[u8], until: Instant) -> bool {
        self.registered_until = Some(until);
        let was_heard = std::mem::replace(&mut self.source, Source::Registered) != Source::Registered;
        let is_changed = *self.value != *value;
        if is_changed {
            self.value = value.into();
        }
        was_heard || is_changed
    }

    /// It, as it is listed.
    pub fn view(&self, standing: Standing) -> PeerView<'_> {
        PeerView {
            name: &self.name,
            value: &self.value,
            address: self.path.map(|path| path.ip()),
            interface: self.interface(),
            port: 0,
            id: None,
            source: self.source,
            age: standing.age,
            expires_in: standing.left,
        }
    }
}
