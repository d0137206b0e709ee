//! What the registry of natives is asked where SWIM says who lives.

use std::time::Instant;

use super::{PeerEntry, PeerTable};
use crate::event::LeaveReason;
use crate::event::queue::Events;
use crate::path::Path;
use crate::wire::{Announcement, InstanceId};

impl PeerTable {
    /// By which way a peer is listed.
    pub fn path_of(&self, id: &InstanceId) -> Option<Path> {
        self.peers.get(id).map(|entry| entry.path)
    }

    /// What a peer has told of itself last, to be passed on.
    pub fn announcement_of(&self, id: &InstanceId) -> Option<Announcement<'_>> {
        self.peers.get(id).map(PeerEntry::announcement)
    }

    /// What all have told of themselves last.
    pub fn announcements(&self) -> impl Iterator<Item = Announcement<'_>> {
        self.peers.values().map(PeerEntry::announcement)
    }

    /// True for what was told of one that is gone for good.
    pub fn is_stale(&self, about: &Announcement<'_>) -> bool {
        self.tombstones.is_stale(&about.id, about.sequence)
    }

    /// Takes note that a peer was heard by this way, with what tells nothing of it.
    pub fn on_received(&mut self, id: &InstanceId, path: Path, now: Instant) {
        if let Some(slot) = self.peers.slot_of(id) {
            self.renew(slot, path, now);
        }
    }

    /// Gives all peers their life anew, of whom it is known otherwise that they live.
    pub fn renew_all(&mut self, now: Instant) {
        let slots: Vec<u32> = self.peers.slots().map(|(_, slot)| slot).collect();
        for slot in slots {
            let path = self.peers.at(slot).path;
            self.extend(slot, path, now);
            if !self.peers.at(slot).probe.is_suspect() {
                self.reset_probe(slot, now, now);
            }
        }
    }

    /// A peer is gone, as is known otherwise. It may come back.
    pub fn leave(&mut self, id: &InstanceId, reason: LeaveReason, events: &mut Events, now: Instant) {
        if let Some(removed) = self.peers.remove(id) {
            self.forget(&removed, reason, events, now);
        }
    }
}
