//! What a node makes of what it hears.

use std::time::Instant;

use super::Node;
use crate::core::event::{Arrival, Event};
use crate::core::natives::Hearing;
use crate::core::path::Path;
use crate::core::wire::{self, Announcement, Challenge, InstanceId, Kind, Message, Proof};

impl Node {
    /// Takes in a datagram that is not sealed, or was.
    pub(super) fn handle_plain(&mut self, bytes: &[u8], path: Path, arrival: Arrival, now: Instant) {
        match wire::decode(bytes) {
            Err(wire::Malformed) => self.counters.malformed += 1,
            // Nobody can be answered there, so nobody sends from there.
            Ok(_) if path.port() == 0 => self.counters.malformed += 1,
            Ok(Message::Sealed) => self.counters.wrong_key += 1,
            Ok(Message::Ancestor { name }) => self.handle_line(name, path, now),
            Ok(Message::Challenge { id, .. }) if id == self.settings.id => self.counters.own += 1,
            Ok(Message::Challenge { cluster, .. }) if cluster != self.settings.cluster => {
                self.counters.foreign += 1;
            }
            Ok(Message::Challenge { id, challenge, .. }) => {
                self.handle_challenge(id, challenge, bytes.len(), path, now);
            }
            Ok(Message::Native(_, about)) if about.id == self.settings.id => self.counters.own += 1,
            Ok(Message::Native(_, about)) if about.cluster != self.settings.cluster => {
                self.counters.foreign += 1
            }
            Ok(Message::Native(Kind::Goodbye, about)) => self.handle_goodbye(&about, path, now),
            Ok(Message::Native(Kind::Announce, about)) => {
                self.handle_announcement(&about, bytes.len(), path, now);
            }
            Ok(Message::Native(Kind::Query, about)) => {
                let is_news = self.handle_announcement(&about, bytes.len(), path, now);
                // An answer must not be longer than its question, lest a forged sender makes it a weapon.
                if is_news && bytes.len() >= self.answer_len {
                    match about.answer_to_group {
                        true => self.answers.owe_to_group(self.peer_count(), now, &mut self.rng),
                        false => self.answers.owe(path, arrival, self.peer_count(), now, &mut self.rng),
                    }
                    self.answer(now);
                }
            }
        }
    }

    fn handle_line(&mut self, name: &str, path: Path, now: Instant) {
        if !self.settings.speaks_ancestor() {
            self.counters.foreign += 1;
        } else if name == self.settings.name {
            // A line tells nothing but the name, so a namesake's cannot be told from our own.
            self.counters.own += 1;
        } else if self.natives.hear_line(name, path, now) {
            // It is the line of a peer that speaks the native protocol as well.
        } else if !self.has_room_for(name, 0)
            || self.named.hear_line(name, path, &mut self.events, now).is_err()
        {
            self.counters.over_cap += 1;
        }
    }

    /// Takes in what an announcement or a query tells. False if it was no news.
    fn handle_announcement(
        &mut self,
        about: &Announcement<'_>,
        len: usize,
        path: Path,
        now: Instant,
    ) -> bool {
        let room = self.room();
        let is_news = match self.natives.hear(about, path, room, &mut self.events, now) {
            Hearing::Known => true,
            Hearing::NoRoom => {
                self.counters.over_cap += 1;
                true
            }
            Hearing::New => self.welcome(about, len, path, now),
            Hearing::Stale => {
                self.counters.stale += 1;
                false
            }
            Hearing::Contradiction => {
                self.counters.malformed += 1;
                false
            }
        };
        if is_news {
            self.answer_challenge(about, path, now);
        }
        is_news
    }

    fn handle_goodbye(&mut self, about: &Announcement<'_>, path: Path, now: Instant) {
        match self.natives.handle_goodbye(about, path, &mut self.events, now) {
            true => self.named.handle_goodbye(about.name, path.port(), &mut self.events, now),
            false => self.counters.stale += 1,
        }
    }

    /// Lists a newcomer, unless there is no room. One whose ancestor's line was heard first is listed already. False if it has
    /// yet to answer a challenge.
    fn welcome(&mut self, about: &Announcement<'_>, len: usize, path: Path, now: Instant) -> bool {
        let was_listed = self.named.is_line(about.name, path.port());
        let freed = self.named.held_by(about.name).filter(|_| was_listed).unwrap_or(0);
        let needed = about.name.len() + about.value.len();
        if !was_listed && self.is_full() || needed > self.room() + freed {
            self.counters.over_cap += 1;
            return true;
        }
        if !self.has_proof(about, now) {
            self.challenge(about.id, len, path, now);
            return false;
        }
        if was_listed {
            self.named.take_line(about.name);
        }
        let peer = self.natives.insert(about, path, now);
        self.events.tell(if was_listed { Event::Updated(peer) } else { Event::Joined(peer) });
        true
    }

    /// True if this is no recorded message, as far as it matters: without keys anybody can make a new one.
    fn has_proof(&mut self, about: &Announcement<'_>, now: Instant) -> bool {
        let response = about.proof.map_or(Challenge::default(), |proof| proof.response);
        self.keyring.is_empty() || self.challenges.is_answer(&about.id, response, now)
    }

    /// Challenges a newcomer, with no more bytes than it has sent, nor than a message may have.
    fn challenge(&mut self, id: InstanceId, len: usize, path: Path, now: Instant) {
        if let Some(challenge) = self.challenges.put_to(id, &mut self.keyring, now) {
            let settings = &self.settings;
            let plain =
                wire::encode_challenge(&settings.cluster, settings.id, challenge, len.min(wire::MAX_MESSAGE));
            self.send(plain, path.destination());
        }
    }

    /// Answers a challenge, if the answer is no longer than that, and challenges in its turn who is not listed.
    fn handle_challenge(
        &mut self,
        id: InstanceId,
        challenge: Challenge,
        len: usize,
        path: Path,
        now: Instant,
    ) {
        let is_due = !self.keyring.is_empty() && len >= self.answer_len;
        if !is_due || !self.challenges.may_answer(path.address, now) {
            return;
        }
        let ours = match self.natives.contains(&id) {
            true => None,
            false => self.challenges.put_to(id, &mut self.keyring, now),
        };
        self.prove(Proof { challenge: ours.unwrap_or_default(), response: challenge }, path);
    }

    /// Answers the challenge in the message of a listed peer. Without keys there is none, and whoever forges one gets nothing.
    fn answer_challenge(&mut self, about: &Announcement<'_>, path: Path, now: Instant) {
        let challenge = about.proof.map_or(Challenge::default(), |proof| proof.challenge);
        let is_due = !self.keyring.is_empty() && challenge != Challenge::default();
        if is_due && self.challenges.may_answer(path.address, now) {
            self.prove(Proof { challenge: Challenge::default(), response: challenge }, path);
        }
    }

    fn prove(&mut self, proof: Proof, path: Path) {
        let least = self.answer_len;
        let about = Announcement { proof: Some(proof), ..self.next_message(false) };
        let plain = wire::encode_padded(Kind::Announce, &about, least);
        self.send(plain, path.destination());
    }
}
