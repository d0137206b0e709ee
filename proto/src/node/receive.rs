//! What a node does with a datagram.

use std::time::Instant;

use crate::event::{Arrival, Source};
use crate::node::Node;
use crate::path::Path;
use crate::peer_table::AnnounceOutcome;
use crate::replies::{Reply, ReplyKind};
use crate::wire::{self, Announcement, Challenge, InstanceId, Kind, Message, Proof};

/// How a datagram arrived.
#[derive(Clone, Copy)]
pub(crate) struct Inbound {
    pub path: Path,
    pub arrival: Arrival,
    /// Its length, before it was sealed.
    pub len: usize,
}

impl Node {
    /// Takes in a datagram that was opened, or was not sealed.
    pub(crate) fn handle_plain(&mut self, bytes: &[u8], inbound: Inbound, now: Instant) {
        match wire::decode(bytes) {
            Err(wire::Malformed) => self.counters.malformed += 1,
            // No node sends from port 0, because no reply reaches it.
            Ok(_) if inbound.path.port() == 0 => self.counters.malformed += 1,
            Ok(Message::Sealed) => self.counters.wrong_key += 1,
            Ok(Message::Legacy { name }) => self.on_legacy_beacon(name, inbound.path, now),
            Ok(Message::Challenge { cluster, id, challenge }) => {
                if self.is_from_another(id, cluster) {
                    self.on_challenge(id, challenge, inbound, now);
                }
            }
            Ok(Message::Cluster(kind, message)) => {
                if self.is_from_another(message.id, message.cluster) {
                    self.handle_cluster_message(kind, &message, inbound, now);
                }
            }
            Ok(Message::Native(kind, about)) => {
                if self.is_from_another(about.id, about.cluster) {
                    self.handle_native(kind, &about, inbound, now);
                }
            }
        }
    }

    /// Returns true for a sender of this cluster that is not this node.
    fn is_from_another(&mut self, id: InstanceId, cluster: &str) -> bool {
        if id == self.settings.id {
            self.counters.looped_back += 1;
        } else if cluster != self.settings.cluster {
            self.counters.other_cluster += 1;
        } else {
            return true;
        }
        false
    }

    fn handle_native(&mut self, kind: Kind, about: &Announcement<'_>, inbound: Inbound, now: Instant) {
        self.probe_budget.on_received(inbound.len);
        match kind {
            Kind::Announce => drop(self.on_announce(about, inbound, now)),
            Kind::Query => self.on_query(about, inbound, now),
            Kind::Goodbye => self.on_goodbye(about, inbound.path, now),
        }
        self.seeds.on_received(inbound.path.address, about.id);
    }

    fn on_query(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) {
        let is_new = self.on_announce(about, inbound, now);
        // A reply is no longer than its query. A longer one could be aimed at a forged source address.
        if !is_new || inbound.len < self.outbox.announce_len() {
            return;
        }
        if about.answer_to_group && inbound.arrival == Arrival::Group {
            self.enqueue_multicast_reply(now);
        } else {
            self.enqueue_reply(ReplyKind::Announce, about.id, inbound, now);
        }
        self.send_replies(now);
    }

    fn on_legacy_beacon(&mut self, name: &str, path: Path, now: Instant) {
        if !self.sends_legacy() {
            self.counters.other_cluster += 1;
        } else if name == self.settings.name {
            // A legacy beacon has nothing but a name, so that of a namesake looks like the own one.
            self.counters.looped_back += 1;
        } else if self.registry.on_legacy_beacon(name, path, now).is_err() {
            self.counters.refused_full += 1;
        }
    }

    /// Takes in an announce or a query. Returns false if it was stale, or of a newcomer that has yet to be validated.
    fn on_announce(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) -> bool {
        if !self.is_response_valid(about, now) {
            self.counters.stale += 1;
            return false;
        }
        if self.is_member_of_cluster() {
            return self.on_member_record(about, inbound, now);
        }
        let is_new = match self.registry.on_announce(about, inbound.path, inbound.arrival, now) {
            AnnounceOutcome::Known => true,
            AnnounceOutcome::NoRoom => {
                self.counters.refused_full += 1;
                true
            }
            AnnounceOutcome::New => self.on_newcomer(about, inbound, now),
            AnnounceOutcome::Stale => {
                self.counters.stale += 1;
                false
            }
            AnnounceOutcome::Contradiction => {
                self.counters.malformed += 1;
                false
            }
        };
        let challenge = about.proof.unwrap_or_default().challenge;
        if is_new && challenge != Challenge::default() {
            self.on_challenge(about.id, challenge, inbound, now);
        }
        is_new
    }

    fn on_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) {
        let is_new = self.registry.on_goodbye(about, path, now);
        self.counters.stale += u64::from(!is_new);
    }

    /// Lists a newcomer. In a cluster with keys, challenges it first. Returns false for one that was challenged.
    fn on_newcomer(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) -> bool {
        // A response that is not zeros was checked before.
        let has_responded = about.proof.unwrap_or_default().response != Challenge::default();
        let is_valid = !self.has_keys() || has_responded;
        match is_valid {
            true => self.list_newcomer(about, inbound, now),
            false => self.challenge_newcomer(about.id, inbound, now),
        }
        is_valid
    }

    fn challenge_newcomer(&mut self, id: InstanceId, inbound: Inbound, now: Instant) {
        self.counters.unvalidated += 1;
        // A challenge is no longer than the message it replies to, nor than any message.
        let len = inbound.len.min(wire::MAX_MESSAGE);
        let min_len =
            wire::encode_challenge(&self.settings.cluster, self.settings.id, Challenge::default(), 0).len();
        if min_len <= len {
            self.enqueue_reply(ReplyKind::Challenge(len), id, inbound, now);
            self.send_replies(now);
        }
    }

    fn list_newcomer(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) {
        let is_unicast = self.settings.mode.has_seeds() && inbound.arrival == Arrival::Unicast;
        let source = if is_unicast { Source::Unicast } else { Source::Multicast };
        if self.registry.list_peer(about, inbound.path, source, now).is_err() {
            self.counters.refused_full += 1;
        }
    }

    /// Returns false for a response to a challenge of another node. Such a message may be a replay, sent after its sender
    /// has died.
    fn is_response_valid(&self, about: &Announcement<'_>, now: Instant) -> bool {
        let response = about.proof.unwrap_or_default().response;
        !self.has_keys()
            || response == Challenge::default()
            || self.validation.is_response(&about.id, &response, self.outbox.keyring(), now)
    }

    fn enqueue_reply(&mut self, kind: ReplyKind, to: InstanceId, inbound: Inbound, now: Instant) {
        let reply = Reply { path: inbound.path, to, kind };
        let peers = self.peer_count();
        let is_enqueued = self.replies.enqueue(reply, inbound.arrival, peers, now, &mut self.rng);
        self.counters.rate_limited += u64::from(!is_enqueued);
    }

    fn enqueue_multicast_reply(&mut self, now: Instant) {
        let peers = self.peer_count();
        let is_enqueued = self.replies.enqueue_multicast(peers, &mut self.timers, now, &mut self.rng);
        self.counters.rate_limited += u64::from(!is_enqueued);
    }

    /// Responds to a challenge, with no more bytes than its message has. A sender that is not listed is challenged in turn, by
    /// a response as long as the message, so that the next response may be as long.
    fn on_challenge(&mut self, id: InstanceId, response: Challenge, inbound: Inbound, now: Instant) {
        if !self.has_keys() || inbound.len < self.outbox.announce_len() {
            return;
        }
        if !self.validation.may_reply(inbound.path.address, now) {
            self.counters.rate_limited += 1;
            return;
        }
        let (challenge, len) = match self.registry.peers().contains(&id) {
            true => (Challenge::default(), self.outbox.announce_len()),
            false => {
                let challenge = self.validation.challenge(&id, self.outbox.keyring(), now);
                (challenge, inbound.len.min(wire::MAX_ANNOUNCE))
            }
        };
        let proof = Some(Proof { challenge, response });
        let about = Announcement { proof, ..self.outbox.next_announcement(&self.settings) };
        let plain = wire::encode_answer(&about, len);
        self.outbox.send_to(plain, inbound.path, Some(&id));
    }
}
