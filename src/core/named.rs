//! `Named`: the entries that are known by their name alone: the ancestor's nodes, and what a user has registered.

use std::time::{Duration, Instant};

use super::event::{Event, LeaveReason, PeerView, Source};
use super::events::Events;
use super::path::Path;
use super::registry::{Expired, ExpiringRegistry, Full, Live};
use super::wire::InstanceId;

/// A registration for longer is one for this long: a century, which every clock can still add to its time.
const LONGEST_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

pub(super) struct Named {
    entries: ExpiringRegistry<Box<str>, Entry>,
    /// Bytes of names and values.
    held: usize,
    /// How long the ancestor's nodes are held live.
    expiry: Duration,
}

pub(super) struct Entry {
    pub value: Box<[u8]>,
    /// The way an ancestor's node is listed with.
    path: Option<Path>,
    path_heard_at: Instant,
    /// Until when the user has registered it.
    registered_until: Option<Instant>,
    source: Source,
    pub heard_at: Instant,
}

impl Named {
    pub fn new(max_entries: usize, expiry: Duration, now: Instant) -> Self {
        Named { entries: ExpiringRegistry::new(max_entries, now), held: 0, expiry }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of names and values.
    pub fn held(&self) -> usize {
        self.held
    }

    /// The bytes of the name and value of an entry, if there is one.
    pub fn held_by(&self, name: &str) -> Option<usize> {
        self.entries.get(name).map(|entry| entry.held(name))
    }

    /// Takes in a line of the ancestor's.
    pub fn hear_line(
        &mut self,
        name: &str,
        path: Path,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        // An ancestor speaks at intervals of less than half its expiry: one that was silent on its way for longer has left it.
        let patience = self.expiry / 2;
        let take_over = |entry: &mut Entry| entry.hear_line(path, patience, now);
        let new = || Entry {
            value: Box::default(),
            path: Some(path),
            path_heard_at: now,
            registered_until: None,
            source: Source::Ancestor,
            heard_at: now,
        };
        // What the user has registered for longer stays for longer.
        let registered = self.entries.get(name).and_then(|entry| entry.registered_until);
        let left = registered.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        self.put(name, self.expiry.max(left), take_over, new, events, now)
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
        let take_over = |entry: &mut Entry| entry.register(value, until, now);
        let new = || Entry {
            value: value.into(),
            path: None,
            path_heard_at: now,
            registered_until: Some(until),
            source: Source::Registered,
            heard_at: now,
        };
        self.put(key, ttl, take_over, new, events, now)
    }

    /// Takes out an ancestor's node that turns out to be more than that.
    pub fn take_line(&mut self, name: &str) {
        self.remove(name);
    }

    /// Takes in the goodbye of one that may have been heard by its lines alone.
    pub fn handle_goodbye(&mut self, name: &str, port: u16, events: &mut Events, now: Instant) {
        if self.line_port(name) == Some(port)
            && let Some(entry) = self.remove(name)
        {
            events.tell(Event::Left(entry.view(name, Duration::ZERO, now).to_peer(), LeaveReason::Goodbye));
        }
    }

    /// Takes out those whose time has run out by `now`.
    pub fn handle_timeout(&mut self, events: &mut Events, now: Instant) {
        for Expired { key, value: entry, .. } in self.entries.handle_timeout(now) {
            self.held -= entry.held(&key);
            events.tell(Event::Left(entry.view(&key, Duration::ZERO, now).to_peer(), LeaveReason::Expired));
        }
    }

    /// See [`ExpiringRegistry::look_anew`].
    pub fn look_anew(&mut self) {
        self.entries.look_anew();
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.entries.poll_timeout()
    }

    /// After a sleep the ancestor's nodes, which cannot be asked, get the time to speak again. What the user has registered
    /// for a time is there for that time.
    pub fn forgive_sleep(&mut self, now: Instant) {
        let slots: Vec<u32> = self.entries.slots().collect();
        for slot in slots {
            if self.entries.at_mut(slot).source == Source::Ancestor {
                self.entries.renew_at(slot, self.expiry, now);
            }
        }
    }

    /// How often an entry has come or gone.
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
        (self.entries.at(slot).0, None)
    }

    /// The entries that are live now.
    pub fn live(&self, now: Instant) -> Live<'_, Box<str>, Entry> {
        self.entries.live(now)
    }

    fn remove(&mut self, name: &str) -> Option<Entry> {
        let entry = self.entries.remove(name)?;
        self.held -= entry.held(name);
        Some(entry)
    }

    /// True if there is an entry of this name that lines have made, but not from the port from which the ancestor sends: it is
    /// that of a native, of which nothing but the lines was heard.
    pub fn is_natives_line(&self, name: &str, group_port: u16) -> bool {
        self.line_port(name).is_some_and(|port| port != group_port)
    }

    /// The port from which the lines come that have made the entry of this name.
    fn line_port(&self, name: &str) -> Option<u16> {
        let entry = self.entries.get(name).filter(|entry| entry.source == Source::Ancestor)?;
        entry.path.map(|path| path.port())
    }

    /// Renews the entry of a known name, with what is new about it, or makes one.
    fn put(
        &mut self,
        name: &str,
        ttl: Duration,
        take_over: impl FnOnce(&mut Entry) -> bool,
        new: impl FnOnce() -> Entry,
        events: &mut Events,
        now: Instant,
    ) -> Result<(), Full> {
        match self.entries.renew(name, ttl, now) {
            Some(entry) => {
                let before = entry.value.len();
                if take_over(entry) {
                    self.held = self.held - before + entry.value.len();
                    events.tell(Event::Updated(entry.view(name, ttl, now).to_peer()));
                }
            }
            None => {
                let entry = new();
                let joined = Event::Joined(entry.view(name, ttl, now).to_peer());
                let held = entry.held(name);
                self.entries.register(name.into(), entry, ttl, now)?;
                self.held += held;
                events.tell(joined);
            }
        }
        Ok(())
    }
}

impl Entry {
    /// Bytes of its name, which is this, and value.
    fn held(&self, name: &str) -> usize {
        name.len() + self.value.len()
    }

    /// True if a user would see a difference.
    fn hear_line(&mut self, path: Path, patience: Duration, now: Instant) -> bool {
        self.heard_at = now;
        let is_registered = self.registered_until.is_some_and(|until| now < until);
        let was_registered = self.source == Source::Registered && !is_registered;
        if !is_registered {
            self.source = Source::Ancestor;
        }
        let is_listed_path = self.path.is_some_and(|listed| listed.ip() == path.ip());
        let is_listed_path_live =
            self.path.is_some() && now.saturating_duration_since(self.path_heard_at) < patience;
        if is_listed_path || !is_listed_path_live {
            self.path = Some(path);
            self.path_heard_at = now;
        }
        was_registered || !(is_listed_path || is_listed_path_live)
    }

    /// True if a user would see a difference.
    fn register(&mut self, value: &[u8], until: Instant, now: Instant) -> bool {
        self.heard_at = now;
        self.registered_until = Some(until);
        let was_heard = std::mem::replace(&mut self.source, Source::Registered) != Source::Registered;
        let is_changed = *self.value != *value;
        if is_changed {
            self.value = value.into();
        }
        was_heard || is_changed
    }

    /// The time since it was last heard or registered, and the interface it is heard through.
    pub fn hearing(&self, now: Instant) -> (Duration, u32) {
        (now.saturating_duration_since(self.heard_at), self.path.map_or(0, |path| path.interface))
    }

    /// It, of this name, as it is listed with the time that is left to it.
    pub fn view<'a>(&'a self, name: &'a str, expires_in: Duration, now: Instant) -> PeerView<'a> {
        let (age, interface) = self.hearing(now);
        PeerView {
            name,
            value: &self.value,
            address: self.path.map(|path| path.ip()),
            interface,
            port: 0,
            id: None,
            source: self.source,
            age,
            expires_in,
        }
    }
}
