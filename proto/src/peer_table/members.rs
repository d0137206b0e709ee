//! The peer table where SWIM decides on membership.

use std::time::Instant;

use super::{PeerEntry, PeerTable, SUSPECT_DELAY};
use crate::event::LeaveReason;
use crate::path::Path;
use crate::wire::{Announcement, InstanceId};

impl PeerTable {
    /// Returns the listed path of a peer.
    pub fn path_of(&self, id: &InstanceId) -> Option<Path> {
        self.entry(id).map(|entry| entry.paths.listed())
    }

    /// Returns the last message of a peer, without its cluster.
    pub fn announcement_of(&self, id: &InstanceId) -> Option<Announcement<'_>> {
        self.entry(id).map(PeerEntry::announcement)
    }

    /// Returns the last message of each peer, without its cluster.
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

    /// Renews all peers: SWIM removes those that are down.
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

    /// Removes a peer without a tombstone: it may come back.
    pub fn leave(&mut self, id: &InstanceId, reason: LeaveReason, now: Instant) {
        if let Some(removed) = self.peers.remove(id) {
            self.forget(&removed, reason, now);
        }
    }
}
