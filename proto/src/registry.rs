//! `Registry`: everything that a node lists, within its limits, and the events about it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::error::{NotRegistered, RegisterError};
use crate::event::queue::Events;
use crate::event::{Event, Source};
use crate::expiring_map::Full;
use crate::path::Path;
use crate::peer_table::leave::GoodbyeOutcome;
use crate::peer_table::{AnnounceOutcome, Origin, PeerTable};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::static_entries::{Registration, StaticEntries};
use crate::wire::Announcement;
#[cfg(feature = "swim")]
use crate::wire::InstanceId;

/// Default maximum bytes of names and values together, for each entry there may be. Few programs announce as much; no flood of
/// the longest values fills more than 32 MB with the default number of peers.
const BYTES_PER_PEER: usize = 512;

/// The default is no less: where there may be few entries, each may be long.
const MIN_BYTES: usize = 64 * 1024;

/// With less than this part of the bytes left, a newcomer has to validate its path: a long value may not fit.
const BYTES_RESERVE: usize = 16;

pub(crate) struct Registry {
    peers: PeerTable,
    static_entries: StaticEntries,
    max_peers: usize,
    max_bytes: usize,
    group_port: u16,
    /// Number of times that entries were found past their deadlines, or revived.
    deadlines_passed: u64,
    /// The entries past their deadlines at the last look, as [`ExpiringMap::overdue`](crate::ExpiringMap::overdue) counts them.
    overdue: [(usize, u64); 2],
}

impl Registry {
    pub fn new(settings: &Settings) -> Self {
        let Settings { max_peers, expiry, .. } = *settings;
        Registry {
            peers: PeerTable::new(&settings.cluster, max_peers, expiry),
            static_entries: StaticEntries::new(2 * max_peers, expiry),
            max_peers,
            max_bytes: match settings.entries_max_bytes {
                0 => max_peers.saturating_mul(BYTES_PER_PEER).max(MIN_BYTES),
                bytes => bytes,
            },
            group_port: settings.group_port,
            deadlines_passed: 0,
            overdue: Default::default(),
        }
    }

    pub fn peers(&self) -> &PeerTable {
        &self.peers
    }

    pub fn peers_mut(&mut self) -> &mut PeerTable {
        &mut self.peers
    }

    pub fn len(&self) -> usize {
        self.peers.len() + self.static_entries.len()
    }

    pub fn snapshot(&self, now: Instant) -> Snapshot<'_> {
        Snapshot::new(&self.peers, &self.static_entries, now)
    }

    /// Returns the version of the list at `now`. An entry that is past its deadline is no longer listed, and raises its event only
    /// when it is removed.
    pub fn version(&mut self, now: Instant) -> u64 {
        let overdue = [self.peers.overdue(now), self.static_entries.overdue(now)];
        let has_changed = std::mem::replace(&mut self.overdue, overdue) != overdue;
        self.deadlines_passed += u64::from(has_changed);
        1 + self.peers.events.total() + self.deadlines_passed
    }

    pub fn events(&self) -> &Events {
        &self.peers.events
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.peers.events.take()
    }

    /// Handles a legacy beacon. Returns true if it lists a new legacy node.
    pub fn on_legacy_beacon(&mut self, name: &str, path: Path, now: Instant) -> Result<bool, Full> {
        if self.peers.on_legacy_beacon(name, path, self.group_port, now) {
            // It is the beacon of a peer that sends messages of the native protocol as well.
            return Ok(false);
        }
        if !self.static_entries.contains(name) && (self.is_full() || name.len() > self.bytes_free()) {
            return Err(Full);
        }
        let is_new = self.static_entries.on_legacy_beacon(name, path, &mut self.peers.events, now)?;
        Ok(is_new && path.port() == self.group_port)
    }

    /// Handles an announce or a query. A `New` instance is left to the caller to list.
    pub fn on_announce(
        &mut self,
        about: &Announcement<'_>,
        origin: &Origin,
        now: Instant,
    ) -> AnnounceOutcome {
        let bytes_free = self.bytes_free();
        self.peers.on_announce(about, origin, bytes_free, now)
    }

    /// Handles a goodbye. One of an instance that is not listed ends the legacy entry that its beacons have made.
    pub fn on_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) -> GoodbyeOutcome {
        let outcome = self.on_member_goodbye(about, path, now);
        if matches!(outcome, GoodbyeOutcome::Left | GoodbyeOutcome::Unlisted)
            && self.static_entries.handle_goodbye(about.name, path.port(), &mut self.peers.events, now)
        {
            // A late message or beacon does not list it again.
            self.peers.add_legacy_tombstone(about, path.port(), now);
        }
        outcome
    }

    /// Handles the goodbye of a member of the cluster.
    pub fn on_member_goodbye(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        now: Instant,
    ) -> GoodbyeOutcome {
        self.peers.handle_goodbye(about, path, now)
    }

    /// Lists a new instance. An entry that its legacy beacons have made becomes its entry. If the list is full, a validated
    /// instance may take the place of another.
    pub fn list_peer(
        &mut self,
        about: &Announcement<'_>,
        origin: &Origin,
        source: Source,
        now: Instant,
    ) -> Result<(), Full> {
        let may_ever_fit = about.name.len() + about.value.len() <= self.max_bytes;
        let may_evict = may_ever_fit && origin.validated_path().is_some();
        while !self.has_room_for(about, now) {
            if !may_evict || !self.evict_for(origin.path.ip(), now) {
                return Err(Full);
            }
        }
        let was_listed = self.has_legacy_entry_of(about.name, now);
        if was_listed {
            self.static_entries.take_legacy(about.name);
        }
        let peer = self.peers.insert(about, origin, source, now);
        self.peers.events.push(if was_listed { Event::Updated(peer) } else { Event::Joined(peer) });
        Ok(())
    }

    /// Evicts an entry for a validated newcomer from `ip`: the newest unvalidated one, of which a legacy peer is one, or else a
    /// peer of a crowded address. Returns false if there is none.
    fn evict_for(&mut self, ip: IpAddr, now: Instant) -> bool {
        let legacy = self.static_entries.usage().newest_legacy();
        if legacy.is_some() && legacy >= self.peers.newest_unvalidated() {
            self.static_entries.evict_newest_legacy(&mut self.peers.events, now);
            return true;
        }
        self.peers.evict_for(ip, self.max_peers, now)
    }

    /// Lists an entry of the program's. Such entries have room of their own.
    pub fn register(
        &mut self,
        entry: &Registration<'_>,
        ttl: Option<Duration>,
        now: Instant,
    ) -> Result<(), RegisterError> {
        let (usage, before) =
            (self.static_entries.usage(), self.static_entries.registered_bytes_of(entry.key));
        if before.is_none() && usage.registered >= self.max_peers {
            return Err(RegisterError::Full { max_peers: self.max_peers });
        }
        if usage.registered_bytes - before.unwrap_or_default() + entry.bytes_used() > self.max_bytes {
            return Err(RegisterError::BytesFull { max_bytes: self.max_bytes });
        }
        let registered = self.static_entries.register(entry, ttl, &mut self.peers.events, now);
        registered.map_err(|Full| RegisterError::Full { max_peers: self.max_peers })
    }

    /// Removes an entry of the program's.
    pub fn unregister(&mut self, key: &str, now: Instant) -> Result<(), NotRegistered> {
        self.static_entries.unregister(key, &mut self.peers.events, now)
    }

    /// Removes a peer of which SWIM knows that it has left.
    #[cfg(feature = "swim")]
    pub fn remove_member(&mut self, id: &InstanceId, reason: crate::LeaveReason, now: Instant) {
        self.peers.leave(id, reason, now);
    }

    /// Removes static entries that have expired.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.static_entries.handle_timeout(&mut self.peers.events, now);
    }

    /// Gives each entry time to be renewed after a suspend.
    pub fn on_resume(&mut self, is_probing: bool, now: Instant) {
        if is_probing {
            self.peers.on_resume(now);
        }
        self.static_entries.on_resume(now);
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.peers.poll_timeout(), self.static_entries.poll_timeout()].into_iter().flatten().min()
    }

    /// Returns true if the list has no room for another peer.
    pub fn is_full(&self) -> bool {
        self.peers.len() + self.static_entries.usage().legacy() >= self.max_peers
    }

    /// Returns true if newcomers are to be validated, so that they may evict others.
    pub fn is_nearly_full(&self) -> bool {
        self.is_full() || self.bytes_free() < self.max_bytes / BYTES_RESERVE
    }

    /// Returns true if the list has room for a newcomer. The entry that its legacy beacons have made gives way to it.
    pub fn has_room_for(&self, about: &Announcement<'_>, now: Instant) -> bool {
        let was_listed = self.has_legacy_entry_of(about.name, now);
        let bytes_freed = if was_listed { about.name.len() } else { 0 };
        let has_bytes = about.name.len() + about.value.len() <= self.bytes_free() + bytes_freed;
        has_bytes && (was_listed || !self.is_full())
    }

    /// Returns true if the legacy beacons of a peer, whose messages have not arrived, have made an entry of this name.
    fn has_legacy_entry_of(&self, name: &str, now: Instant) -> bool {
        self.static_entries.is_legacy_beacon_of_peer(name, self.group_port, now)
    }

    /// Returns how many bytes of names and values of peers fit.
    fn bytes_free(&self) -> usize {
        self.max_bytes.saturating_sub(self.peers.bytes_used() + self.static_entries.usage().legacy_bytes)
    }
}
