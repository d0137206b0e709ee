//! What a node does with a datagram.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::event::{Arrival, Source};
use crate::node::Node;
use crate::notices::Notice;
use crate::path::{Echo, Path};
use crate::peer_table::entry::MAX_AMPLIFICATION;
use crate::peer_table::leave::GoodbyeOutcome;
use crate::peer_table::{AnnounceOutcome, Origin};
use crate::replies::{Answer, Reply, ReplyKind, spread};
use crate::timers::Timer;
use crate::wire::{self, Announcement, InstanceId, Kind, MAX_MESSAGE, Message, Probe, known_answers};

/// Time to the repeat of an announce that corrects a forged one. By then its number is not taken for a late one.
const CORRECTION_DELAY: Duration = Duration::from_millis(600);

/// How a datagram arrived.
#[derive(Clone, Copy)]
pub(crate) struct Inbound {
    pub path: Path,
    pub arrival: Arrival,
    /// Its length, before it was sealed.
    pub len: usize,
}

impl Inbound {
    /// Returns the maximum length of a probe of its sender, whose address may be forged.
    pub fn max_probe_len(&self) -> usize {
        (self.len * MAX_AMPLIFICATION).min(MAX_MESSAGE)
    }
}

/// What became of an announce or a query.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// It is news of a peer, or of an instance that was listed now or has no room.
    News,
    /// Its sender has yet to be validated. Nothing is stored.
    Unvalidated,
    /// Nothing changes.
    Ignored,
}

impl Node {
    /// Handles a datagram that was opened, or was not sealed.
    pub(crate) fn handle_plain(&mut self, bytes: &[u8], inbound: Inbound) {
        let from = inbound.path.address;
        match wire::decode(bytes) {
            Err(wire::Malformed) => self.counters.malformed += 1,
            // No node sends from port 0, because no reply reaches it.
            Ok(_) if inbound.path.port() == 0 => self.counters.malformed += 1,
            Ok(Message::Sealed) => self.on_wrong_key(from),
            Ok(Message::Legacy { name }) => self.on_legacy_beacon(name, inbound),
            // A probe is for one instance. To the group it would draw an answer from each.
            Ok(Message::Probe(_)) if inbound.arrival == Arrival::Group => self.counters.malformed += 1,
            Ok(Message::Probe(probe)) => {
                if self.is_of_cluster(probe.cluster, from) {
                    self.on_probe(&probe, inbound);
                }
            }
            Ok(Message::Cluster(kind, message)) => {
                if message.id == self.settings.id {
                    self.counters.looped_back += 1;
                } else if self.is_of_cluster(message.cluster, from) {
                    self.handle_cluster_message(kind, &message, inbound);
                }
            }
            Ok(Message::Native(kind, about)) => {
                if about.id == self.settings.id {
                    self.on_own_id(kind, &about, inbound);
                } else if self.is_of_cluster(about.cluster, from) {
                    self.handle_native(kind, &about, inbound);
                }
            }
        }
    }

    /// Takes note of a datagram that no key opens.
    pub(crate) fn on_wrong_key(&mut self, from: SocketAddr) {
        self.counters.wrong_key += 1;
        self.notices.push(Notice::OtherKey { from }, self.now);
    }

    /// Takes note of a message of another mode.
    pub(crate) fn on_other_mode(&mut self, from: SocketAddr) {
        self.counters.other_cluster += 1;
        self.notices.push(Notice::OtherMode { from }, self.now);
    }

    fn is_of_cluster(&mut self, cluster: &str, from: SocketAddr) -> bool {
        let is_same = cluster == self.settings.cluster;
        if !is_same {
            self.counters.other_cluster += 1;
            self.notices.push(Notice::OtherCluster { from, cluster: cluster.into() }, self.now);
        }
        is_same
    }

    fn handle_native(&mut self, kind: Kind, about: &Announcement<'_>, inbound: Inbound) {
        match kind {
            Kind::Announce => self.on_announce(about, inbound),
            Kind::Query => self.on_query(about, inbound),
            Kind::Goodbye => self.on_goodbye(about, inbound.path),
        }
        self.seeds.on_received(inbound.path.address, about.id);
    }

    fn on_announce(&mut self, about: &Announcement<'_>, inbound: Inbound) {
        let reaction = self.take_announcement(about, inbound);
        // A nonce in a message to the group is for the node alone whose nonce the message repeats.
        let is_own_echo = || about.echo.is_some_and(|echo| self.is_query_nonce(&echo));
        let is_for_us = inbound.arrival == Arrival::Unicast || is_own_echo();
        match about.nonce {
            Some(nonce) if reaction != Reaction::Ignored && is_for_us => {
                self.on_nonce(about.id, nonce, inbound);
            }
            _ if reaction == Reaction::Unvalidated => self.enqueue_probe(about, inbound),
            _ if reaction == Reaction::News && self.is_validated_at_once(about, inbound) => {
                self.enqueue_probe(about, inbound);
            }
            _ => {}
        }
    }

    fn on_query(&mut self, about: &Announcement<'_>, inbound: Inbound) {
        let reaction = match about.is_observer {
            true => Reaction::News,
            false => self.take_announcement(about, inbound),
        };
        // A reply is no longer than its query. A longer one could be aimed at a forged source address.
        let is_answered = reaction != Reaction::Ignored && !self.settings.observer;
        if !is_answered || inbound.len < self.outbox.announce_len() {
            return;
        }
        let is_known = inbound.arrival == Arrival::Group
            && known_answers::contains(about.known_answers, about.sequence, &self.settings.id);
        if is_known && (about.is_observer || !self.needs_validation(&about.id)) {
            return;
        }
        let querier_len = (!about.is_observer).then(|| wire::max_announce_len(about).min(inbound.len));
        let answer = Answer { echo: about.nonce, querier_len, is_known };
        if about.answer_to_group && inbound.arrival == Arrival::Group {
            self.enqueue_multicast_reply(about.id, answer);
        } else {
            self.enqueue_reply(ReplyKind::Announce(answer), about.id, inbound);
        }
        self.send_replies();
    }

    /// Answers a probe. Its sender is not listed by it.
    fn on_probe(&mut self, probe: &Probe<'_>, inbound: Inbound) {
        if probe.id == self.settings.id {
            return self.on_own_probe(probe, inbound);
        }
        if self.settings.observer {
            return;
        }
        self.repeats.on_probe(probe.id);
        self.registry.peers_mut().add_budget(&probe.id, inbound.len);
        self.on_nonce(probe.id, probe.nonce, inbound);
    }

    /// Repeats the nonce of a message in an announce that is no longer than the message.
    fn on_nonce(&mut self, id: InstanceId, nonce: wire::Nonce, inbound: Inbound) {
        if self.settings.observer || inbound.len < self.outbox.announce_len() {
            return;
        }
        match self.echo_limit.try_take(inbound.path.key(), self.now) {
            true => self.send_echo(id, inbound.path, nonce, inbound.len),
            false => self.counters.rate_limited += 1,
        }
    }

    fn on_legacy_beacon(&mut self, name: &str, inbound: Inbound) {
        let Inbound { path, arrival, .. } = inbound;
        // Legacy nodes send to the group of IPv4 alone.
        let is_of_group = arrival == Arrival::Group && path.ip().is_ipv4();
        if !self.handles_legacy() || !is_of_group {
            self.counters.other_cluster += 1;
        } else if name == self.settings.name {
            // A legacy beacon has nothing but a name, so that of a namesake looks like the own one.
            self.counters.looped_back += 1;
        } else {
            match self.registry.on_legacy_beacon(name, path, self.now) {
                Ok(true) => self.plan_legacy_reply(),
                Ok(false) => {}
                Err(_) => self.on_refused(path.address),
            }
        }
    }

    /// Plans a beacon for a new legacy node, which knows this node by no other message.
    fn plan_legacy_reply(&mut self) {
        if self.sends_legacy() && self.legacy_limit.try_take((), self.now) {
            let delay = spread(self.registry.len(), &mut self.rng);
            self.timers.set(Timer::LegacyReply, self.now + delay);
            self.send_due();
        }
    }

    /// Takes over an announce or a query.
    fn take_announcement(&mut self, about: &Announcement<'_>, inbound: Inbound) -> Reaction {
        let Some(origin) = self.origin(about, inbound) else {
            // It answers another node, or answered long ago: a replay.
            self.counters.stale += 1;
            return Reaction::Ignored;
        };
        if self.announce_timer.awaits_news(self.now) && self.is_news(about, &origin) {
            self.announce_timer.on_news(&mut self.timers);
        }
        if self.is_member_of_cluster() {
            return self.on_member_record(about, &origin);
        }
        match self.registry.on_announce(about, &origin, self.now) {
            AnnounceOutcome::Known => Reaction::News,
            AnnounceOutcome::NoRoom => {
                self.on_refused(inbound.path.address);
                Reaction::News
            }
            AnnounceOutcome::New => self.on_newcomer(about, &origin),
            AnnounceOutcome::Stale => {
                self.counters.stale += 1;
                Reaction::Ignored
            }
            AnnounceOutcome::Implausible => {
                self.counters.stale += 1;
                self.enqueue_probe(about, inbound);
                Reaction::Ignored
            }
            AnnounceOutcome::Contradiction => {
                self.counters.malformed += 1;
                Reaction::Ignored
            }
        }
    }

    /// Returns true if a message shows, late in a burst, that others were lost: the sender is not listed, or does not list this
    /// node. The first message of an instance shows only that it has started. With keys no message to the group lists its sender.
    fn is_news(&self, about: &Announcement<'_>, origin: &Origin) -> bool {
        let is_answer = origin.echo == Echo::Query;
        let is_later_one = origin.arrival == Arrival::Group && about.sequence > 1 && !self.has_keys();
        let is_listed = || self.registry.peers().contains(&about.id, self.now);
        is_answer && about.nonce.is_some() || (is_answer || is_later_one) && !is_listed()
    }

    /// Returns the origin of a message. `None`, with keys, for an echo to another node: an attacker had it made, and may send
    /// it long after its sender has died.
    pub(crate) fn origin(&self, about: &Announcement<'_>, inbound: Inbound) -> Option<Origin> {
        let Inbound { path, arrival, len } = inbound;
        let is_authenticated = self.has_keys();
        let echo = self.echo_of(about, path);
        if is_authenticated && arrival == Arrival::Unicast && about.echo.is_some() && echo == Echo::None {
            return None;
        }
        let lists_any = arrival == Arrival::Group || about.addresses.iter().next().is_some();
        let is_acceptable = |claim: &IpAddr| self.interfaces.is_acceptable_claim(*claim, path.interface);
        let claims = about.addresses.iter().filter(is_acceptable);
        Some(Origin {
            path,
            arrival,
            len,
            echo,
            is_authenticated,
            renews: self.renews(about, inbound, echo),
            is_first_hand: true,
            claims: lists_any.then(|| claims.map(|claim| path.at(claim)).collect()),
        })
    }

    fn echo_of(&self, about: &Announcement<'_>, path: Path) -> Echo {
        let Some(echo) = about.echo else { return Echo::None };
        if self.is_query_nonce(&echo) {
            return Echo::Query;
        }
        // A member of which only the address is known is probed through any interface.
        let any = Path { interface: 0, ..path };
        let mut paths = self.registry.peers().probed_paths(&about.id, self.now).chain([path, any]);
        let probed = paths.find(|path| self.is_probe_nonce(&echo, &about.id, path));
        probed.map_or(Echo::None, Echo::Probe)
    }

    /// Returns true if a message renews its sender. Among nodes with seeds, unicast renews if one of the two has the other for
    /// a seed, or if it answers a query: else two that no longer are each other's seeds would keep each other listed by probes.
    fn renews(&self, about: &Announcement<'_>, inbound: Inbound, echo: Echo) -> bool {
        !self.settings.mode.has_seeds()
            || inbound.arrival == Arrival::Group
            || about.to_seed
            || echo == Echo::Query
            || self.is_seed(&inbound.path, &about.id)
            || self.registry.peers().is_reached_by_multicast(&about.id, self.now)
    }

    /// Lists a newcomer, or has it validated first.
    fn on_newcomer(&mut self, about: &Announcement<'_>, origin: &Origin) -> Reaction {
        if !origin.renews {
            return Reaction::Ignored;
        }
        let is_validated = origin.validated_path().is_some();
        if !is_validated && (self.has_keys() || !self.registry.has_room_for(about, self.now)) {
            self.counters.unvalidated += 1;
            return Reaction::Unvalidated;
        }
        let is_unicast = self.settings.mode.has_seeds() && origin.arrival == Arrival::Unicast;
        let source = if is_unicast { Source::Unicast } else { Source::Multicast };
        if self.registry.list_peer(about, origin, source, self.now).is_err() {
            self.on_refused(origin.path.address);
        }
        Reaction::News
    }

    /// Returns true if a peer that is reached by unicast alone is to be validated now: it gets copies.
    fn is_validated_at_once(&self, about: &Announcement<'_>, inbound: Inbound) -> bool {
        let peers = self.registry.peers();
        self.settings.mode.has_seeds()
            && inbound.arrival == Arrival::Unicast
            && peers.contains(&about.id, self.now)
            && !peers.is_validated(&about.id, self.now)
    }

    pub(crate) fn on_refused(&mut self, from: SocketAddr) {
        self.counters.refused_full += 1;
        self.notices.push(Notice::ListFull { from }, self.now);
    }

    fn on_goodbye(&mut self, about: &Announcement<'_>, path: Path) {
        match self.registry.on_goodbye(about, path, self.now) {
            GoodbyeOutcome::Stale => self.counters.stale += 1,
            GoodbyeOutcome::Left => self.reconcile_members(),
            GoodbyeOutcome::Suspect | GoodbyeOutcome::Unlisted => {}
        }
    }

    /// Handles a message with the own id: one that is looped back, or one from elsewhere.
    fn on_own_id(&mut self, kind: Kind, about: &Announcement<'_>, inbound: Inbound) {
        let Inbound { path, .. } = inbound;
        let is_own_nonce =
            kind == Kind::Query && about.nonce.is_some_and(|nonce| self.is_query_nonce(&nonce));
        let is_own = about.sequence <= self.outbox.sequence() && self.is_own_source(&path);
        if is_own || is_own_nonce || self.is_member_of_cluster() {
            if is_own_nonce && !self.is_own_source(&path) {
                self.identity.add_mirror(path.address);
            }
            self.counters.looped_back += 1;
            return;
        }
        if about.cluster != self.settings.cluster || self.identity.is_mirror(&path.address) {
            self.counters.other_cluster += u64::from(about.cluster != self.settings.cluster);
            return;
        }
        self.on_id_conflict(kind, about, inbound);
    }

    /// Corrects what a message with the own id from elsewhere has told, and finds out by a probe whether its sender is a clone.
    fn on_id_conflict(&mut self, kind: Kind, about: &Announcement<'_>, inbound: Inbound) {
        let path = inbound.path;
        let from = path.address;
        self.counters.id_conflicts += 1;
        if let (Kind::Announce, Some(echo), Some(probed)) = (kind, about.echo, self.identity.probed())
            && self.is_probe_nonce(&echo, &about.id, &probed)
        {
            if self.identity.on_clone(&echo, self.now) {
                self.notices.push(Notice::IdRenewed { from }, self.now);
            }
            return;
        }
        self.notices.push(Notice::IdConflict { from }, self.now);
        if self.settings.observer || !self.identity.try_react(path, self.now) {
            return;
        }
        if about.sequence.saturating_sub(self.outbox.sequence()) <= wire::MAX_STEP {
            self.outbox.raise_sequence(about.sequence);
        }
        let sent = self.send_all(Kind::Announce, None, false);
        self.plan_repeat(sent, CORRECTION_DELAY);
        // The source may be forged.
        let len = self.outbox.announce_len().min(inbound.max_probe_len());
        let id = self.settings.id;
        self.send_probe(&id, path, len);
    }

    /// Handles a probe with the own id: the node has reached itself, or a clone probes it.
    fn on_own_probe(&mut self, probe: &Probe<'_>, inbound: Inbound) {
        let is_own = |path: &Path| self.is_probe_nonce(&probe.nonce, &probe.id, path);
        if let Some(path) = self.identity.probed().filter(is_own) {
            self.identity.add_mirror(path.address);
            self.identity.add_mirror(inbound.path.address);
            self.counters.looped_back += 1;
            return;
        }
        self.identity.on_other_probe(probe.nonce);
        self.on_nonce(probe.id, probe.nonce, inbound);
    }

    /// Returns true if a path is that of an own socket, or if that is not known.
    fn is_own_source(&self, path: &Path) -> bool {
        let is_own_port = self.own_ports.is_empty() || self.own_ports.contains(&path.port());
        is_own_port && (self.interfaces.is_empty() || self.interfaces.is_own(path.ip()))
    }

    /// Enqueues a probe of the sender of a message: as long as the announce that it asks for, and not longer than three times
    /// the message.
    fn enqueue_probe(&mut self, about: &Announcement<'_>, inbound: Inbound) {
        if self.settings.observer && !self.has_keys() && !self.registry.is_nearly_full() {
            return;
        }
        let len = wire::max_announce_len(about).min(inbound.max_probe_len());
        self.enqueue_reply(ReplyKind::Probe(len), about.id, inbound);
        self.send_replies();
    }

    pub(crate) fn enqueue_reply(&mut self, kind: ReplyKind, to: InstanceId, inbound: Inbound) {
        let reply = Reply { path: inbound.path, to, kind };
        let peers = self.peer_count();
        let is_enqueued = self.replies.enqueue(reply, inbound.arrival, peers, self.now, &mut self.rng);
        self.counters.rate_limited += u64::from(!is_enqueued);
    }

    fn enqueue_multicast_reply(&mut self, to: InstanceId, answer: Answer) {
        let Node { replies, timers, rng, registry, now, .. } = self;
        let is_enqueued = replies.enqueue_multicast(to, answer, registry.len(), timers, *now, rng);
        self.counters.rate_limited += u64::from(!is_enqueued);
    }
}
