//! `PeerEntry`: what is kept of one peer that speaks the native protocol.

use std::time::{Duration, Instant};

use crate::event::{PeerView, Source};
use crate::expiring_map::Standing;
use crate::path::Path;
use crate::probe::ProbeState;
use crate::wire::{self, Announcement, InstanceId, Kind, Proof};

/// What a peer may announce as its expiry is taken for no less and no more than this, the range of the configuration.
const MIN_LIFETIME: Duration = Duration::from_millis(10);
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What the registry keeps for an instance.
pub(crate) struct PeerEntry {
    pub id: InstanceId,
    pub name: Box<str>,
    pub value: Box<[u8]>,
    pub port: u16,
    pub sequence: u64,
    /// The expiry it announced.
    pub lifetime: Duration,
    /// The way it is listed with, and asked by.
    pub path: Path,
    /// Another way it was heard by since it was last heard by `path`.
    pub other_path: Option<Path>,
    /// A port it was heard from that is not the one of `path`: of its other address family, or after it opened its sockets
    /// anew.
    pub other_port: Option<u16>,
    /// When it was last heard by the group.
    pub multicast_at: Option<Instant>,
    /// When it was last heard, it had not been heard by the group for its whole life: multicast does not reach us from there.
    pub needs_unicast: bool,
    pub source: Source,
    pub probe: ProbeState,
    /// When it is to be asked next, on the agenda of questions.
    pub probe_at: Option<u64>,
    /// Where it is kept.
    pub slot: u32,
    /// It was taken for gone and was not: a firewall, it seems, answers in its place that nobody is there.
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
            probe_at: None,
            slot: 0,
            ignore_icmp: false,
        }
    }

    /// Takes over what a newer message tells, the value if it may; true if a user would see a difference.
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

    /// Takes note that it was heard by the group; true if a user would see a difference.
    pub fn on_multicast(&mut self, now: Instant) -> bool {
        self.multicast_at = Some(now);
        self.needs_unicast = false;
        std::mem::replace(&mut self.source, Source::Multicast) != Source::Multicast
    }

    /// Takes note that it was heard, by whatever way.
    pub fn on_received(&mut self, now: Instant) {
        self.needs_unicast = self.multicast_at.is_none_or(|at| at + self.lifetime <= now);
    }

    /// Bytes of name and value.
    pub fn bytes_used(&self) -> usize {
        self.name.len() + self.value.len()
    }

    /// What it told last, without its cluster.
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

    /// The most bytes an announcement of what it told last can have.
    pub fn max_announce_len(&self, cluster: &str) -> usize {
        let about = Announcement {
            cluster,
            sequence: u64::MAX,
            // In its longest form: it may be more than the life that is made of it.
            expiry: Duration::MAX,
            proof: Some(Proof::default()),
            ..self.announcement()
        };
        wire::encode(Kind::Announce, &about).len()
    }

    /// When it is to be asked next, if it is; see [`ProbeState::next_probe`].
    pub fn next_probe(&self, renewed_at: Instant, now: Instant) -> Option<Instant> {
        self.probe.next_probe(renewed_at, self.lifetime, now)
    }

    pub fn sends_from(&self, port: u16) -> bool {
        self.ports().any(|known| known == port)
    }

    /// The ports it sends from.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        [Some(self.path.port()), self.other_port].into_iter().flatten()
    }

    /// It, as it is listed.
    pub fn view(&self, standing: Standing) -> PeerView<'_> {
        PeerView {
            name: &self.name,
            value: &self.value,
            address: Some(self.path.ip()),
            interface: self.path.interface,
            port: self.port,
            id: Some(self.id),
            source: self.source,
            age: standing.age,
            expires_in: standing.left,
        }
    }
}

fn lifetime(about: &Announcement<'_>) -> Duration {
    about.expiry.clamp(MIN_LIFETIME, MAX_LIFETIME)
}
