//! One node of ours that hears many peers, in virtual time. Every node of such a cluster fares like it, but to have all of
//! them takes the square of the memory and time: 100,000 nodes keep 10,000,000,000 entries. The peers are not nodes but
//! play their part by docs/PROTOCOL.md: they answer a query within 0.5 ms for each peer there is, unless they are among its known
//! answers, and a nonce at once. They announce themselves every interval less up to a tenth, each announce followed by a
//! legacy beacon. Nothing is lost.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use fastrand::Rng;
use peers_proto::wire::{self, Announcement, Kind, Message, Nonce, known_answers};
use peers_proto::{Arrival, Destination, Key, Node, Received, Settings};
use serde_json::json;

const INTERVAL: Duration = Duration::from_secs(15);
const INTERFACE: u32 = 1;
const EXPIRY: Duration = Duration::from_secs(35);
/// For each peer: half a millisecond.
const SPREAD: Duration = Duration::from_micros(500);
/// Several intervals, after all are known.
const WINDOW: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(300);

/// What a peer does next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Announce,
    Answer,
}

struct Peer {
    from: SocketAddr,
    name: String,
    id: [u8; 16],
    sequence: u64,
    /// Until then it owes no further answer.
    answers: Duration,
    /// The nonce that its next answer repeats.
    echo: Option<Nonce>,
}

/// The node, and what it hears.
struct Observation {
    begin: Instant,
    now: Duration,
    node: Node,
    peers: Vec<Peer>,
    due: BinaryHeap<Reverse<(Duration, usize, Act)>>,
    rng: Rng,
    sent: u64,
    heard: u64,
    heard_bytes: u64,
    /// Real time that the node has taken.
    cpu: Duration,
}

/// Prints what the node that hears as many `peers`, with that cap, has done and used.
pub fn run(peers: &str, cap: &str) -> Result<(), String> {
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{text:?} is no number"));
    let (count, cap) = (number(peers)?, number(cap)?);
    let mut rng = Rng::with_seed(1);
    let peers: Vec<Peer> = (0..count).map(|number| peer(number, &mut rng)).collect();
    let due =
        (0..count).map(|number| Reverse((INTERVAL.mul_f64(rng.f64()), number, Act::Announce))).collect();
    let before = resident()?;
    let mut observation = Observation::new(cap, peers, due, rng);

    let wanted = count.min(cap);
    while observation.node.peer_count() < wanted && observation.now < LIMIT {
        observation.step();
    }
    let (known, start_cpu, start_heard) = (observation.now, observation.cpu, observation.heard);
    // What is under way for a start: answers to its last query.
    observation.run_for(SPREAD * count as u32 + Duration::from_secs(2));
    let memory = resident()? - before;
    observation.forget_counts();
    observation.run_for(WINDOW);

    let second = |value: f64| value / WINDOW.as_secs_f64();
    let counters = observation.node.counters();
    let found = json!({
        "all_known_s": (observation.node.peer_count() >= wanted).then_some(known.as_secs_f64()),
        "start_heard": start_heard,
        "start_cpu_ms": start_cpu.as_secs_f64() * 1e3,
        "sent_each_per_min": second(observation.sent as f64) * 60.0,
        "taken_each_per_s": second(observation.heard as f64),
        "link_datagrams_per_s": second(observation.heard as f64),
        "payload_bytes_per_s": second(observation.heard_bytes as f64),
        "cpu_ms_each_per_s": second(observation.cpu.as_secs_f64() * 1e3),
        "memory_mb_each": memory,
        "peers": observation.node.peer_count(),
        "refused": counters.refused_full,
    });
    println!("{found}");
    Ok(())
}

/// The address before that of the first peer.
const BEFORE_FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);

/// The number of the peer with this address.
fn number(address: SocketAddr) -> usize {
    let IpAddr::V4(ip) = address.ip() else { unreachable!("all peers have IPv4") };
    (ip.to_bits() - BEFORE_FIRST.to_bits() - 1) as usize
}

fn peer(number: usize, rng: &mut Rng) -> Peer {
    let ip = Ipv4Addr::from_bits(BEFORE_FIRST.to_bits() + 1 + number as u32);
    Peer {
        from: SocketAddr::from((ip, rng.u16(32_768..))),
        name: format!("node{number}"),
        id: rng.u128(..).to_ne_bytes(),
        sequence: 0,
        answers: Duration::ZERO,
        echo: None,
    }
}

impl Observation {
    fn new(cap: usize, peers: Vec<Peer>, due: BinaryHeap<Reverse<(Duration, usize, Act)>>, rng: Rng) -> Self {
        let begin = Instant::now();
        let settings = Settings {
            id: [1; 16],
            seed: 1,
            secret_seed: Key::new([9; 32]),
            name: "observed".into(),
            interval: INTERVAL,
            expiry: EXPIRY,
            max_peers: cap,
            ..Settings::default()
        };
        let node = Node::new(settings, begin);
        let (now, cpu) = (Duration::ZERO, Duration::ZERO);
        let mut observation =
            Observation { begin, now, node, peers, due, rng, sent: 0, heard: 0, heard_bytes: 0, cpu };
        observation.take_transmits();
        observation
    }

    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    fn forget_counts(&mut self) {
        (self.sent, self.heard, self.heard_bytes, self.cpu) = (0, 0, 0, Duration::ZERO);
    }

    /// Goes on to what happens next, at a peer or at the node itself.
    fn step(&mut self) {
        let own =
            self.node.poll_timeout().map_or(Duration::MAX, |at| at.saturating_duration_since(self.begin));
        let Some(&Reverse((at, number, act))) = self.due.peek() else { return };
        if own <= at {
            self.now = self.now.max(own);
            let now = self.begin + self.now;
            self.timed(|node| node.handle_timeout(now));
        } else {
            self.due.pop();
            self.now = self.now.max(at);
            self.speak(number, act);
        }
        self.take_transmits();
        while self.node.poll_event().is_some() {}
    }

    fn speak(&mut self, number: usize, act: Act) {
        let peer = &mut self.peers[number];
        peer.sequence += 1;
        let about = Announcement {
            id: peer.id,
            sequence: peer.sequence,
            name: &peer.name,
            expiry: EXPIRY,
            echo: if act == Act::Answer { peer.echo.take() } else { None },
            ..Announcement::default()
        };
        let (message, line) = (wire::encode(Kind::Announce, &about), wire::encode_legacy(&peer.name));
        let from = peer.from;
        match act {
            Act::Answer => self.hear(&message, from, Arrival::Unicast),
            Act::Announce => {
                self.hear(&message, from, Arrival::Group);
                self.hear(&line, from, Arrival::Group);
                let pause = INTERVAL - INTERVAL.mul_f64(0.1 * self.rng.f64());
                self.due.push(Reverse((self.now + pause, number, Act::Announce)));
            }
        }
    }

    fn hear(&mut self, datagram: &[u8], from: SocketAddr, arrival: Arrival) {
        self.heard += 1;
        self.heard_bytes += datagram.len() as u64;
        let now = self.begin + self.now;
        let received = Received { from, interface: INTERFACE, arrival, hops: Some(u8::MAX) };
        self.timed(|node| node.handle_datagram(datagram, received, now));
    }

    fn timed(&mut self, act: impl FnOnce(&mut Node)) {
        let begin = Instant::now();
        act(&mut self.node);
        self.cpu += begin.elapsed();
    }

    /// Delivers what the node sends: queries are answered, by all or by one, and nonces by the peer that they go to.
    fn take_transmits(&mut self) {
        while let Some(transmit) = self.node.poll_transmit() {
            self.sent += 1;
            match (wire::decode(&transmit.payload), transmit.to) {
                (Ok(Message::Native(Kind::Query, about)), Destination::Group) => self.answer_all(&about),
                (
                    Ok(Message::Native(_, Announcement { nonce: Some(nonce), .. })),
                    Destination::Peer { address, .. },
                )
                | (Ok(Message::Probe(wire::Probe { nonce, .. })), Destination::Peer { address, .. }) => {
                    self.answer_one(number(address), nonce);
                }
                _ => {}
            }
        }
    }

    fn answer_one(&mut self, number: usize, nonce: Nonce) {
        self.peers[number].echo = Some(nonce);
        self.due.push(Reverse((self.now, number, Act::Answer)));
    }

    fn answer_all(&mut self, query: &Announcement<'_>) {
        let spread = SPREAD * self.peers.len() as u32;
        for (number, peer) in self.peers.iter_mut().enumerate() {
            let is_known = known_answers::contains(query.known_answers, query.sequence, &peer.id);
            if is_known || peer.answers > self.now {
                continue;
            }
            peer.answers = self.now + spread.mul_f64(self.rng.f64());
            peer.echo = query.nonce;
            self.due.push(Reverse((peer.answers, number, Act::Answer)));
        }
    }
}

/// Megabytes of this process.
fn resident() -> Result<f64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    let kib: f64 = line.and_then(|kib| kib.parse().ok()).ok_or("/proc does not tell the memory")?;
    Ok(kib * 1024.0 / 1e6)
}
