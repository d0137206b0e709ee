//! `Swim`: the members of the cluster, by the SWIM protocol (A. Das, I. Gupta, A. Motivala, "SWIM: Scalable
//! Weakly-consistent Infection-style Process Group Membership Protocol", 2002) as the crate `foca` has it, within the [`rules`].
//! It knows ids and addresses. Names and values are in the registry; they come with SWIM's packets as updates, or by
//! anti-entropy (`sync`).

mod candidates;
mod codec;
mod foca_runtime;
mod member;
mod packet;
mod rules;
mod sync;
mod sync_page;

use std::net::SocketAddr;
use std::ops::Bound;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use foca::{Foca, Header, Member, Message as Packet, State, Timer};

use crate::path::Path;
use crate::settings::Settings;
use crate::wire::InstanceId;
pub(crate) use candidates::CandidateProbe;
use candidates::Candidates;
use codec::MemberCodec;
use foca_runtime::{Outcome, Updates, config};
pub(crate) use member::MemberId;
use packet::{CLAIM_LEN, SplitPacket};
use rules::{Due, Judgement, Rules, Seat};
pub(crate) use sync::{Answer, AntiEntropy, Step};
pub(crate) use sync_page::{SyncPage, digest_of};

/// Number of time units in the expiry, which all times follow. With the default of 35 s a unit is a second; where seconds
/// are given below, the default is meant.
const UNITS_PER_EXPIRY: u32 = 35;

/// In units: the time after which a down member is removed, and the period in which the cluster as a whole probes each one
/// until then, so that two halves of a parted cluster join again. Each node waits for at most the last of these.
const MEMORY: f64 = 600.0;
const RETRY_PERIOD: f64 = 5.0;
const MAX_RETRY_PERIOD: f64 = 120.0;

pub(crate) struct Swim {
    foca: Foca<MemberId, MemberCodec, ChaCha20Rng, Updates>,
    outcome: Outcome,
    /// The states that foca has taken over.
    taken_over: Receiver<Member<MemberId>>,
    rules: Rules,
    candidates: Candidates,
    max_seats: usize,
    retry_at: Instant,
    rng: fastrand::Rng,
    unit: Duration,
}

/// A change of the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The instance is a member.
    Up(InstanceId),
    /// The instance is no longer a member. The goodbye is one that another member passed on.
    Down(InstanceId, Option<Vec<u8>>),
    /// This node was declared down, and is a member again.
    Back,
}

/// A datagram to send; `to` is `None` if the id is not known.
pub(crate) struct Outgoing {
    pub to: Option<InstanceId>,
    pub address: SocketAddr,
    pub packet: Vec<u8>,
    pub min_len: usize,
}

/// What a packet is.
pub(crate) enum Heard<'a> {
    /// One of a member, with these updates.
    Member(Vec<&'a [u8]>),
    /// One of an instance that is to be validated first.
    Stranger,
    Malformed,
}

impl Swim {
    /// Returns a node that knows no other member. `packet_len` is the maximum length of a packet.
    pub fn new(settings: &Settings, packet_len: usize, now: Instant) -> Self {
        let unit = settings.expiry / UNITS_PER_EXPIRY;
        let own = MemberId { id: settings.id, generation: 0, address: ([0, 0, 0, 0], 0).into() };
        let rng = ChaCha20Rng::seed_from_u64(settings.seed);
        let (sender, taken_over) = channel();
        let codec = MemberCodec { taken_over: sender };
        let config = config(unit, packet_len - CLAIM_LEN);
        Swim {
            foca: Foca::with_custom_broadcast(own, config, rng, codec, Updates),
            outcome: Outcome::new(now),
            taken_over,
            rules: Rules::new(unit, settings.seed, now),
            candidates: Candidates::new(unit),
            max_seats: settings.max_peers,
            retry_at: now,
            rng: fastrand::Rng::with_seed(settings.seed),
            unit,
        }
    }

    /// Returns the length of so many units.
    pub fn units(&self, count: f64) -> Duration {
        self.unit.mul_f64(count)
    }

    pub fn is_member(&self, id: &InstanceId) -> bool {
        self.rules.seats.get(id).is_some_and(|seat| !seat.is_down())
    }

    /// Returns the address of a member or former member, as the member that was first received from there was told.
    pub fn address_of(&self, id: &InstanceId) -> Option<SocketAddr> {
        self.rules.seats.get(id).map(|seat| seat.member.address)
    }

    /// Returns the number of members that are not down.
    pub fn member_count(&self) -> usize {
        self.foca.num_members()
    }

    /// Returns a member at random.
    pub fn random_member(&self, rng: &mut fastrand::Rng) -> Option<InstanceId> {
        let count = self.member_count();
        (count > 0).then(|| self.members().nth(rng.usize(..count)))?.map(|member| member.id)
    }

    fn members(&self) -> impl Iterator<Item = MemberId> {
        self.rules.seats.values().filter(|seat| !seat.is_down()).map(|seat| seat.member)
    }

    /// Returns all members, this node among them, whose ids follow this one, in the order of ids.
    pub fn all_after(&self, after: InstanceId) -> impl Iterator<Item = MemberId> {
        let own = *self.foca.identity();
        let from = |start| {
            let seats = self.rules.seats.range((start, Bound::Unbounded)).map(|(_, seat)| seat);
            seats.filter(|seat| !seat.is_down()).map(|seat| seat.member)
        };
        let before_own = from(Bound::Excluded(after)).take_while(move |member| member.id < own.id);
        let after_own = from(Bound::Excluded(after.max(own.id)));
        before_own.chain((after < own.id).then_some(own)).chain(after_own)
    }

    /// Returns a former member, unless no other member shares the verdict.
    pub fn former(&self, id: &InstanceId) -> Option<MemberId> {
        self.rules.seats.get(id).filter(|seat| seat.is_down() && !seat.is_lone).map(|seat| seat.member)
    }

    /// Returns a request to join to the member at an address, of `len` bytes: a probe that answers it may be as long.
    pub fn join(&self, seed: SocketAddr, len: usize) -> Outgoing {
        let packet = self.packet(MemberId::unknown_at(seed), Packet::Announce);
        Outgoing { to: None, address: seed, packet, min_len: len }
    }

    /// Returns true for a message newer than all others of its sender. Nothing is stored about unknown senders.
    pub fn is_new(&mut self, sender: &InstanceId, sequence: u64) -> bool {
        self.rules.is_new(sender, sequence)
    }

    /// Takes note of the bytes of a message: probes of candidates have three times as many at most.
    pub fn on_bytes(&mut self, len: usize) {
        self.candidates.on_bytes(len);
    }

    /// Takes in a packet that came from an address.
    pub fn handle_packet<'a>(
        &mut self,
        packet: &'a [u8],
        from: &InstanceId,
        address: SocketAddr,
        now: Instant,
    ) -> Heard<'a> {
        let own = *self.foca.identity();
        let Some(packet) = packet::take_apart(packet, address, &own) else { return Heard::Malformed };
        if packet.header.src.id != *from || *from == own.id {
            return Heard::Malformed;
        }
        if !self.may_speak(&packet.header, now) {
            return Heard::Stranger;
        }
        if self.is_about_stranger(&packet.header) || self.is_late_verdict(&packet, now) {
            return Heard::Member(Vec::new());
        }
        // A member that leaves says so by its last packet.
        let was_member = self.is_member(from);
        self.take_over(&packet, now);
        // Updates are taken from members alone.
        Heard::Member(if was_member || self.is_member(from) { packet.updates } else { Vec::new() })
    }

    /// Takes in what another member claims in a page of its list. Returns true if the instance is yet to be validated.
    pub fn handle_claim(
        &mut self,
        member: MemberId,
        is_down: bool,
        by: &InstanceId,
        len: usize,
        now: Instant,
    ) -> bool {
        let state = if is_down { State::Down } else { State::Alive };
        let claim = Member::new(member, 0, state);
        let judgement = self.judge(&claim, by, len, now);
        if judgement == Judgement::Pass {
            self.apply(claim, true, now);
        }
        judgement == Judgement::Validate
    }

    /// Takes note that an instance has echoed a nonce: it is there. Returns false if it is no member: it is to raise its
    /// generation first, or there is no seat.
    pub fn on_echo(&mut self, id: InstanceId, address: SocketAddr, sequence: u64, now: Instant) -> bool {
        self.candidates.remove(&id);
        let Some(seat) = self.rules.seats.get_mut(&id) else {
            return self.take_seat(MemberId { id, generation: 0, address }, sequence, now);
        };
        seat.on_echo(sequence);
        let (mut member, is_down, is_lone) = (seat.member, seat.is_down(), seat.is_lone);
        self.rules.on_received(&id, now);
        if !is_down {
            return true;
        }
        if is_lone {
            // No other member knows of it, so there is nothing to contradict.
            self.forget(member, now);
            member.address = address;
            return self.take_seat(member, sequence, now);
        }
        // It goes on with the next generation.
        self.send(member, Packet::TurnUndead);
        false
    }

    /// Has a member validated that the registry does not list.
    pub fn on_unlisted(&mut self, id: &InstanceId, now: Instant) {
        if let Some(address) = self.address_of(id) {
            self.candidates.insert(*id, Path::new(address, 0), 0, now);
        }
    }

    /// Takes note that the registry lists a member.
    pub fn set_listed(&mut self, id: &InstanceId) {
        if let Some(seat) = self.rules.seats.get_mut(id) {
            seat.is_listed = true;
        }
    }

    /// Takes note of the goodbye of a member that another one passed on. Returns true if it counts now.
    pub fn on_goodbye(&mut self, id: &InstanceId, goodbye: &[u8], now: Instant) -> bool {
        self.rules.accuse(id, Some(goodbye), now)
    }

    /// Returns the members that the registry is to list, and does not.
    pub fn missing(&self, is_listed: impl Fn(&InstanceId) -> bool) -> Vec<InstanceId> {
        let seats = self.rules.seats.values().filter(|seat| seat.is_listed);
        seats.map(|seat| seat.member.id).filter(|id| !is_listed(id)).collect()
    }

    /// Takes over that a member has left, as found otherwise than by SWIM, and spreads that.
    pub fn remove(&mut self, id: &InstanceId, now: Instant) {
        let Some(seat) = self.rules.seats.get(id).filter(|seat| !seat.is_down()) else { return };
        self.apply(Member::new(seat.member, seat.incarnation, State::Down), true, now);
    }

    /// Spreads a message about a member through the cluster.
    pub fn spread(&mut self, message: &[u8], now: Instant) {
        self.run(now, |foca, outcome| {
            foca.add_broadcast(message)?;
            foca.gossip(outcome)
        });
    }

    /// Passes on a message that came as an update.
    pub fn pass_on(&mut self, message: &[u8]) {
        // It was decoded before, so it is valid.
        let _ = self.foca.add_broadcast(message);
    }

    /// Leaves the cluster: sends this goodbye to members at random, `max` at most. One that another member passed on counts
    /// late, because it may be forged.
    pub fn leave(&mut self, goodbye: &[u8], max: usize) {
        let own = Member::new(*self.foca.identity(), self.rules.own_incarnation, State::Down);
        let mut members: Vec<MemberId> = self.members().collect();
        self.rng.shuffle(&mut members);
        for member in members.into_iter().take(max) {
            let mut packet = self.packet(member, Packet::Gossip);
            packet::append(&mut packet, &own, goodbye);
            self.outcome.sent.push((member, packet));
        }
    }

    /// Gives all members time to answer after a suspend.
    pub fn on_resume(&mut self, now: Instant) {
        self.rules.on_resume(now);
    }

    /// Does everything that is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.outcome.take_due(now) {
            self.run(now, |foca, outcome| foca.handle_timer(timer, outcome));
        }
        while let Some(due) = self.rules.take_due(now) {
            self.handle_due(due, now);
        }
        if self.has_former() && self.retry_at <= now {
            self.forget_former(now);
            self.retry_former(now);
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let retry = self.has_former().then_some(self.retry_at);
        let timeouts =
            [self.outcome.poll_timeout(), self.rules.poll_timeout(), self.candidates.poll_timeout(), retry];
        timeouts.into_iter().flatten().min()
    }

    /// Returns the changes of the members, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.outcome.changes)
    }

    /// Returns the probes of candidates that are due.
    pub fn take_probes(&mut self, now: Instant) -> Vec<CandidateProbe> {
        for member in self.rules.take_lone() {
            self.candidates.insert(member.id, Path::new(member.address, 0), 0, now);
        }
        self.candidates.take_due(now)
    }

    /// Returns the datagrams to send.
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        let sent = std::mem::take(&mut self.outcome.sent);
        sent.into_iter().filter_map(|(to, packet)| self.outgoing(&to, packet)).collect()
    }

    /// Adds what the rules say to a packet. `None` if the addressee has no seat.
    fn outgoing(&self, to: &MemberId, mut packet: Vec<u8>) -> Option<Outgoing> {
        let seat = self.rules.seats.get(&to.id)?;
        packet::edit(&mut packet, self.rules.claim_to(&to.id), |claim| self.rules.is_kept(claim));
        Some(Outgoing { to: Some(to.id), address: seat.member.address, packet, min_len: 0 })
    }

    /// Returns true if the sender of a packet has a seat and plausible numbers. One that this node alone holds down is to be
    /// validated. A packet that lets in, or proves nothing, is the reason for a probe.
    fn may_speak(&mut self, header: &Header<MemberId>, now: Instant) -> bool {
        let seat = self.rules.seats.get(&header.src.id);
        header.message != Packet::Announce
            && seat.is_some_and(|seat| !(seat.is_down() && seat.is_lone))
            && self.rules.on_packet_of(&header.src, header.src_incarnation, now)
    }

    fn is_about_stranger(&self, header: &Header<MemberId>) -> bool {
        let has_seat = |id: InstanceId| id == self.foca.identity().id || self.rules.seats.contains_key(&id);
        codec::parts(&header.message).2.is_some_and(|third| !has_seat(third.id))
    }

    /// Returns true for a packet that says that this node is down, if the node knows it, or has just answered it. The numbers
    /// in its header count. A sender that means an earlier generation of this node gets the present one.
    fn is_late_verdict(&mut self, packet: &SplitPacket<'_>, now: Instant) -> bool {
        let Header { src, src_incarnation, ref message, .. } = packet.header;
        let own = *self.foca.identity();
        if *message != Packet::TurnUndead || self.rules.may_be_told_down(packet.known_generation, &own, now) {
            return false;
        }
        self.apply(Member::new(src, src_incarnation, State::Alive), true, now);
        if packet.known_generation < own.generation {
            self.send(src, Packet::Gossip);
        }
        true
    }

    /// Hands a packet to foca, with the claims that pass.
    fn take_over(&mut self, packet: &SplitPacket<'_>, now: Instant) {
        let from = packet.header.src.id;
        let mut claims = packet.claims.clone();
        claims.retain(|claim| self.judge(claim, &from, 0, now) == Judgement::Pass);
        let bytes = packet.with_claims(&claims);
        self.run(now, |foca, outcome| foca.handle_data(&bytes, outcome));
        if self.rules.seats.get(&from).is_some_and(|seat| !seat.is_down() && !seat.is_listed) {
            self.on_unlisted(&from, now);
        }
    }

    /// Judges a claim, and does what that asks for. One that passes is for foca. `len` is the length of the claimed member's
    /// announce, if it is known.
    fn judge(&mut self, claim: &Member<MemberId>, by: &InstanceId, len: usize, now: Instant) -> Judgement {
        let own = *self.foca.identity();
        let MemberId { id, address, .. } = *claim.id();
        let judgement = self.rules.judge(claim, by, &own, now);
        match judgement {
            Judgement::Pass | Judgement::Drop => {}
            Judgement::Accuse => drop(self.rules.accuse(&id, None, now)),
            Judgement::Validate => self.candidates.insert(id, Path::new(address, 0), len, now),
            Judgement::Exceed(generation) => self.exceed(generation, now),
        }
        judgement
    }

    fn take_seat(&mut self, member: MemberId, sequence: u64, now: Instant) -> bool {
        if self.rules.seats.len() >= self.max_seats && !self.free_seat(now) {
            return false;
        }
        self.rules.seats.insert(member.id, Seat::new(member, sequence));
        self.rules.on_received(&member.id, now);
        self.apply(Member::alive(member), true, now);
        true
    }

    /// Takes the seat of a former member. Returns false if there is none.
    fn free_seat(&mut self, now: Instant) -> bool {
        let former = self.rules.seats.values().find(|seat| seat.is_down()).map(|seat| seat.member);
        former.map(|member| self.forget(member, now)).is_some()
    }

    fn forget(&mut self, former: MemberId, now: Instant) {
        self.rules.remove(&former.id);
        self.run(now, |foca, outcome| foca.handle_timer(Timer::RemoveDown(former), outcome));
    }

    /// Takes a generation above one that a member claims.
    fn exceed(&mut self, generation: u32, now: Instant) {
        let own = MemberId { generation: generation.saturating_add(1), ..*self.foca.identity() };
        self.run(now, |foca, outcome| {
            foca.change_identity(own, &mut *outcome)?;
            foca.apply_many(std::iter::empty(), true, outcome)
        });
        self.outcome.changes.push(Change::Back);
    }

    fn send(&mut self, to: MemberId, message: Packet<MemberId>) {
        let packet = self.packet(to, message);
        self.outcome.sent.push((to, packet));
    }

    fn packet(&self, to: MemberId, message: Packet<MemberId>) -> Vec<u8> {
        let src = *self.foca.identity();
        let header = Header { src, src_incarnation: self.rules.own_incarnation, dst: to, message };
        let mut packet = Vec::new();
        codec::put_header(&mut packet, &header).expect("a vector has room");
        packet
    }

    fn handle_due(&mut self, due: Due, now: Instant) {
        match due {
            Due::Ask(member) => self.send(member, Packet::Ping(0)),
            Due::Verdict { member, incarnation, is_lone, goodbye } => {
                let down = Member::new(member, incarnation, State::Down);
                self.outcome.goodbye = goodbye;
                self.apply(down.clone(), !is_lone, now);
                if is_lone {
                    // foca passes on only what it spreads.
                    self.rules.on_state(&down, now);
                    self.rules.seats.entry(member.id).and_modify(|seat| seat.is_lone = true);
                }
            }
        }
    }

    fn has_former(&self) -> bool {
        self.member_count() < self.rules.seats.len()
    }

    fn forget_former(&mut self, now: Instant) {
        let memory = self.units(MEMORY);
        let is_over = |seat: &&Seat| seat.down_since.is_some_and(|since| since + memory <= now);
        let former: Vec<MemberId> =
            self.rules.seats.values().filter(is_over).map(|seat| seat.member).collect();
        former.into_iter().for_each(|member| self.forget(member, now));
    }

    /// Probes one of the former members.
    fn retry_former(&mut self, now: Instant) {
        let seats = &self.rules.seats;
        let former: Vec<MemberId> =
            seats.values().filter(|seat| seat.is_down()).map(|seat| seat.member).collect();
        if let Some(member) = self.rng.choice(&former) {
            self.candidates.insert(member.id, Path::new(member.address, 0), 0, now);
        }
        let period = RETRY_PERIOD * seats.len() as f64 / former.len().max(1) as f64;
        let period = self.units(period.min(MAX_RETRY_PERIOD)).mul_f64(0.5 + self.rng.f64());
        self.retry_at = now + period;
    }

    /// Has foca take over a state, and spread it.
    fn apply(&mut self, state: Member<MemberId>, is_spread: bool, now: Instant) {
        self.run(now, |foca, outcome| foca.apply_many([state].into_iter(), is_spread, outcome));
    }

    /// Runs foca. Its errors are about packets, which it then ignores, or about late timers, for which it makes up.
    fn run(
        &mut self,
        now: Instant,
        action: impl FnOnce(
            &mut Foca<MemberId, MemberCodec, ChaCha20Rng, Updates>,
            &mut Outcome,
        ) -> Result<(), foca::Error>,
    ) {
        self.outcome.now = now;
        let sent = self.outcome.sent.len();
        let _ = action(&mut self.foca, &mut self.outcome);
        self.outcome.goodbye = None;
        if let Some((_, packet)) = self.outcome.sent[sent..].last() {
            self.rules.own_incarnation = packet::incarnation_of(packet);
        }
        while let Ok(member) = self.taken_over.try_recv() {
            self.rules.on_state(&member, now);
        }
    }
}
