//! A member of a cluster, to which others say whatever the fuzzer makes up, and what has to hold all the way.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use peers_proto::wire::{
    self, Announcement, ClusterKind, ClusterMessage, Content, InstanceId, Kind, Message,
};
use peers_proto::{Arrival, Destination, Mode, Node, Received, Settings};

use crate::model::View;
use crate::{ID, key, seal, settings};

const MAX_STEPS: usize = 60;

/// A node that is run more often than this in a second is busy with nothing.
const MAX_RUNS: usize = 2000;

#[derive(Arbitrary, Debug)]
pub struct Case {
    has_keys: bool,
    max_peers: u8,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Hear { from: u8, said: Said, number: Option<u8>, alter: Option<(u16, u8)> },
    Pass { tenths: u8 },
    Sleep { seconds: u16 },
    SetValue { len: u16 },
    SetSeeds(Vec<u8>),
    Unreachable(u8),
    NetworkChange,
    Stop,
}

#[derive(Arbitrary, Debug)]
enum Said {
    Packet {
        by: Who,
        to: Addressee,
        kind: u8,
        number: u8,
        third: Who,
        members: Vec<(Who, u8)>,
        news: Vec<Record>,
    },
    Digest {
        by: u8,
        is_ask: bool,
        digest: u64,
    },
    Page {
        by: u8,
        is_ask: bool,
        after: u8,
        entries: Vec<(Who, Option<Record>)>,
        least: u16,
    },
    Alone(Record),
    /// What is said to be of that kind.
    Raw {
        by: u8,
        bytes: Vec<u8>,
    },
}

#[derive(Arbitrary, Debug, Clone, Copy)]
struct Who {
    id: u8,
    generation: u8,
    incarnation: u16,
}

#[derive(Arbitrary, Debug)]
enum Addressee {
    Own(u8),
    Nobody,
    Other(u8),
}

#[derive(Arbitrary, Debug)]
struct Record {
    kind: u8,
    id: u8,
    sequence: u8,
    value_len: u16,
}

pub struct Run {
    node: Node,
    settings: Settings,
    now: Instant,
    view: View,
    sequence: u64,
}

impl Run {
    pub fn all(case: &Case) {
        let settings = Settings {
            mode: Mode::Swim,
            legacy: false,
            keys: if case.has_keys { vec![key(0)] } else { vec![] },
            max_peers: usize::from(case.max_peers % 32) + 1,
            ..settings()
        };
        let now = Instant::now();
        let node = Node::new(settings.clone(), now);
        let mut run = Run { node, settings, now, view: View::default(), sequence: 0 };
        for step in case.steps.iter().take(MAX_STEPS) {
            run.step(step);
            run.check();
        }
        // Nothing that was made up keeps the node busy, or lives for ever.
        run.pass(Duration::from_secs(60));
        run.check();
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Hear { from, said, number, alter } => self.hear(*from, said, *number, *alter),
            Step::Pass { tenths } => self.pass(Duration::from_millis(u64::from(*tenths) * 100)),
            Step::Sleep { seconds } => {
                self.now += Duration::from_secs(u64::from(*seconds % 2000));
                self.node.handle_timeout(self.now);
            }
            Step::SetValue { len } => {
                let value = vec![b'v'; usize::from(len % 1200)];
                let fits = value.len() <= Mode::Swim.max_value_len("self", "");
                assert_eq!(self.node.set_value(&value, self.now).is_ok(), fits);
            }
            Step::SetSeeds(seeds) => {
                let seeds: Vec<SocketAddr> = seeds.iter().map(|seed| address(*seed)).collect();
                self.node.set_seeds(&seeds, self.now);
            }
            Step::Unreachable(from) => self.node.handle_unreachable(address(*from), 0, self.now),
            Step::NetworkChange => self.node.handle_network_change(self.now),
            Step::Stop => self.node.stop(self.now),
        }
    }

    fn hear(&mut self, from: u8, said: &Said, number: Option<u8>, alter: Option<(u16, u8)>) {
        self.sequence += 1;
        let mut bytes = message(said, number.map_or(self.sequence, u64::from));
        if let Some((at, byte)) = alter {
            let at = usize::from(at) % bytes.len();
            bytes[at] = byte;
        }
        if self.settings.keys.is_empty() {
            self.node.handle_datagram(&bytes, received(from), self.now);
        } else {
            let sealed = seal(&bytes, 0, Some(&ID).filter(|_| from % 2 == 0), from);
            self.node.handle_datagram(&sealed, received(from), self.now);
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut runs = 0;
        while let Some(next) = self.node.poll_timeout().filter(|next| *next <= end) {
            if next > self.now {
                runs = 0;
            }
            runs += 1;
            assert!(runs < MAX_RUNS, "what was handled is due again");
            self.now = next.max(self.now);
            self.node.handle_timeout(self.now);
            self.check();
        }
        self.now = end;
    }

    /// Takes what the node says and tells.
    fn check(&mut self) {
        while let Some(transmit) = self.node.poll_transmit() {
            assert!(matches!(transmit.to, Destination::Peer { .. }), "it goes to {:?}", transmit.to);
            assert!(transmit.payload.len() <= wire::MAX_DATAGRAM);
            let message = wire::decode(&transmit.payload).expect("a node sends what can be read");
            let is_sealed = matches!(message, Message::Sealed);
            assert_eq!(is_sealed, !self.settings.keys.is_empty());
        }
        while let Some(event) = self.node.poll_event() {
            self.view.apply(&event);
        }
        assert!(self.node.peer_count() <= self.settings.max_peers);
    }
}

/// The instances that there are; the first is the node itself.
fn id(which: u8) -> InstanceId {
    match which % 48 {
        0 => ID,
        1 => [0; 16],
        other => [other; 16],
    }
}

fn address(which: u8) -> SocketAddr {
    ([10, 0, 0, which % 8 + 1], 1000 + u16::from(which / 8)).into()
}

fn identity(who: &Who) -> Vec<u8> {
    let generation = u32::from(who.generation % 3).to_be_bytes();
    [&id(who.id)[..], &generation, &[0; 10], &[0xff, 0xff, 10, 0, 0, who.id % 8 + 1], &[3, who.id]].concat()
}

fn received(from: u8) -> Received {
    Received { from: address(from), interface: 2, arrival: Arrival::Unicast, hops: Some(255) }
}

fn record(record: &Record) -> Vec<u8> {
    let kind = [Kind::Announce, Kind::Query, Kind::Goodbye][usize::from(record.kind % 3)];
    let value = vec![record.sequence; usize::from(record.value_len % 900)];
    let about = Announcement {
        cluster: "",
        id: id(record.id),
        sequence: record.sequence.into(),
        name: ["a", "b", "c", "self"][usize::from(record.id % 4)],
        expiry: Duration::from_secs(35),
        port: 0,
        value: &value,
        ..Announcement::default()
    };
    wire::encode_within(kind, &about, 0..=wire::MAX_MESSAGE)
}

/// Each with its length before it.
fn pieces(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    pieces.flat_map(|piece| [&(piece.len() as u16).to_be_bytes()[..], &piece].concat()).collect()
}

fn message(said: &Said, sequence: u64) -> Vec<u8> {
    let encode = |kind, by: u8, content, least| {
        let message = ClusterMessage { cluster: "", id: id(by), sequence, content };
        wire::encode_cluster(kind, &message, least)
    };
    let kind = |is_ask: bool| if is_ask { ClusterKind::Ask } else { ClusterKind::Tell };
    match said {
        Said::Packet { by, to, kind, number, third, members, news } => {
            let (to, generation) = match to {
                Addressee::Own(generation) => (ID, u32::from(generation % 3)),
                Addressee::Nobody => ([0; 16], 0),
                Addressee::Other(other) => (id(*other), 0),
            };
            let kind = kind % 12;
            let mut packet =
                [&identity(by)[..], &by.incarnation.to_be_bytes(), &to, &generation.to_be_bytes()].concat();
            packet.extend([kind, *number]);
            if (2..=5).contains(&kind) {
                packet.extend(identity(third));
            }
            if ![6, 9, 10].contains(&kind) {
                packet.extend((members.len() as u16).to_be_bytes());
                for (member, state) in members {
                    packet.extend(identity(member));
                    packet.extend(member.incarnation.to_be_bytes());
                    packet.push(state % 4);
                }
            }
            packet.extend(pieces(news.iter().map(record)));
            encode(ClusterKind::Packet, by.id, Content::Packet(&packet), 0)
        }
        Said::Digest { by, is_ask, digest } => encode(kind(*is_ask), *by, Content::Digest(*digest), 0),
        Said::Page { by, is_ask, after, entries, least } => {
            let entry = |(who, told): &(Who, Option<Record>)| {
                [identity(who), told.as_ref().map(record).unwrap_or_default()].concat()
            };
            let entries = pieces(entries.iter().map(entry));
            let content = Content::Page(id(*after), &entries);
            encode(kind(*is_ask), *by, content, usize::from(least % 1152))
        }
        Said::Alone(alone) => record(alone),
        Said::Raw { by, bytes } => encode(ClusterKind::Packet, *by, Content::Packet(bytes), 0),
    }
}
