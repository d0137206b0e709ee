//! A node alone with a clock that is moved by hand, what it is let hear, and what it sends.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_proto::wire::{self, Announcement, Kind, Message};
use peers_proto::{Arrival, Destination, Key, Node, Received, Settings, Transmit};

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A message that the node has sent, with the time since the begin.
pub struct Sent {
    pub at: Duration,
    pub what: What,
    pub to: Destination,
    pub len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Native(Kind),
    Probe,
}

impl Sent {
    pub fn is_probe(&self) -> bool {
        self.what == What::Probe
    }

    pub fn is_group_query(&self) -> bool {
        self.what == What::Native(Kind::Query) && self.is_to_group()
    }

    pub fn is_to_group(&self) -> bool {
        self.to == Destination::Group
    }
}

/// When those were sent that pass.
pub fn times(sent: &[Sent], passes: impl Fn(&Sent) -> bool) -> Vec<Duration> {
    sent.iter().filter(|sent| passes(sent)).map(|sent| sent.at).collect()
}

pub fn gaps(times: &[Duration]) -> Vec<Duration> {
    times.windows(2).map(|two| two[1] - two[0]).collect()
}

/// Another node: a number that makes its id and its address.
pub struct Remote {
    pub number: u16,
    pub expiry: Duration,
    pub answer_to_group: bool,
    pub sequence: u64,
}

impl Remote {
    pub fn new(number: u16) -> Remote {
        Remote { number, expiry: Settings::default().expiry, answer_to_group: false, sequence: 0 }
    }

    pub fn many(count: u64) -> Vec<Remote> {
        (0..count).map(|number| Remote::new(number as u16)).collect()
    }

    pub fn message(&mut self, kind: Kind) -> Vec<u8> {
        self.sequence += 1;
        let mut id = [2; 16];
        id[..2].copy_from_slice(&self.number.to_be_bytes());
        let about = Announcement {
            cluster: "",
            id,
            sequence: self.sequence,
            name: "peer",
            expiry: self.expiry,
            port: 0,
            value: b"",
            answer_to_group: self.answer_to_group,
            ..Default::default()
        };
        wire::encode(kind, &about)
    }

    /// Each has an address of its own, lest they are namesakes.
    pub fn address(&self) -> SocketAddr {
        let [high, low] = self.number.to_be_bytes();
        SocketAddr::from(([198, 18, high, low], 50_000))
    }
}

/// A node of the default times, and the time.
pub struct Clockwork {
    pub node: Node,
    begin: Instant,
    pub now: Instant,
}

impl Clockwork {
    pub fn new() -> Clockwork {
        let default = Settings::default();
        Clockwork::with_times(default.interval, default.expiry)
    }

    /// A node whose first burst is through.
    pub fn settled() -> Clockwork {
        let mut clockwork = Clockwork::new();
        clockwork.run(ms(5000));
        clockwork
    }

    pub fn with_times(interval: Duration, expiry: Duration) -> Clockwork {
        Clockwork::with(|settings| Settings { interval, expiry, ..settings })
    }

    pub fn with(change: impl FnOnce(Settings) -> Settings) -> Clockwork {
        let default = Settings::default();
        let settings = Settings {
            id: [1; 16],
            seed: 1,
            secret_seed: Key::new([9; 32]),
            name: "node".into(),
            legacy: false,
            interval: default.interval,
            expiry: default.expiry,
            max_peers: default.max_peers,
            ..Settings::default()
        };
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let begin = Instant::now();
        Clockwork { node: Node::new(change(settings), begin), begin, now: begin }
    }

    pub fn elapsed(&self) -> Duration {
        self.now - self.begin
    }

    pub fn hear(&mut self, peer: &mut Remote, kind: Kind, arrival: Arrival) {
        let bytes = peer.message(kind);
        self.hear_bytes(&bytes, peer.address(), arrival);
    }

    pub fn hear_announce(&mut self, peer: &mut Remote) {
        self.hear(peer, Kind::Announce, Arrival::Group);
    }

    pub fn hear_bytes(&mut self, bytes: &[u8], from: SocketAddr, arrival: Arrival) {
        self.node.handle_datagram(bytes, Received { from, interface: 1, arrival, hops: Some(255) }, self.now);
    }

    /// Lets time pass, and returns the messages that the node sends on the way, with those that waited before.
    pub fn run(&mut self, time: Duration) -> Vec<Sent> {
        let end = self.now + time;
        let mut sent = self.sent();
        while let Some(next) = self.node.poll_timeout().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.node.handle_timeout(self.now);
            sent.extend(self.sent());
        }
        self.now = end;
        sent
    }

    /// The messages that wait to be sent.
    pub fn sent(&mut self) -> Vec<Sent> {
        let at = self.elapsed();
        let waiting = std::iter::from_fn(|| self.node.poll_transmit());
        let sent = |Transmit { payload, to, .. }: Transmit| Sent {
            at,
            what: what_of(&payload),
            to,
            len: payload.len(),
        };
        waiting.map(sent).collect()
    }
}

fn what_of(payload: &[u8]) -> What {
    match wire::decode(payload) {
        Ok(Message::Native(kind, _)) => What::Native(kind),
        Ok(Message::Probe(_)) => What::Probe,
        other => panic!("a node without lines sends messages, not {other:?}"),
    }
}
