//! `PeerEntry`: one listed instance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Origin;
use super::paths::Paths;
use super::tombstones::Tombstone;
use crate::event::{PeerView, Source};
use crate::expiring_map::Times;
use crate::path::Path;
use crate::probe::ProbeState;
use crate::wire::{Announcement, InstanceId};

/// Range of a lifetime, as of the option. A number outside is taken for the nearest inside.
const MIN_LIFETIME: Duration = Duration::from_millis(10);
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// To an address that is not validated the node sends at most so many bytes for each byte received (RFC 9000, section 8.1).
pub(crate) const MAX_AMPLIFICATION: usize = 3;

/// Maximum number of bytes that are saved up for that.
const MAX_BUDGET: u32 = 64 * 1024;

pub(crate) struct PeerEntry {
    pub id: InstanceId,
    pub name: Arc<str>,
    pub value: Box<[u8]>,
    pub port: u16,
    pub sequence: u64,
    /// When a message with that number came first.
    pub sequenced_at: Instant,
    /// How long the peer stays listed after a message.
    pub lifetime: Duration,
    /// The lifetime that the peer announced last.
    pub announced: Duration,
    /// Maximum lifetime that counts: the node's own expiry, one that an echo confirmed, or twice the time between two
    /// messages.
    granted: Duration,
    pub paths: Paths,
    /// A source port other than that of the listed path: of the other address family, or from before the peer reopened its
    /// sockets.
    pub other_port: Option<u16>,
    /// When the peer was last received by multicast.
    multicast_at: Option<Instant>,
    /// When the peer last marked a message as one to its seed.
    copies_wanted_at: Option<Instant>,
    pub source: Source,
    pub probe: ProbeState,
    /// When to probe an address of wider scope than the link-local one that is listed.
    pub wide_probe_at: Option<Instant>,
    /// When an implausible message last made the peer suspect.
    pub suspected_at: Option<Instant>,
    /// Length of the longest announce that the last implausible message has told.
    pub implausible_len: u16,
    /// True if ICMP reports removed the peer before and it was alive: a firewall answers in its place.
    pub ignore_icmp: bool,
    /// Bytes that may be sent to paths that are not validated.
    budget: u32,
    pub listed_at: Instant,
}

impl PeerEntry {
    /// Returns the entry of a newcomer, at a node of this expiry.
    pub fn new(
        about: &Announcement<'_>,
        origin: &Origin,
        source: Source,
        own_expiry: Duration,
        now: Instant,
    ) -> Self {
        let path = origin.path;
        let is_validated = origin.validated_path().is_some_and(|validated| validated.address == path.address);
        let mut entry = PeerEntry {
            id: about.id,
            name: about.name.into(),
            value: about.value.into(),
            port: about.port,
            sequence: about.sequence,
            sequenced_at: now,
            lifetime: Duration::ZERO,
            announced: clamp(about.expiry),
            granted: own_expiry,
            paths: Paths::new(path, is_validated, now),
            other_port: None,
            multicast_at: (source == Source::Multicast).then_some(now),
            copies_wanted_at: about.to_seed.then_some(now),
            source,
            probe: ProbeState::default(),
            wide_probe_at: None,
            suspected_at: None,
            implausible_len: 0,
            ignore_icmp: false,
            budget: 0,
            listed_at: now,
        };
        entry.grant(is_validated, Duration::ZERO);
        entry.add_budget(origin.len);
        entry.set_claims(origin);
        entry.paths.publish();
        entry
    }

    /// Takes over what is remembered of an instance that comes back.
    pub fn on_return(&mut self, tombstone: &Tombstone, now: Instant) {
        self.ignore_icmp = tombstone.was_unreachable;
        self.grant(false, now.saturating_duration_since(tombstone.received_at));
    }

    /// Takes over a newer message, with its value if it may. Returns true if a user sees a difference.
    pub fn update(&mut self, about: &Announcement<'_>, may_take_value: bool, now: Instant) -> bool {
        (self.sequence, self.sequenced_at) = (about.sequence, now);
        self.implausible_len = 0;
        self.announced = clamp(about.expiry);
        if about.to_seed {
            self.copies_wanted_at = Some(now);
        }
        let has_new_port = std::mem::replace(&mut self.port, about.port) != about.port;
        let has_new_value = may_take_value && *self.value != *about.value;
        if has_new_value {
            self.value = about.value.into();
        }
        has_new_port || has_new_value
    }

    /// Grants a lifetime: the announced one if an echo came with it, and twice the time since the last message. A peer that
    /// announces itself at long intervals and is reached by multicast alone so stays listed.
    pub fn grant(&mut self, has_echo: bool, since_last: Duration) {
        self.granted = self.granted.max(since_last * 2);
        if has_echo {
            self.granted = self.granted.max(self.announced);
        }
        self.lifetime = self.announced.min(self.granted);
    }

    /// Takes note that the peer was received by multicast. Returns true if a user sees a difference.
    pub fn on_multicast(&mut self, now: Instant) -> bool {
        self.multicast_at = Some(now);
        std::mem::replace(&mut self.source, Source::Multicast) != Source::Multicast
    }

    /// Returns true if multicast brought a message within the lifetime.
    pub fn is_reached_by_multicast(&self, now: Instant) -> bool {
        self.multicast_at.is_some_and(|at| now < at + self.lifetime)
    }

    /// Returns true if the peer has marked a message as one to its seed within its lifetime.
    pub fn wants_copies(&self, now: Instant) -> bool {
        self.copies_wanted_at.is_some_and(|at| now < at + self.lifetime)
    }

    /// Takes over the claims of a message, if it tells them.
    pub fn set_claims(&mut self, origin: &Origin) {
        if let Some(claims) = &origin.claims {
            self.paths.set_claims(claims.iter().copied(), origin.path.interface);
        }
    }

    /// Adds to the bytes that may be sent to paths that are not validated.
    pub fn add_budget(&mut self, received: usize) {
        let bytes = u32::try_from(received * MAX_AMPLIFICATION).unwrap_or(u32::MAX);
        self.budget = self.budget.saturating_add(bytes).min(MAX_BUDGET);
    }

    /// Returns true if a message of `len` bytes, and `reserve` bytes after it, may be sent to a path, and counts the message.
    pub fn try_spend(&mut self, path: &Path, len: usize, reserve: usize) -> bool {
        if self.paths.is_validated() && path.address == self.paths.listed().address {
            return true;
        }
        let has_budget = self.budget as usize >= len + reserve;
        if has_budget {
            self.budget -= len as u32;
        }
        has_budget
    }

    /// Returns the number of bytes of name and value.
    pub fn bytes_used(&self) -> usize {
        self.name.len() + self.value.len()
    }

    /// Returns the last message, without its cluster.
    pub fn announcement(&self) -> Announcement<'_> {
        Announcement {
            id: self.id,
            sequence: self.sequence,
            name: &self.name,
            expiry: self.announced,
            port: self.port,
            value: &self.value,
            ..Announcement::default()
        }
    }

    /// Returns when the next probe is due; see [`ProbeState::next_probe`].
    pub fn next_probe(&self, renewed_at: Instant, now: Instant) -> Option<Instant> {
        self.probe.next_probe(renewed_at, self.lifetime, now)
    }

    /// Takes note of the source port of a message.
    pub fn on_port(&mut self, port: u16) {
        if !self.sends_from(port) {
            self.other_port = Some(port);
        }
    }

    pub fn sends_from(&self, port: u16) -> bool {
        self.ports().any(|known| known == port)
    }

    /// Returns the known source ports.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        [Some(self.paths.listed().port()), self.other_port].into_iter().flatten()
    }

    /// Returns the peer as it is listed.
    pub fn view(&self, times: Times) -> PeerView<'_> {
        let (further_addresses, addresses_validated) = self.paths.addresses();
        PeerView {
            name: &self.name,
            value: &self.value,
            address: Some(self.paths.listed().ip()),
            interface: self.paths.listed().interface,
            further_addresses,
            addresses_validated,
            port: self.port,
            id: Some(self.id),
            source: self.source,
            age: times.age,
            expires_in: times.expires_in,
        }
    }
}

fn clamp(expiry: Duration) -> Duration {
    expiry.clamp(MIN_LIFETIME, MAX_LIFETIME)
}
