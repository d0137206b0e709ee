//! In the place of `membership` in a library that is built without SWIM: there is no cluster.

use std::net::SocketAddr;
use std::time::Instant;

use crate::node::Node;
use crate::node::receive::Heard;
use crate::settings::Settings;
use crate::wire::{Announcement, ClusterKind, ClusterMessage};

/// There is none.
pub(crate) enum Membership {}

impl Membership {
    pub fn new(_: &Settings, _: Instant) -> Option<Box<Self>> {
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

    pub(crate) fn join_cluster(&mut self, _: Vec<SocketAddr>, _: Instant) {}

    pub(crate) fn speak_to_cluster(&mut self, _: Instant) {}

    pub(crate) fn note_news_of_own(&mut self) {}

    pub(crate) fn run_membership(&mut self, _: Instant) {}

    pub(crate) fn handle_cluster_message(
        &mut self,
        _: ClusterKind,
        _: &ClusterMessage<'_>,
        _: Heard,
        _: Instant,
    ) {
        self.counters.other_cluster += 1;
    }

    pub(crate) fn hear_member(&mut self, _: &Announcement<'_>, _: Heard, _: Instant) -> bool {
        false
    }

    pub(crate) fn is_at_member(&self, _: &SocketAddr) -> bool {
        false
    }

    pub(crate) fn keep_members_in_line(&mut self, _: Instant) {}

    pub(crate) fn leave_cluster(&mut self) {}
}
