//! What the fuzzer makes up for a node: its settings, and what happens to it.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use arbitrary::Arbitrary;
use peers_proto::wire::{self, Announcement, InstanceId, Nonce};
use peers_proto::{Mode, Settings};

use crate::{key, settings};

#[derive(Arbitrary, Debug)]
pub struct Case {
    pub setup: Setup,
    pub steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
pub struct Setup {
    keys: u8,
    in_cluster: bool,
    legacy: bool,
    interval: u8,
    expiry: u8,
    max_peers: u8,
    value_len: u16,
    mode: u8,
}

#[derive(Arbitrary, Debug)]
pub enum Step {
    Hear(Heard),
    /// As many newcomers that differ in their ids, and in their ports if they are to.
    Flood {
        count: u8,
        template: Message,
        from: Sender,
        differ_in_port: bool,
    },
    /// Time passes, and the node is run whenever it asks for it.
    Pass(Span),
    /// Time passes, and the node is not run.
    Sleep(Span),
    /// The node is run although nothing may be due.
    Timeout,
    Unreachable(Sender),
    NetworkChange,
    Register {
        name: Name,
        value_len: u16,
        ttl: Option<Span>,
    },
    SetValue {
        len: u16,
    },
    SetKeys {
        first: u8,
        count: u8,
    },
    SetSeeds(Vec<Sender>),
    Stop,
    /// From now on nobody takes events.
    LeaveEvents,
    TakeEvents,
}

#[derive(Arbitrary, Debug)]
pub struct Heard {
    pub from: Sender,
    pub by_group: bool,
    pub interface: u8,
    pub what: Datagram,
}

#[derive(Arbitrary, Debug)]
pub enum Datagram {
    Message(Message),
    /// A message of which one byte is another.
    Altered(Message, u16, u8),
    Line(Name),
    Raw(Vec<u8>),
    /// Bytes of any kind, sealed.
    Sealed(Vec<u8>, u8),
    /// Something the node itself has sent.
    Echo(u8),
    /// Something that was heard before.
    Replay(u8),
}

#[derive(Arbitrary, Debug, Clone)]
pub struct Message {
    pub kind: Kind,
    pub who: u8,
    pub sequence: Sequence,
    pub name: Name,
    pub expiry: Expiry,
    pub port: u8,
    pub value_len: u16,
    pub answer_to_group: bool,
    pub nonce: bool,
    /// Of one of the node's last nonces; or else of something made up.
    pub echo: Option<Option<u8>>,
    /// Number of further addresses.
    pub addresses: u8,
    pub observer: bool,
    pub to_seed: bool,
    pub foreign: bool,
    pub least: u16,
    pub seal: Seal,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
pub enum Kind {
    Announce,
    Query,
    Goodbye,
    Probe,
}

#[derive(Arbitrary, Debug, Clone)]
pub enum Sequence {
    Next,
    Same,
    Any(u64),
}

#[derive(Arbitrary, Debug, Clone)]
pub enum Expiry {
    Shortest,
    AsNode,
    Millis(u16),
    Any(u64),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
pub enum Seal {
    /// As the node seals: with its first key, or not at all.
    AsNode,
    With(u8),
    Open,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Sender(pub u8);

#[derive(Arbitrary, Debug, Clone)]
pub enum Name {
    Few(u8),
    Own,
    Long,
    Any(String),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
pub enum Span {
    Micros(u16),
    Millis(u16),
    Intervals(u8),
    Expiry,
    Days(u8),
}

impl Setup {
    pub fn settings(&self) -> Settings {
        let interval = [10, 1000, 15_000][usize::from(self.interval % 3)];
        let expiry = [interval + 1, interval * 7 / 3, interval * 20][usize::from(self.expiry % 3)];
        let cluster = if self.in_cluster { "blue" } else { "" };
        let room = wire::max_value_len("self", cluster);
        Settings {
            keys: (0..self.keys % 3).map(key).collect(),
            cluster: cluster.into(),
            legacy: self.legacy,
            interval: Duration::from_millis(interval),
            expiry: Duration::from_millis(expiry),
            max_peers: [1, 3, 100, 3000][usize::from(self.max_peers % 4)],
            value: vec![b'v'; usize::from(self.value_len) % (room + 1)],
            mode: [Mode::Multicast, Mode::MulticastAndSeeds, Mode::Seeds][usize::from(self.mode % 3)],
            ..settings()
        }
    }

    pub fn keys(&self) -> Vec<u8> {
        (0..self.keys % 3).collect()
    }
}

impl Message {
    /// Returns the bytes of the message, before they are sealed. A node of that expiry receives it.
    pub fn plain(
        &self,
        cluster: &str,
        id: InstanceId,
        sequence: u64,
        echo: Option<Nonce>,
        expiry: Duration,
    ) -> Vec<u8> {
        let name = self.name.text();
        let about = Announcement {
            cluster,
            id,
            sequence,
            name: &name,
            expiry: match self.expiry {
                Expiry::Shortest => Duration::ZERO,
                Expiry::AsNode => expiry,
                Expiry::Millis(millis) => Duration::from_millis(millis.into()),
                Expiry::Any(millis) => Duration::from_millis(millis),
            },
            port: self.port.into(),
            value: &vec![b'p'; usize::from(self.value_len % 1200)],
            answer_to_group: self.answer_to_group,
            nonce: self.nonce.then_some([3; 16]),
            echo,
            addresses: (0..self.addresses % 9).map(|last| [192, 0, 2, last].into()).collect(),
            is_observer: self.observer,
            to_seed: self.to_seed,
            ..Announcement::default()
        };
        let min_len = usize::from(self.least) % (wire::MAX_MESSAGE + 1);
        let lengths = min_len..=wire::MAX_MESSAGE;
        match self.kind {
            Kind::Announce => wire::encode_within(wire::Kind::Announce, &about, lengths),
            Kind::Query => wire::encode_within(wire::Kind::Query, &about, lengths),
            Kind::Goodbye => wire::encode_within(wire::Kind::Goodbye, &about, lengths),
            Kind::Probe => wire::encode_probe(&wire::Probe { cluster, id, nonce: [5; 16] }, min_len),
        }
    }
}

impl Sender {
    /// One of a few: two ports of one host, two hosts, the same by IPv6, link-local in two zones, and none at all.
    pub fn address(self) -> SocketAddr {
        let v6 = |ip: &str, port, flow, scope| {
            SocketAddrV6::new(ip.parse::<Ipv6Addr>().expect("an address"), port, flow, scope).into()
        };
        match self.0 % 10 {
            0 => ([192, 0, 2, 1], 50_001).into(),
            1 => ([192, 0, 2, 1], 50_002).into(),
            2 => ([192, 0, 2, 2], 50_001).into(),
            3 => ([192, 0, 2, 2], 50_003).into(),
            4 => v6("2001:db8::1", 50_001, u32::from(self.0), 0),
            5 => v6("fe80::1", 50_001, 0, 2),
            6 => v6("fe80::1", 50_001, 0, 3),
            7 => v6("fe80::2", 50_003, 0, u32::from(self.0 >> 4)),
            8 => ([192, 0, 2, 3], 0).into(),
            _ => ([192, 0, 2, self.0], 50_004).into(),
        }
    }
}

impl Name {
    pub fn text(&self) -> String {
        match self {
            Name::Few(which) => ["kitchen", "garden", "zürich"][usize::from(which % 3)].into(),
            Name::Own => "self".into(),
            Name::Long => "n".repeat(255),
            Name::Any(text) => text.clone(),
        }
    }
}

impl Span {
    pub fn length(self, settings: &Settings) -> Duration {
        match self {
            Span::Micros(micros) => Duration::from_micros(micros.into()),
            Span::Millis(millis) => Duration::from_millis(millis.into()),
            Span::Intervals(tenths) => settings.interval * u32::from(tenths) / 10,
            Span::Expiry => settings.expiry,
            Span::Days(days) => Duration::from_secs(u64::from(days) * 86_400),
        }
    }
}
