//! Which peers are probed, when, and by which of their paths.

use std::time::{Duration, Instant};

use super::{IMPLAUSIBLE_GAP, Origin, PeerTable, SUSPECT_DELAY};
use crate::deadline_queue::MAX_DUE;
use crate::interfaces::Interfaces;
use crate::path::Path;
use crate::probe::ProbeState;
use crate::replies::max_spread;
use crate::wire::{self, InstanceId};

/// How long after a suspend the peers may take to answer, beside the time over which their replies are spread. Unanswered
/// queries to the group are followed by probes of each peer, and those need a second and a half.
const AFTER_RESUME: Duration = Duration::from_millis(3500);

/// A probe to send.
#[derive(Debug)]
pub(crate) struct Probe {
    pub path: Path,
    pub to: InstanceId,
    /// Length of the longest announce that may answer it.
    pub len: usize,
    /// True if it is of the listed path: a report that no socket is there may remove the peer.
    pub is_of_listed: bool,
}

impl PeerTable {
    /// Removes expired peers, and returns the probes that are due. When very much is due, several calls are needed.
    pub fn handle_timeout(&mut self, interfaces: &Interfaces, now: Instant) -> Vec<Probe> {
        self.expire(now);
        self.tombstones.handle_timeout(now);
        let mut probes = Vec::new();
        // A path that takes the place of another is probed at once.
        while probes.len() < MAX_DUE {
            let due = self.probes.take_due(now);
            if due.is_empty() {
                break;
            }
            probes.extend(due.into_iter().flat_map(|slot| self.run_probe(slot, interfaces, now)));
        }
        probes
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let timeouts =
            [self.peers.poll_timeout(), self.probes.poll_timeout(), self.tombstones.poll_timeout()];
        timeouts.into_iter().flatten().min()
    }

    /// Gives each peer time to answer after a suspend.
    pub fn on_resume(&mut self, now: Instant) {
        self.tombstones.on_resume(now);
        let longest = AFTER_RESUME + max_spread(self.peers.len());
        let probes = &mut self.probes;
        self.peers.extend_all(now, |slot, entry, renewed_at| {
            let grace = entry.lifetime.min(longest);
            let left = (renewed_at + entry.lifetime).saturating_duration_since(now);
            // A query to the group comes first.
            entry.probe = ProbeState::suspect(now + grace / 2);
            if let Some(due) = entry.next_probe(renewed_at, now) {
                probes.set(slot, due);
            }
            Some(grace.max(left))
        });
    }

    /// Makes a peer suspect. A suspicion that there is goes on.
    pub(super) fn suspect(&mut self, slot: u32, delay: Duration, now: Instant) {
        let entry = self.peers.at_mut(slot);
        if !entry.probe.is_suspect() {
            entry.probe = ProbeState::suspect(now + delay);
            self.schedule_probe(slot, now);
        }
    }

    /// Makes a peer suspect for a message that contradicts what is known of it, at most once a second. The path of the message
    /// is probed as well, if the listed one does not answer. What is known may be forged, and the true announce longer.
    pub(super) fn on_implausible(
        &mut self,
        slot: u32,
        about: &wire::Announcement<'_>,
        origin: &Origin,
        now: Instant,
    ) {
        if !origin.is_first_hand {
            return;
        }
        let entry = self.peers.at_mut(slot);
        entry.paths.on_suggested(origin.path);
        entry.implausible_len = wire::max_announce_len(about).min(wire::MAX_MESSAGE) as u16;
        entry.add_budget(origin.len);
        if entry.suspected_at.is_none_or(|at| at + IMPLAUSIBLE_GAP <= now) {
            entry.suspected_at = Some(now);
            self.suspect(slot, Duration::ZERO, now);
        }
    }

    /// Ends the probing of a peer that was received by its listed path. A message that does not renew ends a suspicion alone.
    pub(super) fn on_reached(&mut self, slot: u32, renews: bool, now: Instant) {
        if renews || self.peers.at(slot).probe.is_suspect() {
            self.reset_probe(slot, now);
        }
    }

    /// Ends the probing of a peer until it has been silent for a part of its lifetime.
    pub(super) fn reset_probe(&mut self, slot: u32, now: Instant) {
        let entry = self.peers.at_mut(slot);
        if entry.probe.is_pending() {
            self.probed.remove(&entry.paths.listed().key());
        }
        entry.probe = ProbeState::default();
        self.schedule_probe(slot, now);
    }

    /// Lists a peer with another path. If that is not validated, it is probed at once. Returns true if a user sees a difference.
    #[must_use]
    pub(super) fn list_path(&mut self, slot: u32, path: Path, now: Instant) -> bool {
        let entry = self.peers.at_mut(slot);
        let left = entry.paths.listed();
        entry.paths.list(path, now);
        if left.port() != path.port() {
            // Both are known; they change roles.
            entry.other_port = Some(left.port());
        }
        let is_validated = entry.paths.is_validated();
        let is_changed = entry.paths.publish() || !left.has_same_address(&path);
        self.probed.remove(&left.key());
        self.reset_probe(slot, now);
        if !is_validated {
            self.suspect(slot, Duration::ZERO, now);
        }
        is_changed
    }

    /// Plans a probe of an address of wider scope than the link-local one that a peer is listed with, paced as replies are.
    pub(super) fn plan_wide_probe(&mut self, slot: u32, now: Instant) {
        let spread = max_spread(self.peers.len());
        let entry = self.peers.at_mut(slot);
        if entry.wide_probe_at.is_none() && entry.paths.wants_wide_address() {
            // By then the copies of the message by other paths have arrived. Ids are random.
            entry.wide_probe_at = Some(now + SUSPECT_DELAY + spread * u32::from(entry.id[0]) / 256);
            self.schedule_probe(slot, now);
        }
    }

    pub(super) fn schedule_probe(&mut self, slot: u32, now: Instant) {
        let entry = self.peers.at(slot);
        let next = entry.next_probe(self.peers.renewed_at(slot), now);
        let due = [next, entry.wide_probe_at].into_iter().flatten().min();
        match due {
            Some(due) => self.probes.set(slot, due),
            None => self.probes.remove(slot),
        }
    }

    /// Returns the probes of a peer that are due, or ends a suspicion without an answer.
    fn run_probe(&mut self, slot: u32, interfaces: &Interfaces, now: Instant) -> Vec<Probe> {
        if self.peers.at_mut(slot).wide_probe_at.take_if(|due| *due <= now).is_some() {
            return self.probe_wide(slot, interfaces, now);
        }
        let entry = self.peers.at_mut(slot);
        if !entry.probe.is_suspicion_over() {
            return self.probe_peer(slot, now);
        }
        match entry.paths.on_silence() {
            Some(other) => {
                if self.list_path(slot, other, now) {
                    self.push_update(slot, now);
                }
            }
            None => self.reset_probe(slot, now),
        }
        Vec::new()
    }

    fn probe_wide(&mut self, slot: u32, interfaces: &Interfaces, now: Instant) -> Vec<Probe> {
        let entry = self.peers.at_mut(slot);
        let wants_one = entry.paths.wants_wide_address();
        let is_on_link = |path: &Path| interfaces.is_on_link(path.ip(), path.interface);
        let path = wants_one.then(|| entry.paths.probe_wide(is_on_link)).flatten();
        self.schedule_probe(slot, now);
        path.into_iter().map(|path| self.probe(slot, path, false)).collect()
    }

    fn probe_peer(&mut self, slot: u32, now: Instant) -> Vec<Probe> {
        let entry = self.peers.at_mut(slot);
        let is_last = entry.probe.is_last_try();
        entry.probe.on_sent();
        // The listed path had its chance: the others are probed as well, once.
        let others =
            if entry.probe.is_second_of_suspicion() { entry.paths.probe_others() } else { Vec::new() };
        let (listed, id) = (entry.paths.listed(), entry.id);
        self.probed.insert(listed.key(), id);
        self.schedule_probe(slot, now);
        let mut probes = vec![self.probe(slot, listed, is_last)];
        probes.extend(others.into_iter().map(|path| self.probe(slot, path, false)));
        probes
    }

    /// Returns a probe as long as the announce that it asks for. The last one of several is as long as any: the value may
    /// have grown unnoticed.
    fn probe(&self, slot: u32, path: Path, is_last: bool) -> Probe {
        let entry = self.peers.at(slot);
        let about = wire::Announcement { cluster: &self.cluster, ..entry.announcement() };
        let len = match is_last {
            true => wire::MAX_MESSAGE,
            false => wire::max_announce_len(&about).max(entry.implausible_len.into()),
        };
        Probe { path, to: entry.id, len, is_of_listed: path.address == entry.paths.listed().address }
    }
}
