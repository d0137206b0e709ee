//! What the registry of natives is asked where SWIM says who lives.

use std::time::Instant;

use super::{PeerEntry, PeerTable, SUSPECT_DELAY};
use crate::event::LeaveReason;
use crate::path::Path;
use crate::wire::{Announcement, InstanceId};

impl PeerTable {
    /// By which way a peer is listed.
    pub fn path_of(&self, id: &InstanceId) -> Option<Path> {
        self.entry(id).map(|entry| entry.paths.listed())
    }

    /// What a peer has told of itself last, to be passed on.
    pub fn announcement_of(&self, id: &InstanceId) -> Option<Announcement<'_>> {
        self.entry(id).map(PeerEntry::announcement)
    }

    /// What all have told of themselves last.
    pub fn announcements(&self) -> impl Iterator<Item = Announcement<'_>> {
        self.peers.values().map(PeerEntry::announcement)
    }

    /// Returns true for a message of an instance that was sent before the instance left.
    pub fn is_stale(&self, about: &Announcement<'_>, now: Instant) -> bool {
        self.tombstones.get(&about.id, now).is_some_and(|tombstone| about.sequence <= tombstone.sequence)
    }

    /// Takes note that a peer was received from a path, by a message that says nothing of it.
    pub fn on_received(&mut self, id: &InstanceId, path: Path, now: Instant) {
        let Some(slot) = self.peers.slot_of(id) else { return };
        let entry = self.peers.at_mut(slot);
        let (is_listed, lifetime) = (entry.paths.on_received(path, now), entry.lifetime);
        self.peers.renew_at(slot, lifetime, now);
        match is_listed {
            true => self.reset_probe(slot, now),
            false => self.suspect(slot, SUSPECT_DELAY, now),
        }
    }

    /// Renews all peers, of which SWIM knows that they are alive.
    pub fn renew_all(&mut self, now: Instant) {
        let slots: Vec<u32> = self.peers.slots().collect();
        for slot in slots {
            let lifetime = self.peers.at(slot).lifetime;
            self.peers.renew_at(slot, lifetime, now);
            if !self.peers.at(slot).probe.is_suspect() {
                self.reset_probe(slot, now);
            }
        }
    }

    fn entry(&self, id: &InstanceId) -> Option<&PeerEntry> {
        self.peers.slot_of(id).map(|slot| self.peers.at(slot))
    }

    /// A peer is gone, as is known otherwise. It may come back.
    pub fn leave(&mut self, id: &InstanceId, reason: LeaveReason, now: Instant) {
        if let Some(removed) = self.peers.remove(id) {
            self.forget(&removed, reason, now);
        }
    }
}
