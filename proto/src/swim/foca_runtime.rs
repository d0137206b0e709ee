//! `Outcome` and the rest of what foca is given: its settings, and where it puts its packets, timers, changes and updates.

use std::num::{NonZeroU8, NonZeroUsize};
use std::time::{Duration, Instant};

use foca::{BroadcastHandler, Config, Invalidates, Notification, PeriodicParams, Runtime, Timer};

use crate::swim::Change;
use crate::swim::member::MemberId;
use crate::wire::{self, InstanceId, Malformed, Message};

/// In units: the period in which each member probes another one, and the time that it waits for an ack before it asks
/// others to probe.
const PROBE_PERIOD: f64 = 1.0;
const PROBE_TIMEOUT: f64 = 0.5;

/// Number of members that probe a member without an ack. At 5 % loss a live member misses all of them in one of 50,000
/// probes; with three it would be one of 1600, and a large cluster would send nothing but suspicions.
const INDIRECT_PROBES: usize = 5;

/// In units: the period in which updates are sent, and the number of members that get them.
const GOSSIP_PERIOD: f64 = 0.2;
const GOSSIP_MEMBERS: usize = 3;

/// Number of times that each member passes on an update. It then misses one member of e^15, three millions. With ten it
/// would be one of 22,000, and every twentieth update would miss one member of a thousand. Anti-entropy corrects that.
const TRANSMISSIONS: u8 = 15;

/// The output of foca.
pub(crate) struct Outcome {
    pub now: Instant,
    pub sent: Vec<(MemberId, Vec<u8>)>,
    pub changes: Vec<Change>,
    /// The goodbye of the member that is declared down.
    pub goodbye: Option<Vec<u8>>,
    /// The timers that foca waits for, which are a few.
    pub timers: Vec<(Instant, Timer<MemberId>)>,
}

/// Returns the settings of foca.
pub(crate) fn config(unit: Duration, packet_len: usize) -> Config {
    let at_least_one = |count: usize| NonZeroUsize::new(count).expect("none of these is zero");
    let units = |count: f64| unit.mul_f64(count).max(Duration::from_nanos(1));
    Config {
        probe_period: units(PROBE_PERIOD),
        probe_rtt: units(PROBE_TIMEOUT),
        num_indirect_probes: at_least_one(INDIRECT_PROBES),
        max_transmissions: NonZeroU8::new(TRANSMISSIONS).expect("it is not zero"),
        // The rules have the term of a suspicion, and the memory of former members.
        suspect_to_down_after: unit,
        remove_down_after: None,
        max_packet_size: at_least_one(packet_len),
        notify_down_members: true,
        // Anti-entropy does that, and brings names and values as well.
        periodic_announce: None,
        // Former members are probed.
        periodic_announce_to_down_members: None,
        periodic_gossip: Some(PeriodicParams {
            frequency: units(GOSSIP_PERIOD),
            num_members: at_least_one(GOSSIP_MEMBERS),
        }),
    }
}

impl Outcome {
    pub fn new(now: Instant) -> Self {
        Outcome { now, sent: Vec::new(), changes: Vec::new(), goodbye: None, timers: Vec::new() }
    }

    /// Returns when the first timer is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.iter().map(|(at, _)| *at).min()
    }

    /// Returns the first timer that is due by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Timer<MemberId>> {
        let due = self.timers.iter().enumerate().filter(|(_, (at, _))| *at <= now);
        let (first, _) = due.min_by_key(|(_, (at, _))| *at)?;
        Some(self.timers.remove(first).1)
    }
}

impl Runtime<MemberId> for &mut Outcome {
    fn notify(&mut self, notification: Notification<'_, MemberId>) {
        match notification {
            Notification::MemberUp(member) => self.changes.push(Change::Up(member.id)),
            Notification::MemberDown(member) => {
                self.changes.push(Change::Down(member.id, self.goodbye.take()));
            }
            Notification::Rejoin(_) => self.changes.push(Change::Back),
            // A member of a new generation is the same instance.
            Notification::Rename(..) => {}
            Notification::Active | Notification::Idle | Notification::Defunct => {}
        }
    }

    fn send_to(&mut self, to: MemberId, data: &[u8]) {
        self.sent.push((to, data.to_vec()));
    }

    fn submit_after(&mut self, event: Timer<MemberId>, after: Duration) {
        if !matches!(event, Timer::ChangeSuspectToDown { .. }) {
            self.timers.push((self.now + after, event));
        }
    }
}

/// The updates that foca passes on: messages of the native protocol. Stale ones are dropped before they get here.
pub(crate) struct Updates;

/// The sender of a message, and its number.
pub(crate) struct BroadcastKey {
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
    type Error = Malformed;

    fn receive_item(&mut self, data: &[u8], _: Option<&MemberId>) -> Result<Option<BroadcastKey>, Malformed> {
        match wire::decode(data) {
            Ok(Message::Native(_, about)) => {
                Ok(Some(BroadcastKey { id: about.id, sequence: about.sequence }))
            }
            _ => Err(Malformed),
        }
    }
}
