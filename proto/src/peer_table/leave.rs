//! How peers leave: by a goodbye, because nobody is there any more, or because their time has run out.

use std::net::SocketAddr;
use std::time::Instant;

use super::{PeerEntry, PeerTable};
use crate::event::queue::Events;
use crate::event::{Event, LeaveReason};
use crate::expiring_map::Removed;
use crate::path::{self, Path};
use crate::probe::UnreachableOutcome;
use crate::wire::{Announcement, InstanceId};

impl PeerTable {
    /// Takes in a goodbye. False if it was no newer than what is known.
    pub fn handle_goodbye(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        events: &mut Events,
        now: Instant,
    ) -> bool {
        if self.tombstones.is_stale(&about.id, about.sequence) {
            return false;
        }
        match self.peers.slot_of(&about.id) {
            Some(slot) => {
                let entry = self.peers.at_mut(slot);
                if about.sequence <= entry.sequence {
                    return false;
                }
                entry.sequence = about.sequence;
                if !entry.sends_from(path.port()) {
                    self.learn_port(slot, path.port());
                }
                self.remove(about.id, LeaveReason::Goodbye, events, now);
            }
            // Its announcement may have been overtaken.
            None => {
                self.tombstones.add(about.id, about.sequence, false, now);
                self.tombstones.add_legacy_key(self.index.legacy_key(about.name, path.port()), now);
            }
        }
        true
    }

    /// Handles an ICMP report that `to` is unreachable. Returns true if a peer has left or has another path.
    pub fn handle_unreachable(&mut self, to: SocketAddr, events: &mut Events, now: Instant) -> bool {
        let Some(id) = self.probed.get(&path::normal(to)).copied() else { return false };
        let Some(slot) = self.peers.slot_of(&id) else { return false };
        let entry = self.peers.at_mut(slot);
        if entry.ignore_icmp {
            return false;
        }
        let (outcome, other_path) = (entry.probe.on_unreachable(now), entry.other_path);
        match (&outcome, other_path) {
            (UnreachableOutcome::Repeated, _) => {}
            (UnreachableOutcome::Retry, _) => self.schedule_probe(slot, self.peers.renewed_at(slot), now),
            (UnreachableOutcome::Gone, Some(other)) => self.move_to(slot, other, events, now),
            (UnreachableOutcome::Gone, None) => self.remove(id, LeaveReason::Unreachable, events, now),
        }
        matches!(outcome, UnreachableOutcome::Gone)
    }

    /// Those leave whose time has run out.
    pub(crate) fn expire(&mut self, events: &mut Events, now: Instant) {
        for removed in self.peers.handle_timeout(now) {
            let entry = &removed.value;
            // An answer of it to a challenge may have been recorded.
            self.tombstones.add(entry.id, entry.sequence, entry.ignore_icmp, now);
            self.forget(&removed, LeaveReason::Expired, events, now);
        }
    }

    pub(crate) fn remove(&mut self, id: InstanceId, reason: LeaveReason, events: &mut Events, now: Instant) {
        let Some(removed) = self.peers.remove(&id) else { return };
        let entry = &removed.value;
        let ignore_icmp = entry.ignore_icmp || reason == LeaveReason::Unreachable;
        self.tombstones.add(id, entry.sequence, ignore_icmp, now);
        for port in entry.ports() {
            self.tombstones.add_legacy_key(self.index.legacy_key(&entry.name, port), now);
        }
        self.forget(&removed, reason, events, now);
    }

    /// Leaves nothing of one that was taken out, and tells of it.
    pub(crate) fn forget(
        &mut self,
        removed: &Removed<InstanceId, PeerEntry>,
        reason: LeaveReason,
        events: &mut Events,
        now: Instant,
    ) {
        let entry = &removed.value;
        self.bytes_used -= entry.bytes_used();
        self.probes.remove(removed.slot);
        self.index.remove_name(entry.id, &entry.name);
        for port in entry.ports() {
            self.index.remove_legacy_key(entry.id, &entry.name, port);
        }
        self.index.remove_address(entry.id, &entry.name, entry.path.ip());
        self.probed.remove(&entry.path.address);
        events.push(Event::Left(entry.view(removed.times(now)).to_peer(), reason));
    }
}
