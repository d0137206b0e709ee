//! What a node sends: to all, to one, and once more.

use std::time::{Duration, Instant};

use crate::announce::DueMessage;
use crate::event::Transmit;
use crate::interfaces::Family;
use crate::node::Node;
use crate::nonces::Subject;
use crate::path::Path;
use crate::replies::{Answer, Reply, ReplyKind};
use crate::timers::Timer;
use crate::wire::{self, Announcement, InstanceId, Kind, MAX_MESSAGE, Nonce};

/// Time to the repeat of a message.
const REPEAT_DELAY: Duration = Duration::from_millis(250);

/// A network on which two peers have probed this node between two announces loses datagrams. Number of announces that are
/// repeated then.
const REPEATED_ANNOUNCES: u32 = 64;

/// Which announces are sent twice.
#[derive(Default)]
pub(crate) struct Repeats {
    /// The datagrams that `Timer::Repeat` sends once more.
    transmits: Vec<Transmit>,
    /// Peers that have probed this node since its last announce: two at most.
    probers: Vec<InstanceId>,
    announces_left: u32,
}

impl Repeats {
    /// Takes note of a probe.
    pub fn on_probe(&mut self, prober: InstanceId) {
        if !self.probers.contains(&prober) {
            self.probers.push(prober);
        }
        if self.probers.len() == 2 {
            self.probers.clear();
            self.announces_left = REPEATED_ANNOUNCES;
        }
    }

    /// Takes note of a periodic announce. Returns true if it is to be repeated.
    fn on_announce(&mut self) -> bool {
        self.probers.clear();
        let is_repeated = self.announces_left > 0;
        self.announces_left = self.announces_left.saturating_sub(1);
        is_repeated
    }
}

impl Node {
    /// Sends to the group, and to seeds, what is due.
    pub(crate) fn send_due(&mut self) {
        while let Some(due) = self.announce_timer.take_due(&mut self.timers, self.now, &mut self.rng) {
            if self.is_member_of_cluster() {
                self.send_due_to_cluster();
            } else if self.settings.observer {
                self.send_due_of_observer(&due);
            } else {
                self.send_due_message(&due);
            }
        }
        if self.timers.take_expired(Timer::Repeat, self.now) {
            let transmits = std::mem::take(&mut self.repeats.transmits);
            self.outbox.repeat(transmits);
        }
        if self.timers.take_expired(Timer::LegacyReply, self.now) {
            self.outbox.send_legacy(&self.settings.name);
        }
    }

    fn send_due_message(&mut self, due: &DueMessage) {
        // The announce goes first: a receiver of both then knows which peer sent the legacy beacon.
        let sent = self.send_all(due.kind, due.known_since, self.is_unanswered(due));
        let sends_legacy = self.sends_legacy();
        if due.with_legacy && sends_legacy {
            self.outbox.send_legacy(&self.settings.name);
            self.timers.stop(Timer::LegacyReply);
        }
        let is_lossy = due.kind == Kind::Announce && due.with_legacy && self.repeats.on_announce();
        if due.is_change || is_lossy && !sends_legacy {
            self.plan_repeat(sent, REPEAT_DELAY);
        }
    }

    /// Returns true if no reply came to the unicast socket since the last query of the burst: a firewall may drop it.
    fn is_unanswered(&self, due: &DueMessage) -> bool {
        due.queried_at.is_some_and(|at| !self.watchdog.has_unicast_since(at))
    }

    /// An observer queries at its start and after changes of the network.
    fn send_due_of_observer(&mut self, due: &DueMessage) {
        if due.kind == Kind::Query {
            self.send_all(Kind::Query, due.known_since, self.is_unanswered(due));
        }
    }

    /// Sends a message to the group, and copies to seeds and to the peers that want them. Returns the datagrams.
    pub(crate) fn send_all(
        &mut self,
        kind: Kind,
        known_since: Option<Instant>,
        answer_to_group: bool,
    ) -> Vec<Transmit> {
        self.timers.stop(Timer::Repeat);
        let nonce = (kind == Kind::Query).then(|| self.query_nonce());
        let about = self.outbox.next_announcement(&self.settings);
        let is_observer = self.settings.observer;
        let about = Announcement { nonce, answer_to_group, is_observer, ..about };
        // Copies have the same number.
        let sequence = about.sequence;
        let mut sent = Vec::new();
        if self.settings.mode.has_multicast() {
            let known: Vec<InstanceId> = match known_since {
                Some(since) => self.registry.peers().received_since(since, self.now).collect(),
                None => Vec::new(),
            };
            sent = self.outbox.send_multicast(kind, &about, &known, 0, &self.interfaces);
            self.on_multicast_sent();
        }
        if self.settings.mode.has_seeds() {
            sent.extend(self.send_unicast_copies(kind, sequence));
        }
        sent
    }

    /// Sends the replies that are due.
    pub(crate) fn send_replies(&mut self) {
        if let Some((to, answer)) = self.replies.take_due_multicast(&mut self.timers, self.now) {
            self.send_multicast_reply(&to, answer);
        }
        while let Some(reply) = self.replies.take_due(self.now) {
            match reply.kind {
                ReplyKind::Announce(answer) => self.send_answer(&reply, answer),
                ReplyKind::Probe(len) => self.send_probe_within_budget(&reply.to, reply.path, len),
            }
        }
    }

    /// Sends an announce with an echo, which is no longer than the message of `len` bytes that it answers.
    pub(crate) fn send_echo(&mut self, to: InstanceId, path: Path, nonce: Nonce, len: usize) {
        let validates = self.needs_validation(&to);
        let own_nonce = validates.then(|| self.probe_nonce(&to, &path));
        // An echo to this announce may be as long as this announce.
        let min_len = if validates { len.min(MAX_MESSAGE) } else { 0 };
        self.send_announce(&to, path, Some(nonce), own_nonce, (min_len, len.min(MAX_MESSAGE)));
        self.replies.on_announced_to(&path);
    }

    /// Sends a probe of `len` bytes to an instance.
    pub(crate) fn send_probe(&mut self, to: &InstanceId, path: Path, len: usize) {
        let nonce = self.probe_nonce(to, &path);
        let probe = wire::Probe { cluster: &self.settings.cluster, id: self.settings.id, nonce };
        let plain = wire::encode_probe(&probe, len.min(MAX_MESSAGE));
        self.outbox.send_to(plain, path, Some(to), &self.interfaces);
    }

    fn send_probe_within_budget(&mut self, to: &InstanceId, path: Path, len: usize) {
        match self.registry.peers_mut().try_spend(to, &path, len, 0) {
            true => self.send_probe(to, path, len),
            false => self.counters.rate_limited += 1,
        }
    }

    /// Sends a probe of the listed path of a peer. A short one draws no answer, but a report that no socket is there. Two reports
    /// remove a peer, so a longer one leaves budget for a short one.
    fn send_probe_of_listed(&mut self, to: &InstanceId, path: Path, len: usize) {
        let shortest = wire::min_probe_len(&self.settings.cluster);
        match self.registry.peers_mut().try_spend(to, &path, len, shortest) {
            true => self.send_probe(to, path, len),
            false => self.send_probe_within_budget(to, path, shortest),
        }
    }

    /// Probes the peers that are silent or suspect. In place of many probes, one query goes to the group.
    pub(crate) fn send_probes(&mut self) {
        let due = self.registry.peers_mut().handle_timeout(&self.interfaces, self.now);
        if due.is_empty() {
            return;
        }
        if self.probe_limit.try_take_many((), due.len(), self.now) {
            return due.iter().for_each(|probe| match probe.is_of_listed {
                true => self.send_probe_of_listed(&probe.to, probe.path, probe.len),
                false => self.send_probe_within_budget(&probe.to, probe.path, probe.len),
            });
        }
        self.counters.rate_limited += due.len() as u64;
        self.announce_timer.query_group(&mut self.timers, self.now);
        self.send_due();
    }

    pub(crate) fn plan_repeat(&mut self, sent: Vec<Transmit>, delay: Duration) {
        self.repeats.transmits = sent;
        self.timers.set(Timer::Repeat, self.now + delay);
    }

    /// Returns true if an instance is to be validated: one that is not listed for want of that, or, if it is reached by
    /// unicast alone, one that is listed.
    pub(crate) fn needs_validation(&self, id: &InstanceId) -> bool {
        match self.registry.peers().contains(id, self.now) {
            is_listed if self.is_member_of_cluster() => !is_listed,
            true => self.settings.mode.has_seeds() && !self.registry.peers().is_validated(id, self.now),
            false => self.has_keys() || self.settings.mode.has_seeds() || self.registry.is_nearly_full(),
        }
    }

    pub(crate) fn probe_nonce(&self, id: &InstanceId, path: &Path) -> Nonce {
        self.nonces.of(&self.probe_of(id, path), self.outbox.keyring(), self.now)
    }

    /// Returns true if this is the nonce of a probe of an instance at a path.
    pub(crate) fn is_probe_nonce(&self, nonce: &Nonce, id: &InstanceId, path: &Path) -> bool {
        self.nonces.is_of(nonce, &self.probe_of(id, path), self.outbox.keyring(), self.now)
    }

    fn probe_of(&self, id: &InstanceId, path: &Path) -> Subject {
        let left_with = self.registry.peers().left_with(id, self.now);
        Subject::Probe { id: *id, path: *path, left_with }
    }

    /// Returns the nonce of a query.
    pub(crate) fn query_nonce(&self) -> Nonce {
        self.nonces.of(&Subject::Query(self.settings.id), self.outbox.keyring(), self.now)
    }

    /// Returns true if this is the nonce of a query of this node.
    pub(crate) fn is_query_nonce(&self, nonce: &Nonce) -> bool {
        self.nonces.is_of(nonce, &Subject::Query(self.settings.id), self.outbox.keyring(), self.now)
    }

    fn send_multicast_reply(&mut self, to: &InstanceId, answer: Answer) {
        self.timers.stop(Timer::Repeat);
        self.announce_timer.on_announced(&mut self.timers, self.now);
        let min_len = answer.querier_len.filter(|_| self.needs_validation(to));
        let nonce = min_len.map(|_| self.query_nonce());
        let about = self.outbox.next_announcement(&self.settings);
        let about = Announcement { echo: answer.echo, nonce, ..about };
        let min_len = min_len.unwrap_or_default();
        self.outbox.send_multicast(Kind::Announce, &about, &[], min_len, &self.interfaces);
        self.on_multicast_sent();
    }

    fn on_multicast_sent(&mut self) {
        let mut replies = std::mem::take(&mut self.replies);
        if replies.on_multicast(|id| self.needs_validation(id)) {
            self.timers.stop(Timer::MulticastReply);
        }
        self.replies = replies;
    }

    fn send_answer(&mut self, reply: &Reply, answer: Answer) {
        let min_len = answer.querier_len.filter(|_| self.needs_validation(&reply.to));
        // Meanwhile the sender of the query was validated, and it knows this node.
        if answer.is_known && min_len.is_none() {
            return;
        }
        let nonce = min_len.map(|_| self.probe_nonce(&reply.to, &reply.path));
        let lengths = (min_len.unwrap_or_default(), MAX_MESSAGE);
        self.send_announce(&reply.to, reply.path, answer.echo, nonce, lengths);
    }

    fn send_announce(
        &mut self,
        to: &InstanceId,
        path: Path,
        echo: Option<Nonce>,
        nonce: Option<Nonce>,
        (min_len, max_len): (usize, usize),
    ) {
        let to_seed = self.settings.mode.has_seeds() && self.is_seed(&path, to);
        let addresses = match to_seed {
            true => Default::default(),
            false => self.interfaces.beside_source(path.interface, Family::of(path.ip())),
        };
        let about = self.outbox.next_announcement(&self.settings);
        let about = Announcement { echo, nonce, to_seed, addresses, ..about };
        let plain = self.outbox.encode_announce(&about, min_len..=max_len);
        match self.registry.peers_mut().try_spend(to, &path, plain.len(), 0) {
            true => self.outbox.send_to(plain, path, Some(to), &self.interfaces),
            false => self.counters.rate_limited += 1,
        }
    }
}
