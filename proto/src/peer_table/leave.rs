//! How peers leave: by a goodbye, because nobody is there any more, or because their time has run out.

use std::net::SocketAddr;
use std::time::Instant;

use super::{Instance, Natives};
use crate::event::queue::Events;
use crate::event::{Event, LeaveReason};
use crate::expiring_map::Removed;
use crate::path::{self, Path};
use crate::probe::Refusal;
use crate::wire::{Announcement, InstanceId};

impl Natives {
    /// Takes in a goodbye. False if it was no newer than what is known.
    pub fn handle_goodbye(
        &mut self,
        about: &Announcement<'_>,
        path: Path,
        events: &mut Events,
        now: Instant,
    ) -> bool {
        if self.departed.is_latecomer(&about.id, about.sequence) {
            return false;
        }
        match self.peers.slot_of(&about.id) {
            Some(slot) => {
                let instance = self.peers.at_mut(slot);
                if about.sequence <= instance.sequence {
                    return false;
                }
                instance.sequence = about.sequence;
                if !instance.sends_from(path.port()) {
                    self.learn_port(slot, path.port());
                }
                self.remove(about.id, LeaveReason::Goodbye, events, now);
            }
            // Its announcement may have been overtaken.
            None => {
                self.departed.note(about.id, about.sequence, false, now);
                self.departed.note_line(self.index.line_key(about.name, path.port()), now);
            }
        }
        true
    }

    /// Takes in the system's answer that nobody is at `to`.
    pub fn handle_unreachable(&mut self, to: SocketAddr, events: &mut Events, now: Instant) {
        let Some(id) = self.asked.get(&path::normal(to)).copied() else { return };
        let Some(slot) = self.peers.slot_of(&id) else { return };
        let instance = self.peers.at_mut(slot);
        if instance.is_walled {
            return;
        }
        match (instance.checkup.handle_refusal(now), instance.other_path) {
            (Refusal::Repeated, _) => {}
            (Refusal::AskAgain, _) => self.plan_question(slot, self.peers.renewed_at(slot), now),
            (Refusal::Gone, Some(other)) => self.move_to(slot, other, events, now),
            (Refusal::Gone, None) => self.remove(id, LeaveReason::Unreachable, events, now),
        }
    }

    /// Those leave whose time has run out.
    pub(crate) fn expire(&mut self, events: &mut Events, now: Instant) {
        for removed in self.peers.handle_timeout(now) {
            let instance = &removed.value;
            // An answer of it to a challenge may have been recorded.
            self.departed.note(instance.id, instance.sequence, instance.is_walled, now);
            self.forget(&removed, LeaveReason::Expired, events, now);
        }
    }

    pub(crate) fn remove(&mut self, id: InstanceId, reason: LeaveReason, events: &mut Events, now: Instant) {
        let Some(removed) = self.peers.remove(&id) else { return };
        let instance = &removed.value;
        let is_walled = instance.is_walled || reason == LeaveReason::Unreachable;
        self.departed.note(id, instance.sequence, is_walled, now);
        for port in instance.ports() {
            self.departed.note_line(self.index.line_key(&instance.name, port), now);
        }
        self.forget(&removed, reason, events, now);
    }

    /// Leaves nothing of one that was taken out, and tells of it.
    pub(crate) fn forget(
        &mut self,
        removed: &Removed<InstanceId, Instance>,
        reason: LeaveReason,
        events: &mut Events,
        now: Instant,
    ) {
        let instance = &removed.value;
        self.held -= instance.held();
        if instance.question_at.is_some() {
            self.questions.remove(instance.slot);
        }
        for port in instance.ports() {
            self.index.remove_line(instance.id, &instance.name, port);
        }
        self.index.remove_place(instance.id, &instance.name, instance.path.ip());
        self.asked.remove(&instance.path.address);
        events.tell(Event::Left(instance.view(removed.standing(now)).to_peer(), reason));
    }
}
