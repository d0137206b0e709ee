//! A node as a member of a cluster. SWIM tells which members are alive. Their names and values come with echoes, as updates
//! or by anti-entropy, and are listed in the registry like any peer.

mod sync;

use std::net::SocketAddr;
use std::time::Instant;

use crate::event::{Arrival, LeaveReason, Source, Transmit};
use crate::node::receive::{Inbound, Reaction};
use crate::node::{GOODBYE_GAPS, Node};
use crate::path::{Echo, Path};
use crate::peer_table::leave::GoodbyeOutcome;
use crate::peer_table::{AnnounceOutcome, Origin};
use crate::replies::ReplyKind;
use crate::seeds::SeedQuery;
use crate::settings::Settings;
use crate::swim::{AntiEntropy, CandidateProbe, Change, Heard, Outgoing, Swim};
use crate::timers::{Timer, Timers};
use crate::wire::{
    self, Announcement, ClusterKind, ClusterMessage, Content, InstanceId, Kind, MAX_MESSAGE, Message,
};

/// Maximum number of goodbyes that a node sends at once. The send buffer has room for about so many.
const MAX_GOODBYES: usize = 256;

/// In units of SWIM: the period of the comparison of registry and members.
const ROUND: f64 = 5.0;

/// The state of a node that is a member of a cluster.
pub(crate) struct Membership {
    swim: Swim,
    sync: AntiEntropy,
    /// The encoded message about this node.
    own: Vec<u8>,
    /// True if it differs from the one that was last spread.
    own_is_changed: bool,
}

impl Membership {
    /// `None` in a mode without a cluster.
    pub fn new(settings: &Settings, timers: &mut Timers, now: Instant) -> Option<Box<Self>> {
        if settings.mode != crate::Mode::Swim {
            return None;
        }
        let packet_len = wire::max_packet_len(&settings.cluster);
        let swim = Swim::new(settings, packet_len, now);
        timers.set(Timer::Round, now + swim.units(ROUND));
        Some(Box::new(Membership {
            sync: AntiEntropy::new(now),
            swim,
            own: Vec::new(),
            own_is_changed: true,
        }))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let is_alone = self.swim.member_count() == 0;
        let sync = (!is_alone).then(|| self.sync.poll_timeout());
        [self.swim.poll_timeout(), sync].into_iter().flatten().min()
    }
}

impl Node {
    pub(crate) fn is_member_of_cluster(&self) -> bool {
        self.membership.is_some()
    }

    pub(crate) fn membership_timeout(&self) -> Option<Instant> {
        self.membership.as_ref()?.poll_timeout()
    }

    /// Asks the members at these addresses to join.
    pub(crate) fn join_cluster(&mut self, seeds: Vec<SeedQuery>) {
        for SeedQuery { seed, len } in seeds {
            let Some(membership) = &self.membership else { return };
            let join = membership.swim.join(seed, len);
            let join = self.seal_packet(&join);
            self.outbox.repeat([join]);
        }
    }

    /// Sends the message about this node to the members if it has changed.
    pub(crate) fn send_due_to_cluster(&mut self) {
        self.apply_swim_changes();
    }

    /// Takes note that the message about this node has changed.
    pub(crate) fn on_own_change(&mut self) {
        if let Some(membership) = &mut self.membership {
            membership.own_is_changed = true;
        }
    }

    /// Gives all members time to answer after a suspend.
    pub(crate) fn resume_swim(&mut self) {
        if let Some(membership) = &mut self.membership {
            membership.swim.on_resume(self.now);
        }
    }

    /// Does everything that is due by `now`.
    pub(crate) fn run_swim(&mut self) {
        let Some(membership) = &mut self.membership else { return };
        membership.swim.handle_timeout(self.now);
        self.apply_swim_changes();
        self.run_round();
        self.sync();
    }

    /// Takes in a message of another member.
    pub(crate) fn handle_cluster_message(
        &mut self,
        kind: ClusterKind,
        message: &ClusterMessage<'_>,
        inbound: Inbound,
    ) {
        let Some(membership) = &mut self.membership else {
            return self.on_other_mode(inbound.path.address);
        };
        membership.swim.on_bytes(inbound.len);
        if !membership.swim.is_new(&message.id, message.sequence) {
            self.counters.stale += 1;
            return;
        }
        match (kind, message.content) {
            (_, Content::Packet(packet)) => self.handle_packet(message.id, packet, inbound),
            _ if !membership.swim.is_member(&message.id) => {
                // It has a list to compare, so it takes this node for a member.
                self.probe_stranger(message.id, inbound);
            }
            (ClusterKind::Ask, content) => self.answer_sync(message.id, content, inbound),
            (_, content) => self.on_sync_answer(message.id, content, inbound),
        }
    }

    /// Takes in what an instance tells of itself. An echo makes it a member.
    pub(crate) fn on_member_record(&mut self, about: &Announcement<'_>, origin: &Origin) -> Reaction {
        match self.on_record(about, origin) {
            AnnounceOutcome::Known | AnnounceOutcome::NoRoom => {
                if origin.validated_path().is_some() {
                    self.on_member_echo(about, origin);
                }
                Reaction::News
            }
            AnnounceOutcome::New if origin.validated_path().is_some() => {
                self.list_member(about, origin);
                Reaction::News
            }
            AnnounceOutcome::New if about.echo.is_none() => {
                self.on_other_mode(origin.path.address);
                Reaction::Ignored
            }
            _ => {
                self.counters.stale += 1;
                Reaction::Ignored
            }
        }
    }

    /// Removes members whose entries left the registry for another reason than SWIM's.
    pub(crate) fn reconcile_members(&mut self) {
        let Some(membership) = &mut self.membership else { return };
        let peers = self.registry.peers();
        // One that is past its deadline is renewed when its round comes: SWIM tells which members are alive.
        for id in membership.swim.missing(|id| peers.path_of(id).is_some()) {
            membership.swim.remove(&id, self.now);
        }
        self.apply_swim_changes();
    }

    /// Sends the first goodbyes to the members, each of which gets its own. Returns those of the later rounds: the same ones
    /// again, or, in a large cluster, those of other members.
    pub(crate) fn leave_cluster(&mut self) -> Vec<Vec<Transmit>> {
        let goodbye = self.own_message(Kind::Goodbye);
        let Some(membership) = &mut self.membership else { return Vec::new() };
        let later_rounds = GOODBYE_GAPS.len();
        membership.swim.leave(&goodbye, (1 + later_rounds) * MAX_GOODBYES);
        let goodbyes = self.seal_packets();
        let len = goodbyes.len().min(MAX_GOODBYES);
        let round = |number| goodbyes.iter().cycle().skip(number * len).take(len).cloned();
        self.outbox.repeat(round(0));
        (1..=later_rounds).map(|number| round(number).collect()).collect()
    }

    fn handle_packet(&mut self, sender: InstanceId, packet: &[u8], inbound: Inbound) {
        let Some(membership) = &mut self.membership else { return };
        let updates = match membership.swim.handle_packet(packet, &sender, inbound.path.address, self.now) {
            Heard::Member(updates) => updates,
            Heard::Stranger => return self.probe_stranger(sender, inbound),
            Heard::Malformed => {
                self.counters.malformed += 1;
                return;
            }
        };
        let read = |update| match wire::decode(update) {
            Ok(Message::Native(kind, about)) => Some((update, kind, about)),
            _ => None,
        };
        let updates: Vec<(&[u8], Kind, Announcement<'_>)> = updates.into_iter().filter_map(read).collect();
        self.registry.peers_mut().on_received(&sender, inbound.path, self.now);
        // Before the changes of SWIM, because a goodbye has the reason.
        for (update, _, about) in updates.iter().filter(|(_, kind, _)| *kind == Kind::Goodbye) {
            let path = (about.id == sender).then_some(inbound.path);
            self.on_goodbye_update(update, about, path);
        }
        self.apply_swim_changes();
        for (update, _, about) in updates.iter().filter(|(_, kind, _)| *kind == Kind::Announce) {
            if self.on_passed_on_record(about)
                && let Some(membership) = &mut self.membership
            {
                membership.swim.pass_on(update);
            }
        }
    }

    /// Probes the sender of a message, at once: nothing is stored of it.
    fn probe_stranger(&mut self, id: InstanceId, inbound: Inbound) {
        self.counters.unvalidated += 1;
        self.enqueue_reply(ReplyKind::Probe(inbound.max_probe_len()), id, inbound);
        self.send_replies();
    }

    /// Takes in a goodbye: at once if the member itself sent it, by `path`; or else when it does not answer.
    fn on_goodbye_update(&mut self, update: &[u8], about: &Announcement<'_>, path: Option<Path>) {
        let Some(membership) = &mut self.membership else { return };
        let is_taken = path.is_some() || membership.swim.on_goodbye(&about.id, update, self.now);
        let Some(path) = path.or_else(|| self.path_of_member(&about.id)).filter(|_| is_taken) else { return };
        if self.registry.on_member_goodbye(about, path, self.now) == GoodbyeOutcome::Left
            && let Some(membership) = &mut self.membership
        {
            membership.swim.remove(&about.id, self.now);
            membership.swim.pass_on(update);
        }
    }

    /// Handles the record of a listed member that another one passed on. Returns false if it was not newer than what is known.
    fn on_passed_on_record(&mut self, about: &Announcement<'_>) -> bool {
        let Some(path) = self.registry.peers().path_of(&about.id) else { return false };
        let origin = Origin {
            path,
            arrival: Arrival::Unicast,
            len: 0,
            echo: Echo::None,
            is_authenticated: false,
            renews: true,
            is_first_hand: false,
            claims: None,
        };
        matches!(self.on_record(about, &origin), AnnounceOutcome::Known | AnnounceOutcome::NoRoom)
    }

    fn on_record(&mut self, about: &Announcement<'_>, origin: &Origin) -> AnnounceOutcome {
        // SWIM tells which members are alive; their own expiry does not matter.
        let about = &Announcement { expiry: self.settings.expiry, ..*about };
        let outcome = self.registry.on_announce(about, origin, self.now);
        self.counters.refused_full += u64::from(outcome == AnnounceOutcome::NoRoom);
        outcome
    }

    /// Lists a member that has sent an echo, unless it is to raise its generation first.
    fn list_member(&mut self, about: &Announcement<'_>, origin: &Origin) {
        let about = &Announcement { expiry: self.settings.expiry, ..*about };
        if self.registry.is_full() {
            self.on_refused(origin.path.address);
        } else if self.on_member_echo(about, origin) {
            let is_listed = self.registry.list_peer(about, origin, Source::Gossip, self.now).is_ok();
            match &mut self.membership {
                Some(membership) if is_listed => {
                    membership.swim.set_listed(&about.id);
                    membership.sync.on_learned();
                }
                _ => self.on_refused(origin.path.address),
            }
            // The registry has removed the instance that was at this address before.
            self.reconcile_members();
        }
        self.apply_swim_changes();
    }

    /// Takes note of an echo. Returns true if its sender is a member.
    fn on_member_echo(&mut self, about: &Announcement<'_>, origin: &Origin) -> bool {
        let Some(membership) = &mut self.membership else { return false };
        membership.swim.on_echo(about.id, origin.path.address, about.sequence, self.now)
    }

    /// Returns the path to a member.
    fn path_of_member(&self, id: &InstanceId) -> Option<Path> {
        let address = self.membership.as_ref()?.swim.address_of(id);
        self.registry.peers().path_of(id).or_else(|| Some(Path::new(address?, 0)))
    }

    /// Takes over the changes that SWIM has found, and sends its packets.
    fn apply_swim_changes(&mut self) {
        let Some(membership) = &mut self.membership else { return };
        for change in membership.swim.take_changes() {
            match change {
                Change::Up(id) => {
                    if membership.swim.member_count() == 1 {
                        membership.sync = AntiEntropy::new(self.now);
                        membership.own_is_changed = true;
                    }
                    if !self.registry.peers().contains(&id, self.now) {
                        membership.swim.on_unlisted(&id, self.now);
                    }
                }
                Change::Down(id, goodbye) => {
                    let reason = if goodbye.is_some() { LeaveReason::Goodbye } else { LeaveReason::Expired };
                    self.registry.remove_member(&id, reason, self.now);
                    if let Some(goodbye) = goodbye {
                        membership.swim.pass_on(&goodbye);
                    }
                }
                Change::Back => membership.own_is_changed = true,
            }
        }
        let is_alone = membership.swim.member_count() == 0;
        if membership.own_is_changed && !is_alone {
            self.spread_own();
        }
        self.send_packets();
        self.send_candidate_probes();
    }

    /// Probes the instances that are to be validated.
    fn send_candidate_probes(&mut self) {
        let Some(membership) = &mut self.membership else { return };
        for CandidateProbe { to, path, len } in membership.swim.take_probes(self.now) {
            if !self.registry.peers().contains(&to, self.now) {
                self.send_probe(&to, path, len);
            }
        }
    }

    fn spread_own(&mut self) {
        let own = self.own_message(Kind::Announce);
        if let Some(membership) = &mut self.membership {
            membership.own_is_changed = false;
            membership.swim.spread(&own, self.now);
            membership.own = own;
        }
    }

    /// Returns a message about this node, as members pass it on.
    fn own_message(&mut self, kind: Kind) -> Vec<u8> {
        // The cluster is in the message around it.
        let about = Announcement { cluster: "", ..self.outbox.next_announcement(&self.settings) };
        wire::encode_within(kind, &about, 0..=MAX_MESSAGE)
    }

    fn send_packets(&mut self) {
        let packets = self.seal_packets();
        self.outbox.repeat(packets);
    }

    fn seal_packets(&mut self) -> Vec<Transmit> {
        let Some(membership) = &mut self.membership else { return Vec::new() };
        let packets = membership.swim.take_outgoing();
        packets.into_iter().map(|outgoing| self.seal_packet(&outgoing)).collect()
    }

    fn seal_packet(&mut self, outgoing: &Outgoing) -> Transmit {
        let Outgoing { to, address, packet, min_len } = outgoing;
        // The address that other members know may be older than the one received from.
        let path = to.and_then(|id| self.registry.peers().path_of(&id));
        let address = path.map_or(*address, |path| path.address);
        self.seal(ClusterKind::Packet, Content::Packet(packet), *min_len, to.as_ref(), address)
    }

    fn seal(
        &mut self,
        kind: ClusterKind,
        content: Content<'_>,
        min_len: usize,
        to: Option<&InstanceId>,
        address: SocketAddr,
    ) -> Transmit {
        let plain = self.outbox.encode_for_cluster(kind, content, min_len, &self.settings);
        self.outbox.seal_for(plain, Path { address, interface: 0 }, to, &self.interfaces)
    }

    /// Brings registry and members in line.
    fn run_round(&mut self) {
        let Some(membership) = &mut self.membership else { return };
        if !self.timers.take_expired(Timer::Round, self.now) {
            return;
        }
        self.timers.set(Timer::Round, self.now + membership.swim.units(ROUND));
        self.registry.peers_mut().renew_all(self.now);
        self.reconcile_members();
    }
}
