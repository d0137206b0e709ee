//! In the place of `cluster` in a library that is built without SWIM: there is no cluster.

use std::time::Instant;

use crate::event::Transmit;
use crate::node::Node;
use crate::node::receive::{Inbound, Reaction};
use crate::peer_table::Origin;
use crate::seeds::SeedQuery;
use crate::settings::Settings;
use crate::timers::Timers;
use crate::wire::{Announcement, ClusterKind, ClusterMessage};

/// There is none.
pub(crate) enum Membership {}

impl Membership {
    pub fn new(_: &Settings, _: &mut Timers, _: Instant) -> Option<Box<Self>> {
        None
    }
}

impl Node {
    pub(crate) fn is_member_of_cluster(&self) -> bool {
        self.membership.is_some()
    }

    pub(crate) fn membership_timeout(&self) -> Option<Instant> {
        None
    }

    pub(crate) fn join_cluster(&mut self, _: Vec<SeedQuery>) {}

    pub(crate) fn send_due_to_cluster(&mut self) {}

    pub(crate) fn on_own_change(&mut self) {}

    pub(crate) fn resume_swim(&mut self) {}

    pub(crate) fn run_swim(&mut self) {}

    pub(crate) fn handle_cluster_message(
        &mut self,
        _: ClusterKind,
        _: &ClusterMessage<'_>,
        inbound: Inbound,
    ) {
        self.on_other_mode(inbound.path.address);
    }

    pub(crate) fn on_member_record(&mut self, _: &Announcement<'_>, _: &Origin) -> Reaction {
        Reaction::Ignored
    }

    pub(crate) fn reconcile_members(&mut self) {}

    pub(crate) fn leave_cluster(&mut self) -> Vec<Vec<Transmit>> {
        Vec::new()
    }
}
