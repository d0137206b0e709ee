//! A node under test with a clock that is moved by hand, and the peers it hears.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use peers_proto::wire::{self, Announcement, Kind, Message, Nonce};
use peers_proto::{Arrival, Destination, Event, Key, LeaveReason, Node, Received, Settings};

pub const INTERVAL: Duration = Duration::from_secs(15);
pub const EXPIRY: Duration = Duration::from_secs(35);

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn settings() -> Settings {
    Settings {
        id: *b"the node itself.",
        seed: 7,
        secret_seed: Key::new([9; 32]),
        name: "self".into(),
        interval: INTERVAL,
        expiry: EXPIRY,
        max_peers: 65_536,
        ..Settings::default()
    }
}

/// The node, its time, and what it has sent.
pub struct Bench {
    pub node: Node,
    start: Instant,
    pub now: Instant,
    /// What a test has put aside to be sent.
    pub outbox: Vec<Sent>,
}

/// A datagram the node sent: when, what, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub at: Duration,
    pub what: &'static str,
    pub to: Destination,
    pub bytes: Vec<u8>,
}

impl Bench {
    pub fn new(settings: Settings) -> Bench {
        // All nodes of a test begin at one time, however long it takes to make them.
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        let start = *START;
        Bench { node: Node::new(settings, start), start, now: start, outbox: vec![] }
    }

    /// A node that has started and has nothing more to say before its first steady announcement.
    pub fn settled() -> Bench {
        let mut bench = Bench::new(settings());
        bench.run(ms(1000));
        bench
    }

    /// Lets time pass, from deadline to deadline as a driver does, and returns what was sent on the way and before.
    pub fn run(&mut self, time: Duration) -> Vec<Sent> {
        let until = self.now + time;
        let mut sent = self.sent();
        let mut calls_at_once = 0;
        while let Some(next) = self.node.poll_timeout().filter(|next| *next <= until) {
            // What is too much for one call is done in several.
            calls_at_once = if next > self.now { 1 } else { calls_at_once + 1 };
            assert!(calls_at_once <= 4, "what was handled is not due again");
            self.now = next.max(self.now);
            self.node.handle_timeout(self.now);
            sent.extend(self.sent());
        }
        self.now = until;
        sent
    }

    /// What waits to be sent now.
    pub fn sent(&mut self) -> Vec<Sent> {
        let at = self.now - self.start;
        std::iter::from_fn(|| self.node.poll_transmit())
            .map(|transmit| Sent {
                at,
                what: name_of(&transmit.payload),
                to: transmit.to,
                bytes: transmit.payload.to_vec(),
            })
            .collect()
    }

    pub fn hear(&mut self, peer: &mut Remote, kind: Kind) {
        let bytes = peer.message(kind);
        self.hear_bytes(&bytes, peer.address);
    }

    pub fn hear_bytes(&mut self, bytes: &[u8], from: SocketAddr) {
        self.node.handle_datagram(
            bytes,
            Received { from, interface: 2, arrival: Arrival::Group, hops: Some(255) },
            self.now,
        );
    }

    /// Hears by the node's own socket.
    pub fn hear_alone(&mut self, peer: &mut Remote, kind: Kind) {
        let bytes = peer.message(kind);
        self.node.handle_datagram(
            &bytes,
            Received { from: peer.address, interface: 2, arrival: Arrival::Unicast, hops: Some(255) },
            self.now,
        );
    }

    /// Answers the probes that were sent to a peer, with its present value and its next number.
    pub fn answer_probes(&mut self, peer: &mut Remote, sent: &[Sent]) -> usize {
        let to_peer = sent.iter().filter(|sent| sent.to == peer.to());
        let nonces: Vec<_> = to_peer.filter_map(|sent| nonce_of(&sent.bytes)).collect();
        for nonce in &nonces {
            self.hear_echo(peer, *nonce);
        }
        nonces.len()
    }

    /// Hears, by the node's own socket, a peer's announce that repeats a nonce.
    pub fn hear_echo(&mut self, peer: &mut Remote, nonce: Nonce) {
        peer.sequence += 1;
        let announce = wire::encode(Kind::Announce, &Announcement { echo: Some(nonce), ..peer.about() });
        self.hear_bytes_alone(&announce, peer.address);
    }

    /// Hears by the node's own socket.
    pub fn hear_bytes_alone(&mut self, bytes: &[u8], from: SocketAddr) {
        let received = Received { from, interface: 2, arrival: Arrival::Unicast, hops: Some(255) };
        self.node.handle_datagram(bytes, received, self.now);
    }

    pub fn hear_line(&mut self, peer: &Remote) {
        self.hear_bytes(format!("multitastic:{}", peer.name).as_bytes(), peer.address);
    }

    pub fn names(&self) -> Vec<String> {
        self.node.peers(self.now).into_iter().map(|peer| peer.name).collect()
    }

    /// The events that wait, in short: `+name`, `~name`, `-name (reason)`.
    pub fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.node.poll_event()).map(|event| in_short(&event)).collect()
    }
}

/// An event as `+name`, `~name` or `-name (reason)`.
pub fn in_short(event: &Event) -> String {
    match event {
        Event::Joined(peer) => format!("+{}", peer.name),
        Event::Updated(peer) => format!("~{}", peer.name),
        Event::Left(peer, LeaveReason::Expired) => format!("-{} (expired)", peer.name),
        Event::Left(peer, LeaveReason::Goodbye) => format!("-{} (goodbye)", peer.name),
        Event::Left(peer, LeaveReason::Unreachable) => format!("-{} (unreachable)", peer.name),
        Event::Left(peer, LeaveReason::Unregistered) => format!("-{} (unregistered)", peer.name),
        other => format!("{other:?}"),
    }
}

fn name_of(payload: &[u8]) -> &'static str {
    match wire::decode(payload).expect("a node sends what can be read") {
        Message::Legacy { .. } => "line",
        Message::Native(Kind::Announce, _) => "announce",
        Message::Native(Kind::Query, _) => "query",
        Message::Native(Kind::Goodbye, _) => "goodbye",
        Message::Probe(_) => "probe",
        Message::Sealed => "sealed",
        Message::Cluster(..) => "cluster",
    }
}

/// The nonce of a probe.
pub fn nonce_of(bytes: &[u8]) -> Option<Nonce> {
    match wire::decode(bytes) {
        Ok(Message::Probe(probe)) => Some(probe.nonce),
        _ => None,
    }
}

/// Another node, of which the one under test hears what the test lets it say.
#[derive(Clone)]
pub struct Remote {
    pub id: [u8; 16],
    pub name: String,
    pub address: SocketAddr,
    pub sequence: u64,
    pub value: Vec<u8>,
    pub cluster: String,
    pub expiry: Duration,
    /// True if it has the node under test for a seed.
    pub to_seed: bool,
}

impl Remote {
    /// A node at 192.0.2.`last` that sends from a port of its own.
    pub fn new(name: &str, last: u8) -> Remote {
        Remote {
            id: [last; 16],
            name: name.into(),
            address: (Ipv4Addr::new(192, 0, 2, last), 50_000 + u16::from(last)).into(),
            sequence: 0,
            value: vec![],
            cluster: String::new(),
            expiry: EXPIRY,
            to_seed: false,
        }
    }

    /// The same node after a restart: another instance on another port.
    pub fn restarted(&self) -> Remote {
        let id = self.id.map(|byte| byte ^ 0xff);
        Remote {
            id,
            sequence: 0,
            address: (self.address.ip(), self.address.port() + 1000).into(),
            ..self.clone()
        }
    }

    /// The same node by way of another of its interfaces.
    pub fn at(&self, last: u8) -> Remote {
        Remote { address: (Ipv4Addr::new(192, 0, 2, last), self.address.port()).into(), ..self.clone() }
    }

    pub fn to(&self) -> Destination {
        Destination::Peer { address: self.address, interface: 2 }
    }

    /// Its next message.
    pub fn message(&mut self, kind: Kind) -> Vec<u8> {
        self.sequence += 1;
        wire::encode(kind, &self.about())
    }

    pub fn about(&self) -> Announcement<'_> {
        Announcement {
            cluster: &self.cluster,
            id: self.id,
            sequence: self.sequence,
            name: &self.name,
            expiry: self.expiry,
            port: 8080,
            value: &self.value,
            to_seed: self.to_seed,
            ..Default::default()
        }
    }
}

/// What was sent, without when and where to.
pub fn whats(sent: &[Sent]) -> Vec<&'static str> {
    sent.iter().map(|sent| sent.what).collect()
}

/// The datagrams to single peers.
pub fn unicasts(sent: &[Sent]) -> Vec<Sent> {
    sent.iter().filter(|sent| matches!(sent.to, Destination::Peer { .. })).cloned().collect()
}
