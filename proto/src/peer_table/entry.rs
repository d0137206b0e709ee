//! `PeerEntry`: the state of one peer that sends the native protocol.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::{PeerView, Source};
use crate::expiring_map::Times;
use crate::path::Path;
use crate::probe::ProbeState;
use crate::wire::{self, Announcement, InstanceId, Kind, Proof};

/// Limits of an announced expiry: the range of the configuration.
const MIN_LIFETIME: Duration = Duration::from_millis(10);
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The state of one peer.
pub(crate) struct PeerEntry {
    pub id: InstanceId,
    pub name: Arc<str>,
    pub value: Box<[u8]>,
    pub port: u16,
    pub sequence: u64,
    /// The expiry it announced.
    pub lifetime: Duration,
    /// The path that is listed, and probed.
    pub path: Path,
    /// Another path that was heard since `path` was last heard.
    pub other_path: Option<Path>,
    /// A source port that is not the one of `path`: of the other address family, or of reopened sockets.
    pub other_port: Option<u16>,
    /// When its last multicast arrived.
    pub multicast_at: Option<Instant>,
    /// True if no multicast arrived during the last lifetime. The peer needs unicast copies.
    pub needs_unicast: bool,
    pub source: Source,
    pub probe: ProbeState,
    /// True if an ICMP report about the peer was once wrong: a firewall may send them.
    pub ignore_icmp: bool,
}

impl PeerEntry {
    pub fn new(about: &Announcement<'_>, path: Path, source: Source, now: Instant) -> Self {
        PeerEntry {
            id: about.id,
            name: about.name.into(),
            value: about.value.into(),
            port: about.port,
            sequence: about.sequence,
            lifetime: lifetime(about),
            path,
            other_path: None,
            other_port: None,
            multicast_at: (source == Source::Multicast).then_some(now),
            needs_unicast: source != Source::Multicast,
            source,
            probe: ProbeState::default(),
            ignore_icmp: false,
        }
    }

    /// Updates the entry from a newer message, the value only if allowed. Returns true if the user sees a difference.
    pub fn update(&mut self, about: &Announcement<'_>, may_take_value: bool) -> bool {
        self.sequence = about.sequence;
        self.lifetime = lifetime(about);
        let has_new_port = std::mem::replace(&mut self.port, about.port) != about.port;
        let has_new_value = may_take_value && *self.value != *about.value;
        if has_new_value {
            self.value = about.value.into();
        }
        has_new_port || has_new_value
    }

    /// Records a multicast. Returns true if the user sees a difference.
    pub fn on_multicast(&mut self, now: Instant) -> bool {
        self.multicast_at = Some(now);
        self.needs_unicast = false;
        std::mem::replace(&mut self.source, Source::Multicast) != Source::Multicast
    }

    /// Records a message, by any path.
    pub fn on_received(&mut self, now: Instant) {
        self.needs_unicast = self.multicast_at.is_none_or(|at| at + self.lifetime <= now);
    }

    /// Returns the number of bytes of name and value.
    pub fn bytes_used(&self) -> usize {
        self.name.len() + self.value.len()
    }

    /// Returns the last announcement, without the cluster.
    pub fn announcement(&self) -> Announcement<'_> {
        Announcement {
            cluster: "",
            id: self.id,
            sequence: self.sequence,
            name: &self.name,
            expiry: self.lifetime,
            port: self.port,
            value: &self.value,
            answer_to_group: false,
            proof: None,
        }
    }

    /// Returns the maximum length of an announcement with the same name and value.
    pub fn max_announce_len(&self, cluster: &str) -> usize {
        let about = Announcement {
            cluster,
            sequence: u64::MAX,
            // The longest form: the lifetime is clamped, the announced number is not.
            expiry: Duration::MAX,
            proof: Some(Proof::default()),
            ..self.announcement()
        };
        wire::encode(Kind::Announce, &about).len()
    }

    /// Returns when the next probe is due; see [`ProbeState::next_probe`].
    pub fn next_probe(&self, renewed_at: Instant, now: Instant) -> Option<Instant> {
        self.probe.next_probe(renewed_at, self.lifetime, now)
    }

    pub fn sends_from(&self, port: u16) -> bool {
        self.ports().any(|known| known == port)
    }

    /// Returns the known source ports.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        [Some(self.path.port()), self.other_port].into_iter().flatten()
    }

    /// Returns the peer as it is listed.
    pub fn view(&self, times: Times) -> PeerView<'_> {
        PeerView {
            name: &self.name,
            value: &self.value,
            address: Some(self.path.ip()),
            interface: self.path.interface,
            port: self.port,
            id: Some(self.id),
            source: self.source,
            age: times.age,
            expires_in: times.expires_in,
        }
    }
}

fn lifetime(about: &Announcement<'_>) -> Duration {
    about.expiry.clamp(MIN_LIFETIME, MAX_LIFETIME)
}
