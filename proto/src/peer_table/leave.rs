//! How peers leave: by a goodbye, by ICMP reports, or when their lifetime ends.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::tombstones::Tombstone;
use super::{PeerEntry, PeerTable};
use crate::event::{Event, LeaveReason};
use crate::expiring_map::Removed;
use crate::path::{self, Path};
use crate::probe::UnreachableOutcome;
use crate::wire::{Announcement, InstanceId, MAX_STEP};

/// What became of a goodbye.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GoodbyeOutcome {
    /// The peer has left.
    Left,
    /// The peer is suspect now: the goodbye came from an unknown address, or with an implausible number.
    Suspect,
    /// The instance is not listed.
    Unlisted,
    /// The goodbye is not newer than what is known.
    Stale,
}

impl PeerTable {
    /// Handles a goodbye. It counts if it comes from an IP address that a message of the peer came from before. Here a goodbye
    /// of an instance that is not listed leaves nothing.
    pub fn handle_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) -> GoodbyeOutcome {
        let Some(slot) = self.peers.slot_of(&about.id) else {
            let is_known = self.tombstones.get(&about.id, now).is_some();
            return if is_known { GoodbyeOutcome::Stale } else { GoodbyeOutcome::Unlisted };
        };
        let entry = self.peers.at_mut(slot);
        if about.sequence <= entry.sequence {
            return GoodbyeOutcome::Stale;
        }
        if about.sequence - entry.sequence > MAX_STEP || !entry.paths.has_received_from(path.ip()) {
            self.suspect(slot, Duration::ZERO, now);
            return GoodbyeOutcome::Suspect;
        }
        entry.sequence = about.sequence;
        entry.on_port(path.port());
        self.remove(about.id, LeaveReason::Goodbye, now);
        GoodbyeOutcome::Left
    }

    /// Remembers the sender of legacy beacons whose goodbye came.
    pub fn add_legacy_tombstone(&mut self, about: &Announcement<'_>, port: u16, now: Instant) {
        self.tombstones.add_legacy_sender(about.name, port, now);
        if self.tombstones.get(&about.id, now).is_none() {
            let tombstone = Tombstone { sequence: about.sequence, received_at: now, was_unreachable: false };
            self.tombstones.add(about.id, tombstone, Duration::ZERO, now);
        }
    }

    /// Handles an ICMP report that `to` is unreachable through an interface, or through any if that is 0. Returns true if a
    /// peer has left or has another path.
    pub fn handle_unreachable(&mut self, to: SocketAddr, interface: u32, now: Instant) -> bool {
        let Some(id) = self.find_probed(path::normal(to), interface) else { return false };
        let Some(slot) = self.peers.slot_of(&id) else { return false };
        let entry = self.peers.at_mut(slot);
        if entry.ignore_icmp || entry.paths.listed().address != path::normal(to) {
            return false;
        }
        match entry.probe.on_unreachable(now) {
            UnreachableOutcome::Repeated => return false,
            UnreachableOutcome::Retry => {
                self.schedule_probe(slot, now);
                return false;
            }
            UnreachableOutcome::Gone => {}
        }
        match entry.paths.on_gone() {
            Some(other) => {
                if self.list_path(slot, other, now) {
                    self.push_update(slot, now);
                }
            }
            None => self.remove(id, LeaveReason::Unreachable, now),
        }
        true
    }

    /// Removes the peers whose lifetime has ended.
    pub(super) fn expire(&mut self, now: Instant) {
        for removed in self.peers.handle_timeout(now) {
            let entry = &removed.value;
            let tombstone = tombstone_of(&removed, entry.ignore_icmp);
            // The time between two messages of a peer that announces itself at long intervals is known by that.
            self.tombstones.add(entry.id, tombstone, entry.announced, now);
            self.forget(&removed, LeaveReason::Expired, now);
        }
    }

    pub(super) fn remove(&mut self, id: InstanceId, reason: LeaveReason, now: Instant) {
        let Some(removed) = self.peers.remove(&id) else { return };
        let entry = &removed.value;
        let was_unreachable = entry.ignore_icmp || reason == LeaveReason::Unreachable;
        self.tombstones.add(id, tombstone_of(&removed, was_unreachable), Duration::ZERO, now);
        for port in entry.ports() {
            self.tombstones.add_legacy_sender(&entry.name, port, now);
        }
        self.forget(&removed, reason, now);
    }

    /// Removes all traces of a peer but its tombstone, and pushes the event.
    pub(super) fn forget(
        &mut self,
        removed: &Removed<InstanceId, PeerEntry>,
        reason: LeaveReason,
        now: Instant,
    ) {
        let entry = &removed.value;
        self.bytes_used -= entry.bytes_used();
        self.probes.remove(removed.slot);
        self.unvalidated.remove(&(entry.listed_at, removed.slot));
        self.remove_name(&entry.name, removed.slot);
        self.probed.remove(&entry.paths.listed().key());
        self.events.push(Event::Left(entry.view(removed.times(now)).to_peer(), reason));
    }

    fn find_probed(&self, address: SocketAddr, interface: u32) -> Option<InstanceId> {
        match interface {
            0 => self.probed.range((address, 0)..=(address, u32::MAX)).next().map(|(_, id)| *id),
            _ => self.probed.get(&(address, interface)).or_else(|| self.probed.get(&(address, 0))).copied(),
        }
    }
}

fn tombstone_of(removed: &Removed<InstanceId, PeerEntry>, was_unreachable: bool) -> Tombstone {
    Tombstone { sequence: removed.value.sequence, received_at: removed.renewed_at, was_unreachable }
}
