//! `Swim`: the members of the cluster, by the SWIM protocol (A. Das, I. Gupta, A. Motivala, "SWIM: Scalable
//! Weakly-consistent Infection-style Process Group Membership Protocol", 2002) as the crate `foca` has it. It knows ids and
//! addresses. Names and values are in the registry; they come with SWIM's packets as updates, or by anti-entropy (`sync`).

mod codec;
mod foca_timers;
mod member;
mod packet;
mod sync;
mod sync_page;

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

use crate::settings::Settings;
use crate::wire::{self, InstanceId, Message};
use codec::MemberCodec;
use foca_timers::FocaTimers;
pub(crate) use member::MemberId;
pub(crate) use sync::{Answer, AntiEntropy, Step};
pub(crate) use sync_page::{SyncPage, digest_of};

/// Number of time units in the expiry, which all times follow. With the default of 35 s a unit is a second; where seconds
/// are given below, the default is meant.
const UNITS_PER_EXPIRY: u32 = 35;

/// In units: the period in which each member probes another one, and the time that it waits for an ack before it asks
/// others to probe.
const PROBE_PERIOD: f64 = 1.0;
const PROBE_TIMEOUT: f64 = 0.5;

/// Number of members that probe a member without an ack. At 5 % loss a live member misses all of them in one of 50,000
/// probes; with three it would be one of 1600, and a large cluster would send nothing but suspicions.
const INDIRECT_PROBES: usize = 5;

/// In units: the time that a suspect member has to refute. The LAN preset of foca has about 3 s, at which live members are
/// declared down when datagrams are lost, and busy machines look dead.
const SUSPICION: f64 = 20.0;

/// In units: the period in which updates are sent, and the number of members that get them.
const GOSSIP_PERIOD: f64 = 0.2;
const GOSSIP_MEMBERS: usize = 3;

/// Number of times that each member passes on an update. It then misses one member of e^15, three millions. With ten it
/// would be one of 22,000, and every twentieth update would miss one member of a thousand. Anti-entropy corrects that.
const TRANSMISSIONS: u8 = 15;

/// In units: the period in which down members are contacted, so that two halves of a parted cluster join again; how many at
/// a time; and the time after which they are removed.
const RETRY_PERIOD: f64 = 65.0;
const RETRIED: usize = 2;
const MEMORY: f64 = 600.0;

/// Number of times that a goodbye is sent to a few members, which pass it on.
const GOODBYES: usize = 2;

pub(crate) struct Swim {
    foca: Foca<MemberId, MemberCodec, ChaCha20Rng, Updates>,
    outcome: Outcome,
    timers: FocaTimers,
    /// The members, with the address that each was last received from.
    members: BTreeMap<InstanceId, MemberId>,
    /// Former members, until they are removed.
    former: BTreeMap<InstanceId, MemberId>,
    /// All ids that foca knows, of down members too: at most `max_known`.
    known: BTreeSet<InstanceId>,
    max_known: usize,
    /// The sequence number of the last message of each.
    heard: HashMap<InstanceId, u64>,
    unit: Duration,
}

/// A change of the members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The instance is a member.
    Up(InstanceId),
    /// The instance is no longer a member.
    Down(InstanceId),
    /// This node was declared down, and is a member again.
    Back,
}

/// A datagram to send; `to` is `None` if the id is not known.
pub(crate) struct Outgoing {
    pub to: Option<InstanceId>,
    pub address: SocketAddr,
    pub packet: Vec<u8>,
}

/// A notification of foca.
enum Note {
    Up(MemberId),
    Down(MemberId),
    /// A known member, which may be down, has a new generation.
    Renewed(MemberId),
    Back,
}

/// The output of foca.
struct Outcome {
    now: Instant,
    sent: Vec<(MemberId, Vec<u8>)>,
    notes: Vec<Note>,
    timers: Vec<(Timer<MemberId>, Instant)>,
}

impl Swim {
    /// Returns a node that knows no other member. `packet_len` is the maximum length of a packet.
    pub fn new(settings: &Settings, packet_len: usize, now: Instant) -> Self {
        let unit = settings.expiry / UNITS_PER_EXPIRY;
        let own = MemberId { id: settings.id, generation: 0, address: ([0, 0, 0, 0], 0).into() };
        let rng = ChaCha20Rng::seed_from_u64(settings.seed);
        Swim {
            foca: Foca::with_custom_broadcast(own, config(unit, packet_len), rng, MemberCodec, Updates),
            outcome: Outcome { now, sent: Vec::new(), notes: Vec::new(), timers: Vec::new() },
            timers: FocaTimers::default(),
            members: BTreeMap::new(),
            former: BTreeMap::new(),
            known: BTreeSet::new(),
            max_known: settings.max_peers,
            heard: HashMap::new(),
            unit,
        }
    }

    /// Returns the length of so many units.
    pub fn units(&self, count: f64) -> Duration {
        self.unit.mul_f64(count)
    }

    pub fn is_member(&self, id: &InstanceId) -> bool {
        self.members.contains_key(id)
    }

    /// Returns the address of a member.
    pub fn address_of(&self, id: &InstanceId) -> Option<SocketAddr> {
        self.members.get(id).map(|member| member.address)
    }

    pub fn members(&self) -> impl ExactSizeIterator<Item = InstanceId> {
        self.members.keys().copied()
    }

    /// Returns all members, this node among them, whose ids follow this one, in the order of ids.
    pub fn all_after(&self, after: InstanceId) -> impl Iterator<Item = MemberId> {
        let own = *self.foca.identity();
        let from = |start| self.members.range((start, Bound::Unbounded)).map(|(_, member)| *member);
        let before_own = from(Bound::Excluded(after)).take_while(move |member| member.id < own.id);
        let after_own = from(Bound::Excluded(after.max(own.id)));
        before_own.chain((after < own.id).then_some(own)).chain(after_own)
    }

    /// Returns a former member.
    pub fn former(&self, id: &InstanceId) -> Option<MemberId> {
        self.former.get(id).copied()
    }

    /// Returns the addresses of all members.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.members.values().map(|member| member.address)
    }

    /// Asks the member at an address to join.
    pub fn join(&mut self, seed: SocketAddr, now: Instant) {
        self.run(now, |foca, outcome| foca.announce(MemberId::unknown_at(seed), outcome));
    }

    /// Returns true for a message newer than all others of its sender. Nothing is stored about unknown senders.
    pub fn is_new(&mut self, sender: &InstanceId, sequence: u64) -> bool {
        if !self.known.contains(sender) {
            return true;
        }
        let last = self.heard.entry(*sender).or_default();
        let is_new = sequence > *last;
        *last = sequence.max(*last);
        is_new
    }

    /// Takes in a packet. Returns the updates in it, or `None` if it is malformed, or if there is no capacity for its
    /// sender.
    pub fn handle_packet<'a>(
        &mut self,
        packet: &'a [u8],
        from: SocketAddr,
        now: Instant,
    ) -> Option<Vec<&'a [u8]>> {
        let own = *self.foca.identity();
        let mut known = Capacity { taken: &mut self.known, max: self.max_known, new: Vec::new() };
        let taken = packet::take_apart(packet, from, &own, |id| *id == own.id || known.take(*id));
        let taken = taken.filter(|taken| taken.header.dst.id == own.id && known.take(taken.header.src.id));
        let new = known.new;
        let Some(taken) = taken else {
            self.forget_unknown(&new);
            return None;
        };
        let sender = taken.header.src;
        if let Some(member) = self.members.get_mut(&sender.id) {
            member.address = from;
        }
        self.run(now, |foca, outcome| foca.handle_data(&taken.bytes, outcome));
        // It may be for another generation of this node, or end in malformed members.
        self.forget_unknown(&new);
        // Updates are taken from members alone.
        Some(if self.is_member(&sender.id) { taken.updates } else { Vec::new() })
    }

    /// Takes over that an instance is a member, as another member says.
    pub fn handle_member(&mut self, member: MemberId, now: Instant) {
        let mut known = Capacity { taken: &mut self.known, max: self.max_known, new: Vec::new() };
        if member.id != self.foca.identity().id && known.take(member.id) {
            self.run(now, |foca, outcome| {
                foca.apply_many([Member::alive(member)].into_iter(), false, outcome)
            });
        }
    }

    /// Takes over that an instance is no longer a member, as another member says.
    pub fn on_gone(&mut self, member: MemberId, now: Instant) {
        if self.is_member(&member.id) {
            self.run(now, |foca, outcome| foca.apply_many([Member::down(member)].into_iter(), true, outcome));
        }
    }

    /// Takes over that a member has left, as found otherwise than by SWIM, and spreads that.
    pub fn remove(&mut self, id: &InstanceId, now: Instant) {
        if let Some(member) = self.members.get(id).copied() {
            self.on_gone(member, now);
        }
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

    /// Leaves the cluster, with this goodbye to all.
    pub fn leave(&mut self, goodbye: &[u8]) {
        let now = self.outcome.now;
        for _ in 0..GOODBYES {
            self.spread(goodbye, now);
        }
        self.run(now, |foca, outcome| foca.leave_cluster(outcome));
    }

    /// Does everything that is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_due(now) {
            let forgotten = if let Timer::RemoveDown(member) = &timer { Some(member.id) } else { None };
            self.run(now, |foca, outcome| foca.handle_timer(timer, outcome));
            // It may be a member again.
            self.forget_unknown(forgotten.as_slice());
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.poll_timeout()
    }

    /// Returns the changes of the members, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let notes = std::mem::take(&mut self.outcome.notes);
        notes.into_iter().filter_map(|note| self.take_note(note)).collect()
    }

    /// Returns the datagrams to send.
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        let sent = std::mem::take(&mut self.outcome.sent);
        let outgoing = |(to, packet): (MemberId, Vec<u8>)| {
            let id = Some(to.id).filter(|_| !to.is_unknown());
            // The address from other members may be older than the one received from.
            let address = self.address_of(&to.id).unwrap_or(to.address);
            Outgoing { to: id, address, packet }
        };
        sent.into_iter().map(outgoing).collect()
    }

    /// Keeps the members as foca has them. Returns `None` if the members are unchanged.
    fn take_note(&mut self, note: Note) -> Option<Change> {
        match note {
            Note::Up(member) => {
                self.former.remove(&member.id);
                self.members.insert(member.id, member).is_none().then_some(Change::Up(member.id))
            }
            Note::Down(member) => {
                self.former.insert(member.id, member);
                self.members.remove(&member.id).map(|_| Change::Down(member.id))
            }
            Note::Renewed(member) => {
                if let Some(known) = self.members.get_mut(&member.id) {
                    *known = member;
                }
                None
            }
            Note::Back => Some(Change::Back),
        }
    }

    /// Frees the capacity taken by ids that foca does not know.
    fn forget_unknown(&mut self, ids: &[InstanceId]) {
        for id in ids {
            if !self.foca.iter_membership_state().any(|member| member.id().id == *id) {
                self.known.remove(id);
                self.heard.remove(id);
                self.former.remove(id);
            }
        }
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
        let _ = action(&mut self.foca, &mut self.outcome);
        for (timer, at) in std::mem::take(&mut self.outcome.timers) {
            self.timers.insert(timer, at);
        }
    }
}

/// The capacity for ids, and the ids that have just taken some.
struct Capacity<'a> {
    taken: &'a mut BTreeSet<InstanceId>,
    max: usize,
    new: Vec<InstanceId>,
}

impl Capacity<'_> {
    /// Returns false if there is no capacity for this id.
    fn take(&mut self, id: InstanceId) -> bool {
        if self.taken.contains(&id) {
            return true;
        }
        let is_free = self.taken.len() < self.max;
        if is_free {
            self.taken.insert(id);
            self.new.push(id);
        }
        is_free
    }
}

fn config(unit: Duration, packet_len: usize) -> Config {
    let at_least_one = |count: usize| NonZeroUsize::new(count).expect("none of these is zero");
    let units = |count: f64| unit.mul_f64(count).max(Duration::from_nanos(1));
    Config {
        probe_period: units(PROBE_PERIOD),
        probe_rtt: units(PROBE_TIMEOUT),
        num_indirect_probes: at_least_one(INDIRECT_PROBES),
        max_transmissions: NonZeroU8::new(TRANSMISSIONS).expect("it is not zero"),
        suspect_to_down_after: units(SUSPICION),
        remove_down_after: Some(units(MEMORY)),
        max_packet_size: at_least_one(packet_len),
        notify_down_members: true,
        // Anti-entropy does that, and brings names and values as well.
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
            Notification::MemberUp(member) => self.notes.push(Note::Up(*member)),
            Notification::MemberDown(member) => self.notes.push(Note::Down(*member)),
            // A member of a new generation is the same instance. MemberUp tells whether it is up.
            Notification::Rename(_, member) => self.notes.push(Note::Renewed(*member)),
            Notification::Rejoin(_) => self.notes.push(Note::Back),
            Notification::Active | Notification::Idle | Notification::Defunct => {}
        }
    }

    fn send_to(&mut self, to: MemberId, data: &[u8]) {
        self.sent.push((to, data.to_vec()));
    }

    fn submit_after(&mut self, event: Timer<MemberId>, after: Duration) {
        self.timers.push((event, self.now + after));
    }
}

/// The updates that foca passes on: messages of the native protocol. Stale ones are dropped before they get here.
struct Updates;

/// The sender of a message, and its number.
struct BroadcastKey {
    id: InstanceId,
    sequence: u64,
}

impl Invalidates for BroadcastKey {
    fn invalidates(&self, other: &Self) -> bool {
        self.id == other.id && self.sequence >= other.sequence
    }
}

impl BroadcastHandler<MemberId> for Updates {
    type Key = BroadcastKey;
    type Error = codec::Wrong;

    fn receive_item(
        &mut self,
        data: &[u8],
        _: Option<&MemberId>,
    ) -> Result<Option<BroadcastKey>, codec::Wrong> {
        match wire::decode(data) {
            Ok(Message::Native(_, about)) => {
                Ok(Some(BroadcastKey { id: about.id, sequence: about.sequence }))
            }
            _ => Err(codec::Wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::codec::{MEMBER_LEN, SHORTEST_HEADER};
    use super::*;
    use foca::{Codec, Header};

    const MAX: usize = 50;

    fn stranger(number: u32) -> MemberId {
        let mut id = [0xee; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        MemberId { id, generation: 0, address: ([192, 0, 2, 9], 9).into() }
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn flood_of_strangers_fills_the_seats_alone_and_is_gone_at_last() {
        let mut now = Instant::now();
        let settings = settings();
        let mut swim = Swim::new(&settings, 1000, now);
        let own = *swim.foca.identity();
        for number in 0..2000 {
            let [sender, told, dead] = [0, 10_000, 20_000].map(|base| stranger(base + number));
            let header = Header { src: sender, src_incarnation: 0, dst: own, message: foca::Message::Gossip };
            let mut packet = Vec::with_capacity(SHORTEST_HEADER + 2 + 2 * MEMBER_LEN);
            MemberCodec.encode_header(&header, &mut packet).expect("there is room");
            packet.extend([0, 2]);
            for member in [Member::alive(told), Member::down(dead)] {
                MemberCodec.encode_member(&member, &mut packet).expect("there is room");
            }
            for _ in 0..2 {
                swim.is_new(&sender.id, 7);
                swim.handle_packet(&packet, sender.address, now);
                swim.handle_member(told, now);
                drop((swim.take_outgoing(), swim.take_changes()));
            }
        }
        let known = swim.foca.iter_membership_state().len();
        assert_eq!((swim.known.len(), known), (MAX, MAX));
        assert!(swim.heard.len() <= MAX && swim.members.len() <= MAX);
        while let Some(next) = swim.poll_timeout().filter(|_| now < Instant::now() + 3600 * settings.expiry) {
            now = next;
            swim.handle_timeout(now);
            drop((swim.take_outgoing(), swim.take_changes()));
            if swim.known.is_empty() {
                break;
            }
        }
        assert_eq!((swim.known.len(), swim.heard.len(), swim.members.len()), (0, 0, 0));
        assert_eq!(swim.foca.iter_membership_state().len(), 0);
    }

    fn settings() -> Settings {
        Settings {
            id: [1; 16],
            seed: 7,
            secret_seed: crate::Key::new([9; 32]),
            name: "self".into(),
            mode: crate::Mode::Swim,
            legacy: false,
            max_peers: MAX,
            ..Settings::default()
        }
    }
}
