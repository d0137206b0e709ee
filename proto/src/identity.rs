//! `Identity`: what the node makes of messages with its own instance id that come from elsewhere.
//!
//! They are forged, or they come from a clone: a copy of this machine or process, random generator included. A clone answers a
//! probe, a forger of its address does not.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::path::Path;
use crate::rate_limit::RateLimit;
use crate::wire::Nonce;

/// Minimum time between two reactions, each an announce and a probe.
const REACTION_GAP: Duration = Duration::from_secs(1);

/// Minimum time between two new ids.
const RENEWAL_GAP: Duration = Duration::from_secs(10);

/// Maximum number of addresses at which the node has reached itself: a NAT that leads back, a seed that is the node itself.
const MAX_MIRRORS: usize = 8;

pub(crate) struct Identity {
    reactions: RateLimit,
    renewals: RateLimit,
    mirrors: Vec<SocketAddr>,
    /// The path that was last probed with the own id.
    probed: Option<Path>,
    /// The nonce of the last probe that another node sent with this node's id.
    other_nonce: Option<Nonce>,
    renewal_wanted: bool,
}

impl Identity {
    pub fn new() -> Self {
        Identity {
            reactions: RateLimit::new(1, REACTION_GAP),
            renewals: RateLimit::new(1, RENEWAL_GAP),
            mirrors: Vec::new(),
            probed: None,
            other_nonce: None,
            renewal_wanted: false,
        }
    }

    /// Returns true for an address at which the node has reached itself.
    pub fn is_mirror(&self, address: &SocketAddr) -> bool {
        self.mirrors.contains(address)
    }

    /// Takes note that the node has reached itself at an address.
    pub fn add_mirror(&mut self, address: SocketAddr) {
        if !self.is_mirror(&address) {
            self.mirrors.truncate(MAX_MIRRORS - 1);
            self.mirrors.insert(0, address);
        }
    }

    /// Returns true if the node is to react to a message from elsewhere, by an announce and a probe of that path.
    pub fn try_react(&mut self, path: Path, now: Instant) -> bool {
        let reacts = self.reactions.try_take((), now);
        if reacts {
            self.probed = Some(path);
        }
        reacts
    }

    pub fn probed(&self) -> Option<Path> {
        self.probed
    }

    /// Takes note of the probe of another node with this node's id.
    pub fn on_other_probe(&mut self, nonce: Nonce) {
        self.other_nonce = Some(nonce);
    }

    /// Takes note that another node has answered the probe with this nonce. Of two that know both nonces, the one with the
    /// lower nonce takes a new id, and the other one stays. Returns true if this node takes one.
    pub fn on_clone(&mut self, own_nonce: &Nonce, now: Instant) -> bool {
        let gives_way = self.other_nonce.take().is_none_or(|other| *own_nonce < other);
        self.renewal_wanted |= gives_way && self.renewals.try_take((), now);
        self.renewal_wanted
    }

    pub fn is_renewal_wanted(&self) -> bool {
        self.renewal_wanted
    }

    pub fn on_renewed(&mut self) {
        self.renewal_wanted = false;
        (self.probed, self.other_nonce) = (None, None);
    }
}
