//! A node as a member of a cluster. SWIM tells which members are alive. Their names and values come as updates or by
//! anti-entropy, and are listed in the registry like any peer.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;

use crate::event::{Arrival, Source};
use crate::node::Node;
use crate::node::receive::Inbound;
use crate::path::Path;
use crate::peer_table::AnnounceOutcome;
use crate::settings::Settings;
use crate::swim::{Answer, AntiEntropy, Change, MemberId, Step, Swim, SyncPage, digest_of};
use crate::timers::{Timer, Timers};
use crate::wire::{
    self, Announcement, ClusterKind, ClusterMessage, Content, InstanceId, Kind, MAX_ANNOUNCE, Message,
};

/// In units of SWIM: the period of the comparison of registry and members.
const ROUND: f64 = 5.0;

/// Maximum number of members that are queried one by one in a round. Anti-entropy brings the records of others.
const MAX_QUERIED: usize = 64;

/// The state of a node that is a member of a cluster.
pub(crate) struct Membership {
    swim: Swim,
    sync: AntiEntropy,
    /// Members of which only the id is known.
    unlisted: BTreeSet<InstanceId>,
    /// The ids that were in `unlisted` at the last round.
    missed: BTreeSet<InstanceId>,
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
            unlisted: BTreeSet::new(),
            missed: BTreeSet::new(),
            own: Vec::new(),
            own_is_changed: true,
        }))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let is_alone = self.swim.members().len() == 0;
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
    pub(crate) fn join_cluster(&mut self, seeds: Vec<SocketAddr>, now: Instant) {
        let Some(membership) = &mut self.membership else { return };
        for seed in seeds {
            membership.swim.join(seed, now);
        }
        self.apply_swim_changes(now);
    }

    /// Sends what is due: a request to join to seeds where no member is, and the message about this node to the members if
    /// it has changed.
    pub(crate) fn send_due_to_cluster(&mut self, now: Instant) {
        let Some(membership) = &self.membership else { return };
        let known: BTreeSet<SocketAddr> = membership.swim.addresses().collect();
        let is_lonely = |seed: &SocketAddr| !known.contains(seed) && !self.seeds.is_bootstrapping(seed);
        let lonely = self.seeds.addresses().iter().copied().filter(is_lonely).collect();
        if membership.own_is_changed {
            self.spread_own(now);
        }
        self.join_cluster(lonely, now);
    }

    /// Takes note that the message about this node has changed.
    pub(crate) fn on_own_change(&mut self) {
        if let Some(membership) = &mut self.membership {
            membership.own_is_changed = true;
        }
    }

    /// Does everything that is due by `now`.
    pub(crate) fn run_swim(&mut self, now: Instant) {
        let Some(membership) = &mut self.membership else { return };
        membership.swim.handle_timeout(now);
        self.apply_swim_changes(now);
        self.run_round(now);
        self.sync(now);
    }

    /// Returns true if a member is at this address.
    pub(crate) fn is_at_member(&self, address: &SocketAddr) -> bool {
        self.membership
            .as_ref()
            .is_some_and(|membership| membership.swim.addresses().any(|at| at == *address))
    }

    /// Takes in a message of another member.
    pub(crate) fn handle_cluster_message(
        &mut self,
        kind: ClusterKind,
        message: &ClusterMessage<'_>,
        inbound: Inbound,
        now: Instant,
    ) {
        let Some(membership) = &mut self.membership else {
            self.counters.other_cluster += 1;
            return;
        };
        if !membership.swim.is_new(&message.id, message.sequence) {
            self.counters.stale += 1;
            return;
        }
        match (kind, message.content) {
            (_, Content::Packet(packet)) => self.handle_packet(message.id, packet, inbound, now),
            // Only members get answers.
            _ if !membership.swim.is_member(&message.id) => self.counters.stale += 1,
            (ClusterKind::Ask, content) => self.answer_sync(message.id, content, inbound, now),
            (_, content) => self.on_sync_answer(message.id, content, inbound, now),
        }
    }

    /// Takes in an announce or a query of a member to this node alone. Returns false if it was stale.
    pub(crate) fn on_member_record(
        &mut self,
        about: &Announcement<'_>,
        inbound: Inbound,
        now: Instant,
    ) -> bool {
        let is_new = self.on_record(about, Some(inbound.path), now);
        self.counters.stale += u64::from(!is_new);
        is_new
    }

    /// Removes members whose entries left the registry for another reason than SWIM's.
    pub(crate) fn reconcile_members(&mut self, now: Instant) {
        let Some(membership) = &mut self.membership else { return };
        let is_gone =
            |id: &InstanceId| !self.registry.peers().contains(id) && !membership.unlisted.contains(id);
        let gone: Vec<InstanceId> = membership.swim.members().filter(is_gone).collect();
        for id in gone {
            membership.swim.remove(&id, now);
        }
        self.apply_swim_changes(now);
    }

    /// Leaves the cluster.
    pub(crate) fn leave_cluster(&mut self) {
        let goodbye = self.own_message(Kind::Goodbye);
        let Some(membership) = &mut self.membership else { return };
        membership.swim.leave(&goodbye);
        self.send_packets();
    }

    fn handle_packet(&mut self, sender: InstanceId, packet: &[u8], inbound: Inbound, now: Instant) {
        let Some(membership) = &mut self.membership else { return };
        let Some(updates) = membership.swim.handle_packet(packet, inbound.path.address, now) else {
            self.counters.malformed += 1;
            return;
        };
        let read = |piece: &&'_ [u8]| match wire::decode(piece) {
            Ok(Message::Native(kind, _)) => Some(kind),
            _ => None,
        };
        let (goodbyes, others): (Vec<&[u8]>, Vec<&[u8]>) =
            updates.into_iter().partition(|piece| read(piece) == Some(Kind::Goodbye));
        self.registry.peers_mut().on_received(&sender, inbound.path, now);
        // Before the changes of SWIM, because a goodbye has the reason.
        goodbyes.into_iter().for_each(|piece| self.on_update(piece, now));
        self.apply_swim_changes(now);
        others.into_iter().for_each(|piece| self.on_update(piece, now));
    }

    /// Takes in a message that a member has passed on.
    fn on_update(&mut self, piece: &[u8], now: Instant) {
        let Ok(Message::Native(kind, about)) = wire::decode(piece) else { return };
        if about.id == self.settings.id {
            return;
        }
        let is_new = match kind {
            Kind::Goodbye => {
                let path = self.path_of_member(&about.id);
                path.is_some_and(|path| self.registry.on_member_goodbye(&about, path, now))
            }
            Kind::Announce | Kind::Query => self.on_record(&about, None, now),
        };
        if let Some(membership) = self.membership.as_mut().filter(|_| is_new) {
            membership.swim.pass_on(piece);
        }
    }

    /// Takes over a message about a member. Returns false if it was known.
    fn on_record(&mut self, about: &Announcement<'_>, path: Option<Path>, now: Instant) -> bool {
        // SWIM tells whether a member is alive, so its announced lifetime does not matter.
        let about = &Announcement { expiry: self.settings.expiry, ..*about };
        let Some(path) = path.or_else(|| self.path_of_member(&about.id)) else { return false };
        match self.registry.on_announce(about, path, Arrival::Unicast, now) {
            AnnounceOutcome::Known => true,
            AnnounceOutcome::NoRoom => {
                self.counters.refused_full += 1;
                true
            }
            AnnounceOutcome::New => self.list_member(about, path, now),
            AnnounceOutcome::Stale | AnnounceOutcome::Contradiction => false,
        }
    }

    /// Lists a member of which only the id was known. Returns false for an instance that is no member, or if there is no
    /// room.
    fn list_member(&mut self, about: &Announcement<'_>, path: Path, now: Instant) -> bool {
        let is_wanted =
            self.membership.as_ref().is_some_and(|membership| membership.unlisted.contains(&about.id));
        if !is_wanted {
            return false;
        }
        let is_listed = self.registry.list_peer(about, path, Source::Gossip, now).is_ok();
        match &mut self.membership {
            Some(membership) if is_listed => drop(membership.unlisted.remove(&about.id)),
            _ => self.counters.refused_full += 1,
        }
        is_listed
    }

    /// Returns the path to a member.
    fn path_of_member(&self, id: &InstanceId) -> Option<Path> {
        let address = self.membership.as_ref()?.swim.address_of(id);
        self.registry.peers().path_of(id).or_else(|| Some(Path::new(address?, 0)))
    }

    /// Takes over the changes that SWIM has found, and sends its packets.
    fn apply_swim_changes(&mut self, now: Instant) {
        let Some(membership) = &mut self.membership else { return };
        for change in membership.swim.take_changes() {
            match change {
                Change::Up(id) => {
                    if membership.swim.members().len() == 1 {
                        membership.sync.begin(now);
                        membership.own_is_changed = true;
                    }
                    if !self.registry.peers().contains(&id) {
                        membership.unlisted.insert(id);
                    }
                }
                Change::Down(id) => {
                    membership.unlisted.remove(&id);
                    self.registry.remove_member(&id, now);
                }
                Change::Back => membership.own_is_changed = true,
            }
        }
        let is_alone = membership.swim.members().len() == 0;
        if membership.own_is_changed && !is_alone {
            self.spread_own(now);
        }
        self.send_packets();
    }

    fn spread_own(&mut self, now: Instant) {
        let own = self.own_message(Kind::Announce);
        if let Some(membership) = &mut self.membership {
            membership.own_is_changed = false;
            membership.swim.spread(&own, now);
            membership.own = own;
        }
    }

    /// Returns a message about this node, as members pass it on.
    fn own_message(&mut self, kind: Kind) -> Vec<u8> {
        // The cluster is in the message around it.
        let about =
            Announcement { cluster: "", proof: None, ..self.outbox.next_announcement(&self.settings) };
        wire::encode_padded(kind, &about, 0)
    }

    fn send_packets(&mut self) {
        let Some(membership) = &mut self.membership else { return };
        for outgoing in membership.swim.take_outgoing() {
            let content = Content::Packet(&outgoing.packet);
            let plain = self.encode_for_cluster(ClusterKind::Packet, content, 0);
            self.send_to_member(plain, outgoing.to.as_ref(), outgoing.address);
        }
    }

    fn encode_for_cluster(&mut self, kind: ClusterKind, content: Content<'_>, min_len: usize) -> Vec<u8> {
        self.outbox.encode_for_cluster(kind, content, min_len, &self.settings)
    }

    /// Compares lists with another member, or continues to, if that is due.
    fn sync(&mut self, now: Instant) {
        let Some(membership) = &mut self.membership else { return };
        membership.sync.note_unlisted(!membership.unlisted.is_empty(), &membership.swim, now);
        let step = membership.sync.take_due(&membership.swim, now, &mut self.rng);
        self.send_sync(step);
    }

    fn send_sync(&mut self, step: Option<Step>) {
        let Some(Step { partner, after }) = step else { return };
        let Some(path) = self.path_of_member(&partner) else { return };
        let plain = match after {
            None => {
                let digest = self.digest();
                self.encode_for_cluster(ClusterKind::Ask, Content::Digest(digest), 0)
            }
            Some(after) => {
                // As long as any answer.
                let entries = self.page(after, &[], MAX_ANNOUNCE);
                if let Some(membership) = &mut self.membership {
                    membership.sync.set_own_end(entries.end);
                }
                self.encode_for_cluster(ClusterKind::Ask, Content::Page(after, &entries.bytes), MAX_ANNOUNCE)
            }
        };
        self.send_to_member(plain, Some(&partner), path.address);
    }

    fn answer_sync(&mut self, from: InstanceId, content: Content<'_>, inbound: Inbound, now: Instant) {
        let plain = match content {
            Content::Page(after, entries) => {
                self.merge(from, entries, inbound, now);
                let page = self.page(after, entries, inbound.len);
                self.encode_for_cluster(ClusterKind::Tell, Content::Page(after, &page.bytes), 0)
            }
            _ => {
                let digest = self.digest();
                self.encode_for_cluster(ClusterKind::Tell, Content::Digest(digest), 0)
            }
        };
        self.send_to_member(plain, Some(&from), inbound.path.address);
    }

    fn on_sync_answer(&mut self, from: InstanceId, content: Content<'_>, inbound: Inbound, now: Instant) {
        let answer = match content {
            Content::Page(after, entries) => {
                let end = self.merge(from, entries, inbound, now);
                Answer::Page { after, end }
            }
            Content::Digest(digest) if digest == self.digest() => Answer::Same,
            _ => Answer::Differs,
        };
        let Some(membership) = &mut self.membership else { return };
        let step = membership.sync.handle_answer(from, answer, &membership.swim, now, &mut self.rng);
        self.send_sync(step);
    }

    /// Takes over the entries of another member's list. Returns the id of the last one.
    fn merge(
        &mut self,
        from: InstanceId,
        entries: &[u8],
        inbound: Inbound,
        now: Instant,
    ) -> Option<InstanceId> {
        let mut end = None;
        for (member, record) in SyncPage::read(entries, from, inbound.path.address) {
            if record.is_empty() {
                self.on_member_gone(member, now);
                continue;
            }
            let Ok(Message::Native(Kind::Announce, about)) = wire::decode(record) else { continue };
            if about.id != member.id {
                continue;
            }
            end = Some(about.id);
            if about.id == self.settings.id || self.registry.peers().is_stale(&about) {
                continue;
            }
            if let Some(membership) = &mut self.membership {
                membership.swim.handle_member(member, now);
            }
            self.apply_swim_changes(now);
            if self.on_record(&about, None, now)
                && let Some(membership) = &mut self.membership
            {
                membership.sync.on_learned();
            }
        }
        end
    }

    /// Takes note that an instance is no longer a member.
    fn on_member_gone(&mut self, member: MemberId, now: Instant) {
        if let Some(membership) = &mut self.membership {
            membership.swim.on_gone(member, now);
        }
        self.apply_swim_changes(now);
    }

    /// Returns the entries that follow an id, as many as fit into a message of `len` bytes. Before them come those of
    /// `listed`, the other member's entries, that are no longer members.
    fn page(&self, after: InstanceId, listed: &[u8], len: usize) -> SyncPage {
        let bytes_free = wire::max_page_len(&self.settings.cluster, len);
        let mut entries = SyncPage::new(bytes_free);
        let Some(membership) = &self.membership else { return entries };
        for id in SyncPage::ids(listed) {
            if let Some(former) = membership.swim.former(&id) {
                entries.push(&former, &[]);
            }
        }
        entries.end = None;
        for member in membership.swim.all_after(after) {
            let is_own = member.id == self.settings.id;
            let has_room = match is_own {
                true => membership.own.is_empty() || entries.push(&member, &membership.own),
                false => self.registry.peers().announcement_of(&member.id).is_none_or(|about| {
                    entries.push(&member, &wire::encode_padded(Kind::Announce, &about, 0))
                }),
            };
            if !has_room {
                return entries;
            }
        }
        entries.end = None;
        entries
    }

    /// Returns a digest by which two lists are compared.
    fn digest(&self) -> u64 {
        let own = digest_of(&self.settings.id, self.settings.port, &self.settings.value);
        self.registry
            .peers()
            .announcements()
            .fold(own, |digest, about| digest ^ digest_of(&about.id, about.port, about.value))
    }

    /// Brings registry and members in line, and queries members of which only the id is known.
    fn run_round(&mut self, now: Instant) {
        let Some(membership) = &mut self.membership else { return };
        if !self.timers.take_expired(Timer::Round, now) {
            return;
        }
        self.timers.set(Timer::Round, now + membership.swim.units(ROUND));
        let unlisted = membership.unlisted.clone();
        let missed: Vec<InstanceId> =
            membership.missed.intersection(&unlisted).copied().take(MAX_QUERIED).collect();
        membership.missed = unlisted;
        self.registry.peers_mut().renew_all(now);
        self.reconcile_members(now);
        for id in missed {
            if let Some(path) = self.path_of_member(&id) {
                let query = self.outbox.encode(Kind::Query, &self.settings);
                self.send_to_member(query, Some(&id), path.address);
            }
        }
    }

    fn send_to_member(&mut self, plain: Vec<u8>, to: Option<&InstanceId>, address: SocketAddr) {
        self.outbox.send_to(plain, Path { address, interface: 0 }, to);
    }
}
