//! `Registry`: everything that a node lists, within its limits, and the events about it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::error::NotRegistered;
use crate::event::queue::Events;
use crate::event::{Arrival, Event, Source};
use crate::expiring_map::Full;
use crate::path::Path;
use crate::peer_table::{AnnounceOutcome, PeerTable, Probe};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::static_entries::{Registration, StaticEntries};
use crate::timers::Timer;
use crate::wire::Announcement;

/// Default maximum bytes of names and values together, for each entry there may be. Few programs announce as much; no flood of
/// the longest values fills more than 32 MB with the default number of peers.
const BYTES_PER_PEER: usize = 512;

/// The default is no less: where there may be few entries, each may be long.
const MIN_BYTES: usize = 64 * 1024;

pub(crate) struct Registry {
    peers: PeerTable,
    static_entries: StaticEntries,
    events: Events,
    max_peers: usize,
    max_bytes: usize,
    group_port: u16,
    correct_period: Duration,
    last_corrected: Instant,
    /// Number of times that entries were found past their deadlines, or revived.
    deadlines_passed: u64,
    /// The entries past their deadlines at the last look, as [`ExpiringMap::overdue`](crate::ExpiringMap::overdue) counts them.
    overdue: [(usize, u64); 2],
}

impl Registry {
    pub fn new(settings: &Settings, now: Instant) -> Self {
        let Settings { max_peers, expiry, .. } = *settings;
        Registry {
            peers: PeerTable::new(&settings.cluster, max_peers, expiry),
            static_entries: StaticEntries::new(max_peers, expiry),
            events: Events::default(),
            max_peers,
            max_bytes: match settings.entries_max_bytes {
                0 => max_peers.saturating_mul(BYTES_PER_PEER).max(MIN_BYTES),
                bytes => bytes,
            },
            group_port: settings.group_port,
            correct_period: settings.interval / 2,
            last_corrected: now,
            deadlines_passed: 0,
            overdue: Default::default(),
        }
    }

    pub fn peers(&self) -> &PeerTable {
        &self.peers
    }

    #[cfg(feature = "swim")]
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
        1 + self.events.total() + self.deadlines_passed
    }

    pub fn events(&self) -> &Events {
        &self.events
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.take()
    }

    /// Takes in a legacy beacon.
    pub fn on_legacy_beacon(&mut self, name: &str, path: Path, now: Instant) -> Result<(), Full> {
        if self.peers.on_legacy_beacon(name, path, self.group_port, now) {
            // It is the beacon of a peer that sends messages of the native protocol as well.
            return Ok(());
        }
        self.check_room(name, 0)?;
        self.static_entries.on_legacy_beacon(name, path, &mut self.events, now)
    }

    /// Takes in an announce or a query. A `New` instance is left to the caller to list.
    pub fn on_announce(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        arrival: Arrival,
        now: Instant,
    ) -> AnnounceOutcome {
        let bytes_free = self.bytes_free();
        self.peers.on_announce(about, path, arrival, bytes_free, &mut self.events, now)
    }

    /// Takes in a goodbye. Returns false if it was stale.
    pub fn on_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) -> bool {
        let is_new = self.on_member_goodbye(about, path, now);
        if is_new {
            self.static_entries.handle_goodbye(about.name, path.port(), &mut self.events, now);
        }
        is_new
    }

    /// Takes in a goodbye of a member of the cluster. Returns false if it was stale.
    pub fn on_member_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) -> bool {
        self.peers.handle_goodbye(about, path, &mut self.events, now)
    }

    /// Takes in an ICMP unreachable report. Returns true if a listed peer has changed or left.
    pub fn on_unreachable(&mut self, to: SocketAddr, now: Instant) -> bool {
        self.peers.handle_unreachable(to, &mut self.events, now)
    }

    /// Lists a new instance. An entry that its legacy beacons have made becomes its entry.
    pub fn list_peer(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        source: Source,
        now: Instant,
    ) -> Result<(), Full> {
        let was_listed = self.static_entries.is_legacy_beacon_of_peer(about.name, self.group_port);
        let bytes_freed = self.static_entries.bytes_used_by(about.name).filter(|_| was_listed).unwrap_or(0);
        let bytes = about.name.len() + about.value.len();
        if !was_listed && self.is_full() || bytes > self.bytes_free() + bytes_freed {
            return Err(Full);
        }
        if was_listed {
            self.static_entries.take_legacy(about.name);
        }
        let peer = self.peers.insert(about, path, source, &mut self.events, now);
        self.events.push(if was_listed { Event::Updated(peer) } else { Event::Joined(peer) });
        Ok(())
    }

    /// Lists an entry of the program's.
    pub fn register(
        &mut self,
        entry: &Registration<'_>,
        ttl: Option<Duration>,
        now: Instant,
    ) -> Result<(), Full> {
        self.check_room(entry.key, entry.value.len())?;
        self.static_entries.register(entry, ttl, &mut self.events, now)
    }

    /// Removes an entry of the program's.
    pub fn unregister(&mut self, key: &str, now: Instant) -> Result<(), NotRegistered> {
        self.static_entries.unregister(key, &mut self.events, now)
    }

    /// Removes a peer of which SWIM knows that it has left.
    #[cfg(feature = "swim")]
    pub fn remove_member(&mut self, id: &crate::wire::InstanceId, now: Instant) {
        self.peers.leave(id, crate::event::LeaveReason::Expired, &mut self.events, now);
    }

    /// Removes static entries that have expired.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.correct_timeouts(now);
        self.static_entries.handle_timeout(&mut self.events, now);
    }

    /// Removes peers that have expired. Returns the probes that are due.
    pub fn take_due_probes(&mut self, now: Instant) -> Vec<Probe> {
        let due = self.peers.handle_timeout(&mut self.events, now);
        due.iter().map(|due| self.peers.probe(due)).collect()
    }

    /// Gives each entry time to be renewed after a suspend.
    pub fn on_resume(&mut self, is_probing: bool, now: Instant) {
        if is_probing {
            self.peers.on_resume(now);
        }
        self.static_entries.on_resume(now);
    }

    pub fn timeouts(&self) -> [(Timer, Option<Instant>); 2] {
        [
            (Timer::PeerTable, self.peers.poll_timeout()),
            (Timer::StaticEntries, self.static_entries.poll_timeout()),
        ]
    }

    /// Corrects the deadlines that renewals have put off, twice in an interval. A node whose peers announce themselves then
    /// wakes up for announces alone.
    fn correct_timeouts(&mut self, now: Instant) {
        if self.last_corrected + self.correct_period <= now {
            self.last_corrected = now;
            self.peers.correct_timeout();
            self.static_entries.correct_timeout();
        }
    }

    fn is_full(&self) -> bool {
        self.len() >= self.max_peers
    }

    /// Returns how many bytes of names and values fit.
    fn bytes_free(&self) -> usize {
        self.max_bytes.saturating_sub(self.peers.bytes_used() + self.static_entries.bytes_used())
    }

    /// Checks that an entry of this name fits, in the place of the static entry of this name.
    fn check_room(&self, name: &str, value_len: usize) -> Result<(), Full> {
        let bytes = name.len() + value_len;
        let fits = match self.static_entries.bytes_used_by(name) {
            Some(bytes_used) => bytes <= bytes_used + self.bytes_free(),
            None => !self.is_full() && bytes <= self.bytes_free(),
        };
        if fits { Ok(()) } else { Err(Full) }
    }
}
