//! `Swim`: who is a member of the cluster, by the SWIM protocol (A. Das, I. Gupta, A. Motivala, "SWIM: Scalable
//! Weakly-consistent Infection-style Process Group Membership Protocol", 2002) as the crate `foca` has it.
//!
//! It knows ids and addresses. What members are called and offer is in the registry (`natives`), and comes there by the news
//! that travel with SWIM's packets, and by `exchange`.

mod codec;
mod entries;
mod exchange;
mod member;
mod packet;
mod timers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroUsize};
use std::ops::Bound;
use std::time::{Duration, Instant};

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use foca::{
    BroadcastHandler, Config, Foca, Invalidates, Member, Notification, PeriodicParams, Runtime, Timer,
};

use super::settings::Settings;
use super::wire::{self, InstanceId, Message};
use codec::MemberCodec;
pub(super) use entries::{Entries, digest_of};
pub(super) use exchange::{Answer, Exchange, Step};
pub(super) use member::MemberId;
use timers::Timers;

/// All times follow the expiry: this many units of time are in it. With the default of 35 s a unit is a second, and what is
/// said of seconds below is said of the default.
const UNITS_PER_EXPIRY: u32 = 35;

/// In units: each member asks another one whether it is there this often, and waits so long for its answer before it has
/// others ask.
const PROBE_PERIOD: f64 = 1.0;
const PROBE_PATIENCE: f64 = 0.5;

/// So many others ask one who has not answered. At 5 % loss one who lives answers neither at once nor by way of any of them in one
/// of 50,000 probes; with three it would be one of 1600, and a large cluster would talk of nothing else.
const INDIRECT_PROBES: usize = 5;

/// In units: how long one who has not answered may take to contradict. The LAN preset of foca has some 3 s, at which members
/// that live are declared dead when datagrams are lost, and busy machines look dead.
const SUSPICION: f64 = 20.0;

/// In units: what has come to be known is passed on this often, to so many.
const GOSSIP_PERIOD: f64 = 0.2;
const GOSSIP_MEMBERS: usize = 3;

/// Each piece of news is passed on this often by each member. It misses one member of e^15 then, three millions; with ten it would
/// be one of 22,000, and one of a thousand members would be missed by every twentieth piece. Exchanges mend what is missed.
const TRANSMISSIONS: u8 = 15;

/// In units: members that are dead are spoken to this often, lest the two halves of a cluster that was parted stay apart; so
/// many at a time; and they are forgotten after this.
const RETRY_PERIOD: f64 = 65.0;
const RETRIED: usize = 2;
const MEMORY: f64 = 600.0;

/// A goodbye is sent to a few, who pass it on, this often.
const GOODBYES: usize = 2;

pub(super) struct Swim {
    foca: Foca<MemberId, MemberCodec, ChaCha20Rng, News>,
    outcome: Outcome,
    timers: Timers,
    /// Those who are members, and by which address they were last heard.
    members: BTreeMap<InstanceId, MemberId>,
    /// Those who were members, until they are forgotten.
    former: BTreeMap<InstanceId, MemberId>,
    /// Everybody that foca knows of, the dead included: so many there may be.
    seats: BTreeSet<InstanceId>,
    max_seats: usize,
    /// The number of the last message of each.
    heard: HashMap<InstanceId, u64>,
    unit: Duration,
}

/// What is done about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is a member.
    Up(InstanceId),
    /// It is none any more.
    Down(InstanceId),
    /// This node was taken for dead, and is a member again.
    Back,
}

/// A datagram to send; `None` for one whose id is not known.
pub(super) struct Outgoing {
    pub to: Option<InstanceId>,
    pub address: SocketAddr,
    pub packet: Vec<u8>,
}

/// What foca wants done.
struct Outcome {
    now: Instant,
    sent: Vec<(MemberId, Vec<u8>)>,
    changes: Vec<(Change, Option<MemberId>)>,
    timers: Vec<(Timer<MemberId>, Instant)>,
}

impl Swim {
    /// A node that is the only member it knows. `packet_len` is the most bytes of a packet.
    pub fn new(settings: &Settings, packet_len: usize, now: Instant) -> Self {
        let unit = settings.expiry / UNITS_PER_EXPIRY;
        let own = MemberId { id: settings.id, generation: 0, address: ([0, 0, 0, 0], 0).into() };
        let rng = ChaCha20Rng::seed_from_u64(settings.seed);
        Swim {
            foca: Foca::with_custom_broadcast(own, config(unit, packet_len), rng, MemberCodec, News),
            outcome: Outcome { now, sent: Vec::new(), changes: Vec::new(), timers: Vec::new() },
            timers: Timers::default(),
            members: BTreeMap::new(),
            former: BTreeMap::new(),
            seats: BTreeSet::new(),
            max_seats: settings.max_peers,
            heard: HashMap::new(),
            unit,
        }
    }

    /// As long as a time of so many units.
    pub fn units(&self, count: f64) -> Duration {
        self.unit.mul_f64(count)
    }

    pub fn is_member(&self, id: &InstanceId) -> bool {
        self.members.contains_key(id)
    }

    /// Where a member is.
    pub fn address_of(&self, id: &InstanceId) -> Option<SocketAddr> {
        self.members.get(id).map(|member| member.address)
    }

    pub fn members(&self) -> impl ExactSizeIterator<Item = InstanceId> {
        self.members.keys().copied()
    }

    /// All members, this node among them, whose ids follow this one, in the order of ids.
    pub fn all_after(&self, after: InstanceId) -> impl Iterator<Item = MemberId> {
        let own = *self.foca.identity();
        let from = |start| self.members.range((start, Bound::Unbounded)).map(|(_, member)| *member);
        let before_own = from(Bound::Excluded(after)).take_while(move |member| member.id < own.id);
        let after_own = from(Bound::Excluded(after.max(own.id)));
        before_own.chain((after < own.id).then_some(own)).chain(after_own)
    }

    /// One who was a member and is none any more.
    pub fn former(&self, id: &InstanceId) -> Option<MemberId> {
        self.former.get(id).copied()
    }

    /// The addresses of all members.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.members.values().map(|member| member.address)
    }

    /// Asks whoever is at an address to be let in.
    pub fn join(&mut self, seed: SocketAddr, now: Instant) {
        self.run(now, |foca, outcome| foca.announce(MemberId::unknown_at(seed), outcome));
    }

    /// True for a message of a sender that is newer than all that were heard of it. Of strangers nothing is kept.
    pub fn is_new(&mut self, sender: &InstanceId, sequence: u64) -> bool {
        if !self.seats.contains(sender) {
            return true;
        }
        let last = self.heard.entry(*sender).or_default();
        let is_new = sequence > *last;
        *last = sequence.max(*last);
        is_new
    }

    /// Takes in a packet. Returns the news that came with it, or `None` if it is no packet, or its sender has no seat.
    pub fn handle_packet<'a>(
        &mut self,
        packet: &'a [u8],
        from: SocketAddr,
        now: Instant,
    ) -> Option<Vec<&'a [u8]>> {
        let own = *self.foca.identity();
        let (seats, max) = (&mut self.seats, self.max_seats);
        let admits = |id: &InstanceId| *id == own.id || take_seat(seats, max, *id);
        let taken = packet::take_apart(packet, from, &own, admits)?;
        let sender = taken.header.src;
        if taken.header.dst.id != own.id || !take_seat(&mut self.seats, self.max_seats, sender.id) {
            return None;
        }
        if let Some(member) = self.members.get_mut(&sender.id) {
            member.address = from;
        }
        self.run(now, |foca, outcome| foca.handle_data(&taken.bytes, outcome));
        // Those who are not members are not believed.
        Some(if self.is_member(&sender.id) { taken.news } else { Vec::new() })
    }

    /// Takes in that there is a member, as another member has told.
    pub fn handle_member(&mut self, member: MemberId, now: Instant) {
        if member.id != self.foca.identity().id && take_seat(&mut self.seats, self.max_seats, member.id) {
            self.run(now, |foca, outcome| {
                foca.apply_many([Member::alive(member)].into_iter(), false, outcome)
            });
        }
    }

    /// Takes in that one is no member any more, as another member has told.
    pub fn handle_gone(&mut self, member: MemberId, now: Instant) {
        if self.is_member(&member.id) {
            self.run(now, |foca, outcome| foca.apply_many([Member::down(member)].into_iter(), true, outcome));
        }
    }

    /// A member is gone, as has shown otherwise than by SWIM: the others are to know.
    pub fn remove(&mut self, id: &InstanceId, now: Instant) {
        if let Some(member) = self.members.get(id).copied() {
            self.handle_gone(member, now);
        }
    }

    /// Has a message be passed on through the cluster: of a member, by itself or on its behalf.
    pub fn spread(&mut self, message: &[u8], now: Instant) {
        self.run(now, |foca, outcome| {
            foca.add_broadcast(message)?;
            foca.gossip(outcome)
        });
    }

    /// Has a message that came as news be passed on.
    pub fn pass_on(&mut self, message: &[u8]) {
        // It was read, so it is one.
        let _ = self.foca.add_broadcast(message);
    }

    /// Leaves, with this message to all.
    pub fn leave(&mut self, goodbye: &[u8]) {
        let now = self.outcome.now;
        for _ in 0..GOODBYES {
            self.spread(goodbye, now);
        }
        self.run(now, |foca, outcome| foca.leave_cluster(outcome));
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_due(now) {
            if let Timer::RemoveDown(member) = &timer {
                self.former.remove(&member.id);
                self.seats.remove(&member.id);
                self.heard.remove(&member.id);
            }
            self.run(now, |foca, outcome| foca.handle_timer(timer, outcome));
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.poll_timeout()
    }

    /// What has changed about members, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let changes = std::mem::take(&mut self.outcome.changes);
        changes.into_iter().filter_map(|(change, member)| self.note(change, member)).collect()
    }

    /// What there is to send.
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        let sent = std::mem::take(&mut self.outcome.sent);
        let outgoing = |(to, packet): (MemberId, Vec<u8>)| {
            let id = Some(to.id).filter(|_| !to.is_unknown());
            // What the others tell of its address may be older than what was seen.
            let address = self.address_of(&to.id).unwrap_or(to.address);
            Outgoing { to: id, address, packet }
        };
        sent.into_iter().map(outgoing).collect()
    }

    /// Keeps the members as foca has them. `None` for what nobody has to know.
    fn note(&mut self, change: Change, member: Option<MemberId>) -> Option<Change> {
        match (change, member) {
            (Change::Up(id), Some(member)) => {
                self.former.remove(&id);
                self.members.insert(id, member).is_none().then_some(change)
            }
            (Change::Down(id), Some(member)) => {
                self.former.insert(id, member);
                self.members.remove(&id).map(|_| change)
            }
            (Change::Back, _) => Some(change),
            (Change::Up(_) | Change::Down(_), None) => None,
        }
    }

    /// Runs foca. Its errors are about packets of others, which it has passed over, or about timers that came too late, for
    /// which it has made up.
    fn run(
        &mut self,
        now: Instant,
        action: impl FnOnce(
            &mut Foca<MemberId, MemberCodec, ChaCha20Rng, News>,
            &mut Outcome,
        ) -> Result<(), foca::Error>,
    ) {
        self.outcome.now = now;
        let _ = action(&mut self.foca, &mut self.outcome);
        for (timer, at) in std::mem::take(&mut self.outcome.timers) {
            self.timers.insert(timer, at);
        }
    }
}

fn take_seat(seats: &mut BTreeSet<InstanceId>, max: usize, id: InstanceId) -> bool {
    seats.contains(&id) || (seats.len() < max && seats.insert(id))
}

fn config(unit: Duration, packet_len: usize) -> Config {
    let at_least_one = |count: usize| NonZeroUsize::new(count).expect("none of these is zero");
    let units = |count: f64| unit.mul_f64(count).max(Duration::from_nanos(1));
    Config {
        probe_period: units(PROBE_PERIOD),
        probe_rtt: units(PROBE_PATIENCE),
        num_indirect_probes: at_least_one(INDIRECT_PROBES),
        max_transmissions: NonZeroU8::new(TRANSMISSIONS).expect("it is not zero"),
        suspect_to_down_after: units(SUSPICION),
        remove_down_after: Some(units(MEMORY)),
        max_packet_size: at_least_one(packet_len),
        notify_down_members: true,
        // Exchanges do that, and bring names and values as well.
        periodic_announce: None,
        periodic_announce_to_down_members: Some(PeriodicParams {
            frequency: units(RETRY_PERIOD),
            num_members: at_least_one(RETRIED),
        }),
        periodic_gossip: Some(PeriodicParams {
            frequency: units(GOSSIP_PERIOD),
            num_members: at_least_one(GOSSIP_MEMBERS),
        }),
    }
}

impl Runtime<MemberId> for &mut Outcome {
    fn notify(&mut self, notification: Notification<'_, MemberId>) {
        match notification {
            Notification::MemberUp(member) => self.changes.push((Change::Up(member.id), Some(*member))),
            Notification::MemberDown(member) => self.changes.push((Change::Down(member.id), Some(*member))),
            Notification::Rejoin(_) => self.changes.push((Change::Back, None)),
            // A member in its next life is the same instance; whether it is up is told beside.
            Notification::Rename(..) | Notification::Active | Notification::Idle | Notification::Defunct => {}
        }
    }

    fn send_to(&mut self, to: MemberId, data: &[u8]) {
        self.sent.push((to, data.to_vec()));
    }

    fn submit_after(&mut self, event: Timer<MemberId>, after: Duration) {
        self.timers.push((event, self.now + after));
    }
}

/// The news that foca passes on: messages of the native protocol. Whether one is news is decided before it gets here.
struct News;

/// Of whom a message tells, and which it is.
struct Told {
    id: InstanceId,
    sequence: u64,
}

impl Invalidates for Told {
    fn invalidates(&self, other: &Self) -> bool {
        self.id == other.id && self.sequence >= other.sequence
    }
}

impl BroadcastHandler<MemberId> for News {
    type Key = Told;
    type Error = codec::Wrong;

    fn receive_item(&mut self, data: &[u8], _: Option<&MemberId>) -> Result<Option<Told>, codec::Wrong> {
        match wire::decode(data) {
            Ok(Message::Native(_, about)) => Ok(Some(Told { id: about.id, sequence: about.sequence })),
            _ => Err(codec::Wrong),
        }
    }
}
