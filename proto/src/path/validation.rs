//! `PathValidation`: in a cluster with keys a newcomer is listed only when it has answered a random challenge, which a datagram
//! that was recorded and is sent again cannot.
//!
//! A challenge is made anew from a secret, the time and the newcomer's id whenever it is needed, so nothing is kept of those
//! who are challenged, and no flood of them keeps others out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::crypto::Keyring;
use crate::expiring_map::ExpiringRegistry;
use crate::wire::{Challenge, InstanceId};

/// A challenge is good for the rest of a time of this length, and for one more. Longer than any network and any busy machine
/// takes to answer.
const EPOCH: Duration = Duration::from_secs(5);

/// One address gets no second answer to a challenge within this time.
const REPLY_GAP: Duration = Duration::from_millis(50);

/// The most addresses of whom it is known that they were answered. When there are more, none is.
const MAX_REPLIED: usize = 1024;

pub(crate) struct PathValidation {
    start: Instant,
    replied: ExpiringRegistry<SocketAddr, ()>,
}

impl PathValidation {
    pub fn new(now: Instant) -> Self {
        PathValidation { start: now, replied: ExpiringRegistry::new(MAX_REPLIED, now) }
    }

    /// The challenge to put to a newcomer now.
    pub fn for_newcomer(&self, id: &InstanceId, keyring: &Keyring, now: Instant) -> Challenge {
        challenge_of(self.epoch(now), id, keyring)
    }

    /// True if this answers the challenge that was put to the newcomer.
    pub fn is_answer(&self, id: &InstanceId, response: &Challenge, keyring: &Keyring, now: Instant) -> bool {
        let epoch = self.epoch(now);
        [epoch, epoch.wrapping_sub(1)].iter().any(|epoch| challenge_of(*epoch, id, keyring) == *response)
    }

    /// True if a challenge that came from this address may be answered now; it counts as answered then.
    pub fn may_reply(&mut self, address: SocketAddr, now: Instant) -> bool {
        self.replied.handle_timeout(now);
        self.replied.get(&address).is_none() && self.replied.register(address, (), REPLY_GAP, now).is_ok()
    }

    fn epoch(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs() / EPOCH.as_secs()
    }
}

fn challenge_of(epoch: u64, id: &InstanceId, keyring: &Keyring) -> Challenge {
    let mut input = [0; 24];
    input[..8].copy_from_slice(&epoch.to_be_bytes());
    input[8..].copy_from_slice(id);
    keyring.tag(input)
}
