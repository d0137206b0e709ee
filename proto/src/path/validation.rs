//! `PathValidation`: in a cluster with keys a newcomer is listed when it has answered a random challenge. A replayed datagram
//! does not answer it.
//!
//! A challenge is computed from a secret, the time and the newcomer's id whenever it is needed. The node stores nothing about
//! newcomers, so no flood of them keeps others out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::crypto::Keyring;
use crate::rate_limit::RateLimit;
use crate::wire::{Challenge, InstanceId};

/// A challenge is valid for the rest of an epoch and for one more: longer than any network and any busy machine takes to
/// answer.
const EPOCH: Duration = Duration::from_secs(5);

/// Minimum time between two replies to challenges from one address.
const REPLY_GAP: Duration = Duration::from_millis(50);

/// Maximum number of addresses that are replied to within `REPLY_GAP`.
const MAX_REPLIED: usize = 1024;

pub(crate) struct PathValidation {
    start: Instant,
    replies: RateLimit<SocketAddr>,
}

impl PathValidation {
    pub fn new(now: Instant) -> Self {
        PathValidation { start: now, replies: RateLimit::by_key(1, REPLY_GAP, MAX_REPLIED) }
    }

    /// Returns the challenge for a newcomer.
    pub fn challenge(&self, id: &InstanceId, keyring: &Keyring, now: Instant) -> Challenge {
        challenge_of(self.epoch(now), id, keyring)
    }

    /// Returns true if this is the response to a challenge of this node to that newcomer.
    pub fn is_response(
        &self,
        id: &InstanceId,
        response: &Challenge,
        keyring: &Keyring,
        now: Instant,
    ) -> bool {
        let epoch = self.epoch(now);
        [epoch, epoch.wrapping_sub(1)].iter().any(|epoch| challenge_of(*epoch, id, keyring) == *response)
    }

    /// Returns true if a challenge from this address may be replied to now. It counts as replied to.
    pub fn may_reply(&mut self, address: SocketAddr, now: Instant) -> bool {
        self.replies.try_take(address, now)
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
