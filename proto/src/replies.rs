//! `ReplyQueue`: what a node owes to those who asked, when it is due, and how much of that it owes at most.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::announce::random_up_to;
use crate::event::Arrival;
use crate::expiring_map::ExpiringRegistry;
use crate::path::Path;
use crate::wire::InstanceId;

/// With no more peers than this a query is answered at once: so many small datagrams drown nobody.
const SMALL_CLUSTER: usize = 16;

/// In a larger cluster an answer is sent at random within this time for each peer, so that a newcomer to a thousand hears
/// two a millisecond.
const SPREAD_PER_PEER: Duration = Duration::from_micros(500);

/// One address gets no second answer within this time. Whoever forges a sender can make a node send it twenty datagrams a
/// second, none longer than what it has to send itself.
const REPLY_GAP: Duration = Duration::from_millis(50);

/// The group gets no second answer within this time: everybody has to hear it.
const MULTICAST_GAP: Duration = Duration::from_secs(1);

/// The most addresses that can be answered within `REPLY_GAP`. The rest is not: it asks again, and hears the next
/// announcement.
const MAX_REPLIES: usize = 1024;

/// What is owed to one who has spoken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub path: Path,
    pub to: InstanceId,
    pub kind: ReplyKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// An announcement.
    Announce,
    /// A challenge, in answer to a message of so many bytes.
    Challenge(usize),
}

pub(crate) struct ReplyQueue {
    /// By the time they are due, and a number that makes each its own.
    pending: BTreeMap<(Instant, u64), Reply>,
    serial: u64,
    /// When an answer to the group is due.
    multicast_at: Option<Instant>,
    last_multicast: Option<Instant>,
    /// Who waits for an answer or has just had one, with its place among the pending.
    recent: ExpiringRegistry<SocketAddr, (Instant, u64)>,
}

impl ReplyQueue {
    pub fn new(now: Instant) -> Self {
        ReplyQueue {
            pending: BTreeMap::new(),
            serial: 0,
            multicast_at: None,
            last_multicast: None,
            recent: ExpiringRegistry::new(MAX_REPLIES, now),
        }
    }

    /// Owes a reply to one of `peers`. One who spoke to this node alone has it at once. False if too many are owed, or the
    /// same one has just had a reply.
    pub fn enqueue(
        &mut self,
        reply: Reply,
        arrival: Arrival,
        peers: usize,
        now: Instant,
        rng: &mut Rng,
    ) -> bool {
        let delay = match arrival {
            Arrival::Unicast => Duration::ZERO,
            Arrival::Group => spread(peers, rng),
        };
        self.recent.handle_timeout(now);
        self.serial += 1;
        let place = (now + delay, self.serial);
        match self.recent.get(&reply.path.address) {
            // One who asks this node alone waits no longer with those who asked all.
            Some(waiting) if arrival == Arrival::Unicast && self.pending.remove(waiting).is_some() => {}
            Some(_) => return false,
            None => {}
        }
        let is_enqueued = self.recent.register(reply.path.address, place, delay + REPLY_GAP, now).is_ok();
        if is_enqueued {
            self.pending.insert(place, reply);
        }
        is_enqueued
    }

    /// Owes an answer to the group, to one of `peers` whom others do not seem to reach. One answer reaches all who asked.
    /// False if the group has just had one.
    pub fn enqueue_multicast(&mut self, peers: usize, now: Instant, rng: &mut Rng) -> bool {
        let earliest = self.last_multicast.map_or(now, |last| last + MULTICAST_GAP);
        if earliest <= now {
            self.multicast_at.get_or_insert_with(|| now + spread(peers, rng));
        }
        earliest <= now
    }

    /// Everybody has just been told by a message to the group.
    pub fn cancel(&mut self) {
        self.pending.retain(|_, reply| reply.kind != ReplyKind::Announce);
        self.multicast_at = None;
    }

    /// True if an answer to the group is due by `now`; it counts as given then.
    pub fn take_due_multicast(&mut self, now: Instant) -> bool {
        let is_due = self.multicast_at.is_some_and(|due| due <= now);
        if is_due {
            self.last_multicast = Some(now);
        }
        is_due
    }

    /// The next of those to answer by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Reply> {
        let first = self.pending.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let first = self.pending.first_key_value().map(|((due, _), _)| *due);
        [first, self.multicast_at].into_iter().flatten().min()
    }
}

/// How long to wait before answering a question that everybody heard.
fn spread(peers: usize, rng: &mut Rng) -> Duration {
    match peers {
        ..=SMALL_CLUSTER => Duration::ZERO,
        _ => random_up_to(max_spread(peers), rng),
    }
}

/// The time over which the answers of so many peers are spread.
pub(crate) fn max_spread(peers: usize) -> Duration {
    SPREAD_PER_PEER * u32::try_from(peers).unwrap_or(u32::MAX)
}
