//! `Challenges`: in a cluster with keys a newcomer is listed only when it has answered a random challenge, which a datagram
//! that was recorded and is sent again cannot.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::keyring::Keyring;
use super::registry::ExpiringRegistry;
use super::wire::{Challenge, InstanceId};

/// How long an answer may take. Longer than any network and any busy machine; and a newcomer speaks again anyway.
const PATIENCE: Duration = Duration::from_secs(5);

/// A newcomer that goes on speaking is challenged again after this: the challenge or its answer was lost.
const REPEAT_GAP: Duration = Duration::from_millis(200);

/// One address gets no second answer to a challenge within this time.
const ANSWER_GAP: Duration = Duration::from_millis(50);

/// The most newcomers under challenge, and the most addresses of whom it is known that they were answered: what a flood of
/// recorded datagrams can make a node do.
const MAX_OPEN: usize = 1024;

pub(super) struct Challenges {
    open: ExpiringRegistry<InstanceId, Open>,
    answered: ExpiringRegistry<SocketAddr, ()>,
}

struct Open {
    challenge: Challenge,
    asked_at: Instant,
}

impl Challenges {
    pub fn new(now: Instant) -> Self {
        Challenges {
            open: ExpiringRegistry::new(MAX_OPEN, now),
            answered: ExpiringRegistry::new(MAX_OPEN, now),
        }
    }

    /// The challenge to put to a newcomer now; `None` if it has just been challenged, or too many are.
    pub fn put_to(&mut self, id: InstanceId, keyring: &mut Keyring, now: Instant) -> Option<Challenge> {
        self.open.handle_timeout(now);
        if let Some(open) = self.open.get_mut(&id) {
            let is_time = open.asked_at + REPEAT_GAP <= now;
            open.asked_at = if is_time { now } else { open.asked_at };
            return is_time.then_some(open.challenge);
        }
        let challenge = keyring.random();
        let open = Open { challenge, asked_at: now };
        self.open.register(id, open, PATIENCE, now).ok().map(|_| challenge)
    }

    /// True, once, if this answers the challenge that was put to the newcomer.
    pub fn is_answer(&mut self, id: &InstanceId, response: Challenge, now: Instant) -> bool {
        self.open.handle_timeout(now);
        let is_answer = self.open.get(id).is_some_and(|open| open.challenge == response);
        is_answer && self.open.remove(id).is_some()
    }

    /// True if a challenge that came from this address may be answered now; it counts as answered then.
    pub fn may_answer(&mut self, address: SocketAddr, now: Instant) -> bool {
        self.answered.handle_timeout(now);
        self.answered.get(&address).is_none() && self.answered.register(address, (), ANSWER_GAP, now).is_ok()
    }
}
