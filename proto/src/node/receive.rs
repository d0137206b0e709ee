//! What a node makes of what it hears.

use std::time::Instant;

use crate::event::{Arrival, Event, Source};
use crate::node::Node;
use crate::path::Path;
use crate::peer_table::AnnounceOutcome;
use crate::replies::{Reply, ReplyKind};
use crate::wire::{self, Announcement, Challenge, InstanceId, Kind, Message, Proof};

/// How a datagram came.
#[derive(Clone, Copy)]
pub(crate) struct Inbound {
    pub path: Path,
    pub arrival: Arrival,
    /// Its length, before it was sealed.
    pub len: usize,
}

impl Node {
    /// Takes in a datagram that is not sealed, or was.
    pub(crate) fn handle_plain(&mut self, bytes: &[u8], inbound: Inbound, now: Instant) {
        match wire::decode(bytes) {
            Err(wire::Malformed) => self.counters.malformed += 1,
            // Nobody can be answered there, so nobody sends from there.
            Ok(_) if inbound.path.port() == 0 => self.counters.malformed += 1,
            Ok(Message::Sealed) => self.counters.wrong_key += 1,
            Ok(Message::Legacy { name }) => self.handle_legacy_beacon(name, inbound.path, now),
            Ok(Message::Challenge { cluster, id, challenge }) => {
                if self.is_from_another(id, cluster) {
                    self.reply_to_challenge(id, challenge, inbound, now);
                }
            }
            Ok(Message::Cluster(kind, message)) => {
                if self.is_from_another(message.id, message.cluster) {
                    self.handle_cluster_message(kind, &message, inbound, now);
                }
            }
            Ok(Message::Native(kind, about)) => {
                if self.is_from_another(about.id, about.cluster) {
                    self.questions.on_received(inbound.len);
                    match kind {
                        Kind::Announce => drop(self.handle_announcement(&about, inbound, now)),
                        Kind::Query => self.handle_query(&about, inbound, now),
                        Kind::Goodbye => self.handle_goodbye(&about, inbound.path, now),
                    }
                    self.seeds.on_received(inbound.path.address, about.id);
                }
            }
        }
    }

    /// True for a sender of this cluster that is not this node.
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

    fn handle_query(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) {
        let is_new = self.handle_announcement(about, inbound, now);
        // An answer must not be longer than its question, lest a forged sender makes it a weapon.
        if !is_new || inbound.len < self.reply_len {
            return;
        }
        if about.answer_to_group && inbound.arrival == Arrival::Group {
            let is_enqueued = self.replies.enqueue_multicast(self.peer_count(), now, &mut self.rng);
            self.counters.rate_limited += u64::from(!is_enqueued);
        } else {
            self.enqueue(ReplyKind::Announce, about.id, inbound, now);
        }
        self.send_replies(now);
    }

    fn handle_legacy_beacon(&mut self, name: &str, path: Path, now: Instant) {
        if !self.sends_legacy() {
            self.counters.other_cluster += 1;
        } else if name == self.settings.name {
            // A line tells nothing but the name, so a namesake's cannot be told from our own.
            self.counters.looped_back += 1;
        } else if self.peer_table.on_legacy_beacon(name, path, self.settings.group_port, now) {
            // It is the line of a peer that speaks the native protocol as well.
        } else if !self.fits(name, 0)
            || self.static_entries.on_legacy_beacon(name, path, &mut self.events, now).is_err()
        {
            self.counters.refused_full += 1;
        }
    }

    /// Takes in what an announcement or a query tells. False if it was no news.
    fn handle_announcement(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) -> bool {
        if !self.is_echo_valid(about, now) {
            self.counters.stale += 1;
            return false;
        }
        if self.is_member_of_cluster() {
            return self.on_member_record(about, inbound, now);
        }
        let bytes_free = self.bytes_free();
        let is_new = match self.peer_table.on_announce(
            about,
            inbound.path,
            inbound.arrival,
            bytes_free,
            &mut self.events,
            now,
        ) {
            AnnounceOutcome::Known => true,
            AnnounceOutcome::NoRoom => {
                self.counters.refused_full += 1;
                true
            }
            AnnounceOutcome::New => self.handle_newcomer(about, inbound, now),
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
            self.reply_to_challenge(about.id, challenge, inbound, now);
        }
        is_new
    }

    fn handle_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) {
        match self.peer_table.handle_goodbye(about, path, &mut self.events, now) {
            true => self.static_entries.handle_goodbye(about.name, path.port(), &mut self.events, now),
            false => self.counters.stale += 1,
        }
    }

    /// Challenges a newcomer, in a cluster with keys, and lists one that has answered. False for one that has yet to do that.
    fn handle_newcomer(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) -> bool {
        // A response that is not zeros has been looked at.
        let has_answered = about.proof.unwrap_or_default().response != Challenge::default();
        if self.keyring.is_empty() || has_answered {
            self.list_newcomer(about, inbound, now);
            return true;
        }
        // A challenge must not be longer than what it is put to, nor than any message.
        let len = inbound.len.min(wire::MAX_MESSAGE);
        let shortest =
            wire::encode_challenge(&self.settings.cluster, self.settings.id, Challenge::default(), 0).len();
        self.counters.unvalidated += 1;
        if shortest <= len {
            self.enqueue(ReplyKind::Challenge(len), about.id, inbound, now);
            self.send_replies(now);
        }
        false
    }

    /// Lists a newcomer, unless there is no room. One whose legacy beacon was heard first is listed already.
    fn list_newcomer(&mut self, about: &Announcement<'_>, inbound: Inbound, now: Instant) {
        let was_listed = self.static_entries.is_legacy_beacon_of_peer(about.name, self.settings.group_port);
        let freed = self.static_entries.bytes_used_by(about.name).filter(|_| was_listed).unwrap_or(0);
        let needed = about.name.len() + about.value.len();
        if !was_listed && self.is_full() || needed > self.bytes_free() + freed {
            self.counters.refused_full += 1;
            return;
        }
        if was_listed {
            self.static_entries.take_legacy(about.name);
        }
        let is_by_seed = self.settings.mode.has_seeds() && inbound.arrival == Arrival::Unicast;
        let source = if is_by_seed { Source::Unicast } else { Source::Multicast };
        let peer = self.peer_table.insert(about, inbound.path, source, &mut self.events, now);
        self.events.push(if was_listed { Event::Updated(peer) } else { Event::Joined(peer) });
    }

    /// False for a message that answers a challenge, but none of ours: somebody else had it made, and may send it long after
    /// its sender has died.
    fn is_echo_valid(&self, about: &Announcement<'_>, now: Instant) -> bool {
        let response = about.proof.unwrap_or_default().response;
        self.keyring.is_empty()
            || response == Challenge::default()
            || self.challenges.is_answer(&about.id, &response, &self.keyring, now)
    }

    fn enqueue(&mut self, kind: ReplyKind, to: InstanceId, inbound: Inbound, now: Instant) {
        let reply = Reply { path: inbound.path, to, kind };
        let is_enqueued = self.replies.enqueue(reply, inbound.arrival, self.peer_count(), now, &mut self.rng);
        self.counters.rate_limited += u64::from(!is_enqueued);
    }

    /// Answers a challenge, if the answer is no longer than the message it came in, and challenges in its turn who is not
    /// listed. That answer is as long as the message, so that the next one may be, too.
    fn reply_to_challenge(&mut self, id: InstanceId, response: Challenge, inbound: Inbound, now: Instant) {
        if self.keyring.is_empty() || inbound.len < self.reply_len {
            return;
        }
        if !self.challenges.may_reply(inbound.path.address, now) {
            self.counters.rate_limited += 1;
            return;
        }
        let (challenge, len) = match self.peer_table.contains(&id) {
            true => (Challenge::default(), self.reply_len),
            false => {
                (self.challenges.for_newcomer(&id, &self.keyring, now), inbound.len.min(wire::MAX_ANNOUNCE))
            }
        };
        let proof = Some(Proof { challenge, response });
        let about = Announcement { proof, ..self.next_message(false) };
        let plain = wire::encode_answer(&about, len);
        self.send(plain, inbound.path, &id);
    }
}
