//! What a node makes of what it hears.

use std::time::Instant;

use crate::event::{Arrival, Event, Source};
use crate::node::Node;
use crate::path::Path;
use crate::peer_table::Hearing;
use crate::replies::{Reply, ReplyKind};
use crate::wire::{self, Announcement, Challenge, InstanceId, Kind, Message, Proof};

/// How a datagram came.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    pub path: Path,
    pub arrival: Arrival,
    /// Its length, before it was sealed.
    pub len: usize,
}

impl Node {
    /// Takes in a datagram that is not sealed, or was.
    pub(crate) fn handle_plain(&mut self, bytes: &[u8], heard: Heard, now: Instant) {
        match wire::decode(bytes) {
            Err(wire::Malformed) => self.counters.malformed += 1,
            // Nobody can be answered there, so nobody sends from there.
            Ok(_) if heard.path.port() == 0 => self.counters.malformed += 1,
            Ok(Message::Sealed) => self.counters.wrong_key += 1,
            Ok(Message::Legacy { name }) => self.handle_line(name, heard.path, now),
            Ok(Message::Challenge { cluster, id, challenge }) => {
                if self.is_from_another(id, cluster) {
                    self.answer_challenge(id, challenge, heard, now);
                }
            }
            Ok(Message::Cluster(kind, message)) => {
                if self.is_from_another(message.id, message.cluster) {
                    self.handle_cluster_message(kind, &message, heard, now);
                }
            }
            Ok(Message::Native(kind, about)) => {
                if self.is_from_another(about.id, about.cluster) {
                    self.questions.note_heard(heard.len);
                    match kind {
                        Kind::Announce => drop(self.handle_announcement(&about, heard, now)),
                        Kind::Query => self.handle_query(&about, heard, now),
                        Kind::Goodbye => self.handle_goodbye(&about, heard.path, now),
                    }
                    self.seeds.note_heard(heard.path.address, about.id);
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

    fn handle_query(&mut self, about: &Announcement<'_>, heard: Heard, now: Instant) {
        let is_news = self.handle_announcement(about, heard, now);
        // An answer must not be longer than its question, lest a forged sender makes it a weapon.
        if !is_news || heard.len < self.answer_len {
            return;
        }
        if about.answer_to_group && heard.arrival == Arrival::Group {
            let is_owed = self.answers.owe_to_group(self.peer_count(), now, &mut self.rng);
            self.counters.rate_limited += u64::from(!is_owed);
        } else {
            self.owe(ReplyKind::Answer, about.id, heard, now);
        }
        self.answer(now);
    }

    fn handle_line(&mut self, name: &str, path: Path, now: Instant) {
        if !self.speaks_legacy() {
            self.counters.other_cluster += 1;
        } else if name == self.settings.name {
            // A line tells nothing but the name, so a namesake's cannot be told from our own.
            self.counters.looped_back += 1;
        } else if self.natives.hear_line(name, path, self.settings.group_port, now) {
            // It is the line of a peer that speaks the native protocol as well.
        } else if !self.has_room_for(name, 0)
            || self.named.hear_line(name, path, &mut self.events, now).is_err()
        {
            self.counters.refused_full += 1;
        }
    }

    /// Takes in what an announcement or a query tells. False if it was no news.
    fn handle_announcement(&mut self, about: &Announcement<'_>, heard: Heard, now: Instant) -> bool {
        if !self.answers_us_or_nobody(about, now) {
            self.counters.stale += 1;
            return false;
        }
        if self.is_member_of_cluster() {
            return self.hear_member(about, heard, now);
        }
        let room = self.room();
        let is_news = match self.natives.hear(about, heard.path, heard.arrival, room, &mut self.events, now) {
            Hearing::Known => true,
            Hearing::NoRoom => {
                self.counters.refused_full += 1;
                true
            }
            Hearing::New => self.handle_newcomer(about, heard, now),
            Hearing::Stale => {
                self.counters.stale += 1;
                false
            }
            Hearing::Contradiction => {
                self.counters.malformed += 1;
                false
            }
        };
        let challenge = about.proof.unwrap_or_default().challenge;
        if is_news && challenge != Challenge::default() {
            self.answer_challenge(about.id, challenge, heard, now);
        }
        is_news
    }

    fn handle_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) {
        match self.natives.handle_goodbye(about, path, &mut self.events, now) {
            true => self.named.handle_goodbye(about.name, path.port(), &mut self.events, now),
            false => self.counters.stale += 1,
        }
    }

    /// Challenges a newcomer, in a cluster with keys, and lists one that has answered. False for one that has yet to do that.
    fn handle_newcomer(&mut self, about: &Announcement<'_>, heard: Heard, now: Instant) -> bool {
        // A response that is not zeros has been looked at.
        let has_answered = about.proof.unwrap_or_default().response != Challenge::default();
        if self.keyring.is_empty() || has_answered {
            self.welcome(about, heard, now);
            return true;
        }
        // A challenge must not be longer than what it is put to, nor than any message.
        let len = heard.len.min(wire::MAX_MESSAGE);
        let shortest =
            wire::encode_challenge(&self.settings.cluster, self.settings.id, Challenge::default(), 0).len();
        self.counters.unvalidated += 1;
        if shortest <= len {
            self.owe(ReplyKind::Challenge(len), about.id, heard, now);
            self.answer(now);
        }
        false
    }

    /// Lists a newcomer, unless there is no room. One whose legacy beacon was heard first is listed already.
    fn welcome(&mut self, about: &Announcement<'_>, heard: Heard, now: Instant) {
        let was_listed = self.named.is_natives_line(about.name, self.settings.group_port);
        let freed = self.named.held_by(about.name).filter(|_| was_listed).unwrap_or(0);
        let needed = about.name.len() + about.value.len();
        if !was_listed && self.is_full() || needed > self.room() + freed {
            self.counters.refused_full += 1;
            return;
        }
        if was_listed {
            self.named.take_line(about.name);
        }
        let is_by_seed = self.settings.mode.has_seeds() && heard.arrival == Arrival::Unicast;
        let source = if is_by_seed { Source::Unicast } else { Source::Multicast };
        let peer = self.natives.insert(about, heard.path, source, &mut self.events, now);
        self.events.tell(if was_listed { Event::Updated(peer) } else { Event::Joined(peer) });
    }

    /// False for a message that answers a challenge, but none of ours: somebody else had it made, and may send it long after
    /// its sender has died.
    fn answers_us_or_nobody(&self, about: &Announcement<'_>, now: Instant) -> bool {
        let response = about.proof.unwrap_or_default().response;
        self.keyring.is_empty()
            || response == Challenge::default()
            || self.challenges.is_answer(&about.id, &response, &self.keyring, now)
    }

    fn owe(&mut self, kind: ReplyKind, to: InstanceId, heard: Heard, now: Instant) {
        let reply = Reply { path: heard.path, to, kind };
        let is_owed = self.answers.owe(reply, heard.arrival, self.peer_count(), now, &mut self.rng);
        self.counters.rate_limited += u64::from(!is_owed);
    }

    /// Answers a challenge, if the answer is no longer than the message it came in, and challenges in its turn who is not
    /// listed. That answer is as long as the message, so that the next one may be, too.
    fn answer_challenge(&mut self, id: InstanceId, response: Challenge, heard: Heard, now: Instant) {
        if self.keyring.is_empty() || heard.len < self.answer_len {
            return;
        }
        if !self.challenges.may_answer(heard.path.address, now) {
            self.counters.rate_limited += 1;
            return;
        }
        let (challenge, len) = match self.natives.contains(&id) {
            true => (Challenge::default(), self.answer_len),
            false => {
                (self.challenges.for_newcomer(&id, &self.keyring, now), heard.len.min(wire::MAX_ANNOUNCE))
            }
        };
        let proof = Some(Proof { challenge, response });
        let about = Announcement { proof, ..self.next_message(false) };
        let plain = wire::encode_answer(&about, len);
        self.send(plain, heard.path, &id);
    }
}
