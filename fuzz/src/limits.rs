//! `Limits`: the lengths, rates and amounts of what a node sends (SECURITY.md).

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_proto::wire::{self, InstanceId, Message, Nonce};
use peers_proto::{Destination, Transmit};

use crate::sent::normal;

const SECOND: Duration = Duration::from_secs(1);

/// Within a second the group gets ten changed values, four repeats, four queries and an announce, three messages about the own
/// id and one reply; and five legacy beacons.
const MAX_TO_GROUP: usize = 30;

/// Within this time an address gets one reply to a query and one to a nonce.
const REPLY_GAP: Duration = Duration::from_millis(50);
const MAX_REPLIES: usize = 2;

/// At one time silent and suspect peers get so many probes together. Each other probe is a reply, and comes within this time.
const MAX_PROBES: usize = 64;
const MAX_SPREAD: Duration = Duration::from_millis(250);

/// An address that no echo has validated gets so many bytes for each byte of the peers that are said to be there.
const MAX_AMPLIFICATION: usize = 3;

#[derive(Default)]
pub struct Limits {
    /// What was sent within the last second, and whether it is a probe.
    sent: VecDeque<(Instant, Destination, bool)>,
    /// When datagrams were received within `MAX_SPREAD`.
    received: VecDeque<Instant>,
    bytes_received: HashMap<InstanceId, usize>,
    /// Bytes received from each address, less those of the announces that were sent there.
    unreplied: HashMap<SocketAddr, usize>,
    /// The instances that a message has named with an address, as its source or in its claims.
    instances: HashMap<SocketAddr, HashSet<InstanceId>>,
    /// Bytes sent to each address before it was validated.
    bytes_sent: HashMap<SocketAddr, usize>,
    /// The address that each nonce was sent to; `None` for the group.
    nonces: HashMap<Nonce, Option<SocketAddr>>,
    validated: HashSet<SocketAddr>,
}

impl Limits {
    /// Takes note of a datagram that the node receives, of the message in it, and of the path that its echo validates.
    pub fn on_received(&mut self, plain: &[u8], from: SocketAddr, has_keys: bool, now: Instant) {
        let from = normal(from);
        self.received.push_back(now);
        *self.unreplied.entry(from).or_default() += plain.len();
        match wire::decode(plain) {
            Ok(Message::Probe(probe)) => self.credit(probe.id, from, plain.len()),
            Ok(Message::Native(_, about)) => {
                self.credit(about.id, from, plain.len());
                for claim in about.addresses.iter() {
                    self.credit(about.id, SocketAddr::new(claim, from.port()), 0);
                }
                let nonce = about.echo.and_then(|echo| self.nonces.get(&echo));
                // With keys no other instance can have read the nonce of a query.
                self.validated.extend(nonce.and_then(|to| to.or(has_keys.then_some(from))));
            }
            _ => {}
        }
    }

    fn credit(&mut self, id: InstanceId, address: SocketAddr, bytes: usize) {
        *self.bytes_received.entry(id).or_default() += bytes;
        self.instances.entry(address).or_default().insert(id);
    }

    /// Checks a datagram that the node sends, and the message in it.
    pub fn on_sent(&mut self, transmit: &Transmit, plain: &[u8], now: Instant) {
        assert!(transmit.payload.len() <= wire::MAX_DATAGRAM && plain.len() <= wire::MAX_MESSAGE);
        let address = match transmit.to {
            Destination::Peer { address, .. } => Some(address),
            _ => None,
        };
        let (is_probe, nonce) = match wire::decode(plain).expect("a node sends what can be read") {
            Message::Native(_, about) => (false, about.nonce),
            Message::Probe(probe) => (true, Some(probe.nonce)),
            _ => (false, None),
        };
        self.nonces.extend(nonce.map(|nonce| (nonce, address)));
        self.sent.retain(|(at, ..)| now < *at + SECOND);
        self.sent.push_back((now, transmit.to, is_probe));
        self.received.retain(|at| now < *at + MAX_SPREAD);
        self.check_rates(transmit.to, now);
        if let Some(address) = address.filter(|_| !is_probe) {
            self.charge_reply(address, plain.len());
        }
        if let Some(address) = address.filter(|address| !self.validated.contains(address)) {
            self.charge(address, plain.len());
        }
    }

    fn check_rates(&self, to: Destination, now: Instant) {
        let count = |within: Duration, is_counted: &dyn Fn(Destination, bool) -> bool| {
            let recent = self.sent.iter().filter(|(at, ..)| now < *at + within);
            recent.filter(|(_, to, is_probe)| is_counted(*to, *is_probe)).count()
        };
        let is_unicast = |to| matches!(to, Destination::Peer { .. });
        let probes = self.sent.iter().filter(|(at, _, is_probe)| *at == now && *is_probe).count();
        assert!(probes <= MAX_PROBES + self.received.len(), "{probes} probes");
        if is_unicast(to) {
            let replies = count(REPLY_GAP, &|other, is_probe| other == to && !is_probe);
            assert!(replies <= MAX_REPLIES, "{replies} replies to {to:?}");
        } else {
            let messages = count(SECOND, &|other, _| !is_unicast(other));
            assert!(messages <= MAX_TO_GROUP, "{messages} messages to the group");
        }
    }

    /// An announce to one address is a reply, and no longer than its message.
    fn charge_reply(&mut self, address: SocketAddr, bytes: usize) {
        let unreplied = self.unreplied.entry(address).or_default();
        assert!(bytes <= *unreplied, "{bytes} bytes reply to {unreplied} of {address}");
        *unreplied -= bytes;
    }

    fn charge(&mut self, address: SocketAddr, bytes: usize) {
        let sent = self.bytes_sent.entry(address).or_default();
        *sent += bytes;
        let instances = self.instances.get(&address).into_iter().flatten();
        let received: usize = instances.map(|id| self.bytes_received[id]).sum();
        assert!(*sent <= MAX_AMPLIFICATION * received, "{sent} bytes to {address} for {received}");
    }
}
