//! In the place of `membership` in a library that is built without SWIM: there is no cluster.

use std::net::SocketAddr;
use std::time::Instant;

use super::Node;
use super::hearing::Heard;
use crate::core::settings::Settings;
use crate::core::wire::{Announcement, ClusterKind, ClusterMessage};

/// There is none.
pub(super) enum Membership {}

impl Membership {
    pub fn new(_: &Settings, _: Instant) -> Option<Box<Self>> {
        None
    }
}

impl Node {
    pub(super) fn is_member_of_cluster(&self) -> bool {
        self.membership.is_some()
    }

    pub(super) fn membership_timeout(&self) -> Option<Instant> {
        None
    }

    pub(super) fn join_cluster(&mut self, _: Vec<SocketAddr>, _: Instant) {}

    pub(super) fn speak_to_cluster(&mut self, _: Instant) {}

    pub(super) fn note_news_of_own(&mut self) {}

    pub(super) fn run_membership(&mut self, _: Instant) {}

    pub(super) fn handle_cluster_message(
        &mut self,
        _: ClusterKind,
        _: &ClusterMessage<'_>,
        _: Heard,
        _: Instant,
    ) {
        self.counters.foreign += 1;
    }

    pub(super) fn hear_member(&mut self, _: &Announcement<'_>, _: Heard, _: Instant) -> bool {
        false
    }

    pub(super) fn is_at_member(&self, _: &SocketAddr) -> bool {
        false
    }

    pub(super) fn keep_members_in_line(&mut self, _: Instant) {}

    pub(super) fn leave_cluster(&mut self) {}
}
