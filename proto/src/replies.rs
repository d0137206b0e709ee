//! `ReplyQueue`: the replies that a node has yet to send, when each is due, and how many there are at most.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::announce::random_up_to;
use crate::event::Arrival;
use crate::path::Path;
use crate::rate_limit::RateLimit;
use crate::timers::{Timer, Timers};
use crate::wire::{InstanceId, Nonce};

/// With no more peers than this a reply is sent at once: so few small datagrams overload no receiver.
const SMALL_CLUSTER: usize = 16;

/// In a larger cluster a reply is sent at random within this time for each peer. A newcomer to a thousand then receives two
/// replies in a millisecond.
const SPREAD_PER_PEER: Duration = Duration::from_micros(500);

/// Minimum time between two replies to one address. A forged source address then receives at most twenty datagrams a
/// second, none longer than the one that was sent for it.
const REPLY_GAP: Duration = Duration::from_millis(50);

/// Minimum time between two replies to the group: every node receives them.
const MULTICAST_GAP: Duration = Duration::from_secs(1);

/// Maximum number of addresses that are replied to within `REPLY_GAP`. Others repeat their query, and receive the next
/// announce.
const MAX_REPLIES: usize = 1024;

/// A reply to the sender of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub path: Path,
    pub to: InstanceId,
    pub kind: ReplyKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// An announce that answers a query.
    Announce(Answer),
    /// A probe of this length.
    Probe(usize),
}

/// What an announce says of the query that it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The nonce of the query.
    pub echo: Option<Nonce>,
    /// Length of the longest announce of the sender of the query, which may answer in turn. `None` for an observer, which is
    /// not validated.
    pub querier_len: Option<usize>,
    /// True if the sender of the query needs the answer only to be validated: it knows this node.
    pub is_known: bool,
}

pub(crate) struct ReplyQueue {
    /// By due time, and by a serial number that makes each key unique.
    pending: BTreeMap<(Instant, u64), Reply>,
    serial: u64,
    unicast: RateLimit<(SocketAddr, u32)>,
    multicast: RateLimit,
    /// The instance that the next reply to the group answers, among others.
    multicast_to: Option<(InstanceId, Answer)>,
}

impl Default for ReplyQueue {
    fn default() -> Self {
        ReplyQueue {
            pending: BTreeMap::new(),
            serial: 0,
            unicast: RateLimit::by_key(1, REPLY_GAP, MAX_REPLIES),
            multicast: RateLimit::new(1, MULTICAST_GAP),
            multicast_to: None,
        }
    }
}

impl ReplyQueue {
    /// Enqueues a reply to one of `peers`: due at once if the message was for this node alone. Returns false if there are too
    /// many replies, or if the address was just replied to.
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
        let (key, due) = (reply.path.key(), now + delay);
        // A unicast query replaces the delayed reply to a multicast query of the same sender.
        let is_replacing = arrival == Arrival::Unicast && self.remove_pending(key);
        let is_permitted = is_replacing || self.unicast.is_free(&key, now);
        let is_enqueued = is_permitted && self.unicast.restart(key, due, now);
        if is_enqueued {
            self.serial += 1;
            self.pending.insert((due, self.serial), reply);
        }
        is_enqueued
    }

    /// Enqueues a reply to the group, for one of `peers` that unicast replies do not seem to reach. One reply serves all
    /// queries. Returns false if one was just sent.
    pub fn enqueue_multicast(
        &mut self,
        to: InstanceId,
        answer: Answer,
        peers: usize,
        timers: &mut Timers,
        now: Instant,
        rng: &mut Rng,
    ) -> bool {
        let is_permitted = self.multicast.is_free(&(), now);
        if is_permitted && timers.get(Timer::MulticastReply).is_none() {
            timers.set(Timer::MulticastReply, now + spread(peers, rng));
            self.multicast_to = Some((to, answer));
        }
        is_permitted
    }

    /// Removes the replies that a message to the group has made superfluous. Those to senders that are yet to be validated
    /// stay. Returns true if a reply to the group is superfluous as well.
    pub fn on_multicast(&mut self, needs_validation: impl Fn(&InstanceId) -> bool) -> bool {
        let stays = |to: &InstanceId, answer: &Answer| answer.querier_len.is_some() && needs_validation(to);
        self.pending.retain(|_, reply| match &reply.kind {
            ReplyKind::Announce(answer) => stays(&reply.to, answer),
            ReplyKind::Probe(_) => true,
        });
        self.multicast_to.as_ref().is_none_or(|(to, answer)| !stays(to, answer))
    }

    /// Removes the answer that an announce to the same path has made superfluous.
    pub fn on_announced_to(&mut self, path: &Path) {
        let is_answer = |reply: &Reply| matches!(reply.kind, ReplyKind::Announce(_));
        self.pending.retain(|_, reply| !(reply.path.key() == path.key() && is_answer(reply)));
    }

    /// Returns the instance that a reply to the group, if one is due by `now`, answers. The reply counts as sent.
    pub fn take_due_multicast(&mut self, timers: &mut Timers, now: Instant) -> Option<(InstanceId, Answer)> {
        if !timers.take_expired(Timer::MulticastReply, now) {
            return None;
        }
        self.multicast.restart((), now, now);
        self.multicast_to.take()
    }

    /// Returns the next unicast reply that is due by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Reply> {
        let first = self.pending.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// Returns when the next unicast reply is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.pending.first_key_value().map(|((due, _), _)| *due)
    }

    fn remove_pending(&mut self, path: (SocketAddr, u32)) -> bool {
        let mut pending = self.pending.iter();
        let found = pending.find(|(_, reply)| reply.path.key() == path).map(|(key, _)| *key);
        found.is_some_and(|key| self.pending.remove(&key).is_some())
    }
}

/// Returns how long to wait before replying to a query that every node received.
pub(crate) fn spread(peers: usize, rng: &mut Rng) -> Duration {
    match peers {
        ..=SMALL_CLUSTER => Duration::ZERO,
        _ => random_up_to(max_spread(peers), rng),
    }
}

/// Returns the time over which the replies of so many peers are spread.
pub(crate) fn max_spread(peers: usize) -> Duration {
    SPREAD_PER_PEER * u32::try_from(peers).unwrap_or(u32::MAX)
}
