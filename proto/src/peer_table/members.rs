//! What the registry of natives is asked where SWIM says who lives.

use std::time::Instant;

use super::{Instance, Natives};
use crate::event::LeaveReason;
use crate::event::queue::Events;
use crate::path::Path;
use crate::wire::{Announcement, InstanceId};

impl Natives {
    /// By which way a peer is listed.
    pub fn path_of(&self, id: &InstanceId) -> Option<Path> {
        self.peers.get(id).map(|instance| instance.path)
    }

    /// What a peer has told of itself last, to be passed on.
    pub fn announcement_of(&self, id: &InstanceId) -> Option<Announcement<'_>> {
        self.peers.get(id).map(Instance::announcement)
    }

    /// What all have told of themselves last.
    pub fn announcements(&self) -> impl Iterator<Item = Announcement<'_>> {
        self.peers.slots().map(|slot| self.peers.at(slot).announcement())
    }

    /// True for what was told of one that is gone for good.
    pub fn is_latecomer(&self, about: &Announcement<'_>) -> bool {
        self.departed.is_latecomer(&about.id, about.sequence)
    }

    /// Takes note that a peer was heard by this way, with what tells nothing of it.
    pub fn note_heard(&mut self, id: &InstanceId, path: Path, now: Instant) {
        if let Some(slot) = self.peers.slot_of(id) {
            self.renew(slot, path, now);
        }
    }

    /// Gives all peers their life anew, of whom it is known otherwise that they live.
    pub fn sustain(&mut self, now: Instant) {
        let slots: Vec<u32> = self.peers.slots().collect();
        for slot in slots {
            let path = self.peers.at(slot).path;
            self.prolong(slot, path, now);
            if !self.peers.at(slot).checkup.in_doubt() {
                self.rest(slot, now, now);
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
