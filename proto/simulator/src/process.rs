//! `Process`: one run of a program on a host, and what the simulation knows of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use peers_proto::wire::InstanceId;
use peers_proto::{Arrival, Key, Mode, Node, Settings};

use crate::topology::{Host, HostNumber, Link};
use crate::trace::digest;
use crate::view::View;

/// Number of a process, in the order in which they were started.
pub type Serial = usize;

/// The first process's unicast port; each process has ports of its own, by which it is known.
const FIRST_PORT: u16 = 1024;

/// A process that opens its sockets anew gets the next port that is as many further on.
const PORT_STEP: u16 = 4096;

/// The port of the group, from which the legacy program sends too.
pub const GROUP_PORT: u16 = 49001;

/// How many datagrams a socket holds for a process that does not run.
const BACKLOG: usize = 64;

/// What is run.
#[derive(Debug, Clone)]
pub struct Program {
    pub cluster: String,
    pub name: String,
    pub value: Vec<u8>,
    pub mode: Mode,
    /// Whether it speaks the legacy beacon too.
    pub legacy: bool,
    /// True for a node of the legacy program itself.
    pub is_legacy: bool,
    pub interval: Duration,
    pub expiry: Duration,
    /// The bytes of its key, if it has one.
    pub key: Option<u8>,
    pub observer: bool,
    pub max_peers: usize,
}

impl Program {
    /// A node with the defaults and the legacy beacon.
    pub fn named(name: impl Into<String>) -> Self {
        Program {
            cluster: String::new(),
            name: name.into(),
            value: Vec::new(),
            mode: Mode::Multicast,
            legacy: true,
            is_legacy: false,
            interval: Duration::from_secs(15),
            expiry: Duration::from_secs(35),
            key: None,
            observer: false,
            max_peers: 65_536,
        }
    }

    /// Whether a process of this program lists, in the end, one of the other.
    pub fn should_list(&self, other: &Program) -> bool {
        match other.is_legacy {
            true => self.legacy && self.cluster.is_empty() && self.key.is_none(),
            false => self.cluster == other.cluster && self.key == other.key && !other.observer,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Running,
    /// It is there, and its socket, but it is not run.
    Suspended,
    /// It said goodbye.
    Stopped,
    Killed,
}

pub struct Process {
    pub program: Program,
    pub host: HostNumber,
    pub state: State,
    /// How often it has got another unicast port.
    pub reopened: u16,
    /// True if somebody has answered in its place that nobody is there.
    pub is_maligned: bool,
    /// When it began, was last suspended or got another port: before that it could not be heard.
    pub undisturbed_since: Duration,
    /// `None` for the legacy program, and for one that has ended.
    pub node: Option<Box<Node>>,
    /// When the queue has its timeout.
    pub armed: Option<Duration>,
    pub view: View,
    pub backlog: VecDeque<(Arc<Datagram>, Link)>,
    /// How many processes list it.
    pub listed_by: usize,
}

/// A datagram on its way.
#[derive(Clone)]
pub struct Datagram {
    pub payload: Arc<[u8]>,
    pub digest: u64,
    pub sender: Serial,
    pub from: SocketAddr,
    pub arrival: Arrival,
}

impl Process {
    pub fn new(program: Program, host: HostNumber, state: State, node: Option<Node>, now: Duration) -> Self {
        Process {
            view: View::new(program.expiry),
            program,
            host,
            state,
            reopened: 0,
            is_maligned: false,
            undisturbed_since: now,
            node: node.map(Box::new),
            armed: None,
            backlog: VecDeque::new(),
            listed_by: 0,
        }
    }

    /// The port that its datagrams come from.
    pub fn source_port(&self, serial: Serial) -> u16 {
        match self.program.is_legacy {
            true => GROUP_PORT,
            false => unicast_port(serial, self.reopened),
        }
    }

    pub fn is_alive(&self) -> bool {
        matches!(self.state, State::Running | State::Suspended)
    }

    /// Keeps a datagram until the process runs again, if there is room.
    pub fn keep(&mut self, datagram: Arc<Datagram>, link: Link) {
        if self.backlog.len() < BACKLOG {
            self.backlog.push_back((datagram, link));
        }
    }
}

/// The settings of the process of that number.
pub fn settings(serial: Serial, program: &Program, seed: u64) -> Settings {
    Settings {
        id: instance_id(serial),
        seed,
        secret_seed: Key::new([serial as u8 ^ seed as u8; 32]),
        keys: program.key.map(|byte| Key::new([byte; 32])).into_iter().collect(),
        cluster: program.cluster.clone(),
        name: program.name.clone(),
        value: program.value.clone(),
        port: service_port(serial),
        mode: program.mode,
        legacy: program.legacy,
        observer: program.observer,
        group_port: GROUP_PORT,
        hops: 1,
        interval: program.interval,
        expiry: program.expiry,
        max_peers: program.max_peers,
        ..Settings::default()
    }
}

/// Where the first process of a host of its own is, if all hosts have one and are on the first link.
pub fn first_address(serial: Serial) -> SocketAddr {
    Host::new(serial, &[0]).address(0, unicast_port(serial, 0))
}

/// An id that looks random, and tells the process.
pub fn instance_id(serial: Serial) -> InstanceId {
    let id = u128::from(digest(serial)) << 64 | serial as u128;
    id.to_be_bytes()
}

pub fn serial_of_id(id: InstanceId) -> Serial {
    u128::from_be_bytes(id) as u64 as Serial
}

/// The port that it announces.
pub fn service_port(serial: Serial) -> u16 {
    unicast_port(serial, 0) ^ 0x8000
}

/// The port that it sends from when it has opened its sockets anew that often.
pub fn unicast_port(serial: Serial, reopened: u16) -> u16 {
    assert!(serial < usize::from(PORT_STEP), "a run starts fewer processes than there are ports");
    let port = FIRST_PORT + serial as u16 + PORT_STEP * reopened;
    assert!(port < GROUP_PORT, "sockets are opened anew less often than there are ports");
    port
}

pub fn serial_of_port(port: u16) -> Option<Serial> {
    (FIRST_PORT..GROUP_PORT).contains(&port).then(|| usize::from((port - FIRST_PORT) % PORT_STEP))
}
