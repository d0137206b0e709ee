//! What somebody can do to a [`World`] who sees all datagrams and sends some of his own: he replays, forges and answers
//! in the place of others. He does not take on the id of one that runs, against which the protocol has no means.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use peers_proto::wire::{self, Announcement, ClusterKind, ClusterMessage, Content, Kind};
use peers_proto::{Arrival, Node};

use crate::process::{self, Datagram, Process, Program, Serial, State};
use crate::topology::{HostNumber, Link};
use crate::trace::digest;
use crate::world::{Happening, World};

/// Datagrams are replayed for as long as this ...
const LONGEST_RECORDED: Duration = Duration::from_secs(60);
/// ... if they are among so many that were sent last.
const MOST_RECORDED: usize = 512;

/// A datagram that was sent.
pub struct Recording {
    sent: Duration,
    datagram: Arc<Datagram>,
    link: Link,
}

/// What is forged of an instance that never ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    Announce,
    Query,
    Goodbye,
    Line,
}

impl World {
    pub(crate) fn record(&mut self, datagram: &Arc<Datagram>, link: Link) {
        if self.recorded.len() == MOST_RECORDED {
            self.recorded.pop_front();
        }
        self.recorded.push_back(Recording { sent: self.now, datagram: datagram.clone(), link });
    }

    /// A packet of SWIM comes to a process from the address of another one, and claims this of a third: its generation, its
    /// incarnation, and its state (0 alive, 1 suspect, 2 down).
    pub fn forge_claim(&mut self, to: Serial, by: Serial, about: Serial, claim: (u32, u16, u8)) {
        let (generation, incarnation, state) = claim;
        let packet = [
            &identity(by, 0)[..],
            &[0, 0],
            &process::instance_id(to),
            &[0, 0, 0, 0, 8, 0, 0, 1],
            &identity(about, generation),
            &incarnation.to_be_bytes(),
            &[state],
        ]
        .concat();
        // Without keys the attacker has seen the last number.
        let sequence = 1 << 20 | u64::from(self.rng.u16(..));
        let content = Content::Packet(&packet);
        let message = ClusterMessage { cluster: "", id: process::instance_id(by), sequence, content };
        let payload = wire::encode_cluster(ClusterKind::Packet, &message, 0);
        let (from, digest) = (self.source_of(by, 0), digest(&payload));
        let datagram =
            Datagram { payload: payload.into(), digest, sender: by, from, arrival: Arrival::Unicast };
        self.push(self.now, Happening::Group(Arc::new(datagram), 0, vec![to]));
    }

    /// A datagram of the last minute comes once more, to all or to one alone. Lines of a port that is given up are not among
    /// them: nobody remembers whose they were.
    pub fn replay(&mut self) {
        let oldest = self.now.saturating_sub(LONGEST_RECORDED);
        let is_replayed = |recording: &&Recording| {
            let Datagram { sender, from, payload, .. } = &*recording.datagram;
            let is_port = from.port() == self.processes[*sender].source_port(*sender);
            oldest <= recording.sent && (is_port || payload.starts_with(b"PEER"))
        };
        let chosen = self.rng.choice(self.recorded.iter().filter(is_replayed).collect::<Vec<_>>());
        if let Some(Recording { datagram, link, .. }) = chosen {
            let (datagram, link) = (Datagram::clone(datagram), *link);
            self.inject(datagram, link);
        }
    }

    /// A message comes from an instance that never ran on that host, or a line.
    pub fn forge(&mut self, host: HostNumber, program: Program, what: Forgery) {
        let state = if what == Forgery::Goodbye { State::Stopped } else { State::Killed };
        let sender = self.processes.len();
        let payload = match what {
            Forgery::Announce => wire::encode(Kind::Announce, &announcement(sender, &program)),
            Forgery::Query => wire::encode(Kind::Query, &announcement(sender, &program)),
            Forgery::Goodbye => wire::encode(Kind::Goodbye, &announcement(sender, &program)),
            Forgery::Line => wire::encode_legacy(&program.name),
        };
        self.processes.push(Process::new(program, host, state, None::<Node>, self.now));
        self.inject_from(sender, payload);
    }

    /// A message comes from one that runs, but in a cluster that is not its own.
    pub fn send_of_another_cluster(&mut self, sender: Serial, kind: Kind) {
        let program = Program { cluster: "nobody's".into(), ..self.program(sender).clone() };
        let payload = wire::encode(kind, &announcement(sender, &program));
        self.inject_from(sender, payload);
    }

    /// Something comes that is no message.
    pub fn send_garbage(&mut self, sender: Serial) {
        let length = self.rng.usize(0..1300);
        let mut payload: Vec<u8> = std::iter::repeat_with(|| self.rng.u8(..)).take(length).collect();
        let model = match self.rng.choice(&self.recorded) {
            Some(recording) if self.rng.bool() => recording.datagram.payload.clone(),
            _ => (*b"PEER\x01\x01").into(),
        };
        if model.starts_with(b"PEER") && self.rng.bool() {
            // A message that is cut short, or ends in something else.
            let kept = self.rng.usize(0..model.len());
            payload.truncate(self.rng.usize(..=length));
            payload.splice(0..0, model[..kept].iter().copied());
        }
        if wire::decode(&payload).is_err() {
            self.inject_from(sender, payload);
        }
    }

    /// A node is told, some times, that nobody is where a process is.
    pub fn malign(&mut self, process: Serial, to: Serial) {
        self.processes[process].is_maligned = true;
        let host = &self.hosts[self.host_of(process)];
        let link = self.rng.choice(&host.links).copied().unwrap_or_default();
        let address: SocketAddr = self.source_of(process, link);
        for _ in 0..self.rng.u32(1..5) {
            let delay = Duration::from_millis(self.rng.u64(0..1000));
            self.push(self.now + delay, Happening::Unreachable(to, address));
        }
    }

    /// Who is on a host may be answered for by others.
    pub(crate) fn malign_all_of(&mut self, host: HostNumber) {
        for process in self.processes.iter_mut().filter(|process| process.host == host) {
            process.is_maligned = true;
        }
    }

    fn inject_from(&mut self, sender: Serial, payload: Vec<u8>) {
        let links = &self.hosts[self.host_of(sender)].links;
        let link = self.rng.choice(links).copied().unwrap_or_default();
        let from = self.source_of(sender, link);
        let digest = digest(&payload);
        self.inject(
            Datagram { payload: payload.into(), digest, sender, from, arrival: Arrival::Group },
            link,
        );
    }

    /// Brings a datagram to all on a link, or to one.
    fn inject(&mut self, datagram: Datagram, link: Link) {
        let members = self.members[link].clone();
        let (arrival, receivers) = match self.rng.bool() {
            true => (Arrival::Group, members),
            false => (Arrival::Unicast, self.rng.choice(members).into_iter().collect()),
        };
        let datagram = Arc::new(Datagram { arrival, ..datagram });
        for delay in self.conditions.draw(&mut self.rng) {
            self.push(self.now + delay, Happening::Group(datagram.clone(), link, receivers.clone()));
        }
    }
}

/// The identity of a process in a packet of SWIM: id, generation and IPv4 address.
fn identity(serial: Serial, generation: u32) -> Vec<u8> {
    let SocketAddr::V4(address) = process::first_address(serial) else { return Vec::new() };
    [
        &process::instance_id(serial)[..],
        &generation.to_be_bytes(),
        &address.ip().to_ipv6_mapped().octets(),
        &address.port().to_be_bytes(),
    ]
    .concat()
}

/// What an instance of that program tells first, without having run.
fn announcement(serial: Serial, program: &Program) -> Announcement<'_> {
    Announcement {
        cluster: &program.cluster,
        id: process::instance_id(serial),
        sequence: u64::MAX / 2,
        name: &program.name,
        expiry: program.expiry,
        port: process::service_port(serial),
        value: &program.value,
        ..Announcement::default()
    }
}
