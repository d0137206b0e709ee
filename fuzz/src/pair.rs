//! Two nodes and an adversary on one link.

mod adversary;

use std::collections::BTreeMap;
use std::iter;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use peers_proto::wire::{InstanceId, MAX_MESSAGE};
use peers_proto::{
    Arrival, Destination, Event, Interface, Key, Network, Node, Peer, Received, Settings, Transmit,
};

use crate::case::{Datagram, Message, Sender, Span};
use crate::limits::Limits;
use crate::model::View;
use crate::{key, open, settings};
use adversary::{Adversary, Recording};

const MAX_STEPS: usize = 60;

/// Maximum number of datagrams that the nodes send at one time.
const MAX_AT_ONCE: usize = 300;

/// Maximum number of times that the nodes are run at one time.
const MAX_RUNS: usize = 100;

const SECOND: Duration = Duration::from_secs(1);

/// Time after which suspicions of wrong paths and numbers have ended.
const SUSPICIONS: Duration = Duration::from_secs(5);

/// Maximum time for which an echo is valid.
const ECHO_LIFETIME: Duration = Duration::from_secs(10);

/// The adversary seals with others.
const KEY: u8 = 9;
const INTERFACE: u32 = 2;

#[derive(Arbitrary, Debug)]
pub struct Case {
    has_keys: bool,
    /// True for a node of an interval of 15 s. The other interval is a second.
    is_slow: [bool; 2],
    /// True if the lists have few places.
    is_small: bool,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    /// Time passes. Of eight datagrams in a row those are delivered whose bits are set; all without bits.
    Pass {
        span: Span,
        delivered: Option<u8>,
    },
    /// The adversary sends a datagram.
    Attack {
        to: bool,
        from: Sender,
        by_group: bool,
        what: Datagram,
    },
    /// The adversary forges a message for each of many instances, each from its port, or many of one.
    Flood {
        to: bool,
        from: Sender,
        count: u8,
        is_of_one: bool,
        message: Message,
    },
    /// The adversary sends the last datagrams of both nodes again.
    Repeat {
        to: bool,
        by_group: bool,
        count: u8,
    },
    /// An ICMP report is forged.
    Unreachable {
        at: bool,
        about: Sender,
    },
    SetValue {
        at: bool,
        len: u16,
    },
    /// A node ends, and another one begins in its place.
    Restart {
        at: bool,
        says_goodbye: bool,
        moves: bool,
    },
}

struct Host {
    node: Node,
    settings: Settings,
    address: SocketAddr,
    view: View,
    limits: Limits,
    /// Since when the list lacks the other node.
    lost_since: Option<Instant>,
}

pub struct Run {
    now: Instant,
    has_keys: bool,
    hosts: [Host; 2],
    adversary: Adversary,
    /// All instances that ever ran, with the time of their end.
    instances: BTreeMap<InstanceId, Option<Instant>>,
    delivered: u8,
    /// When the adversary last did what may end a live peer.
    hindered: Instant,
    /// When it last did anything, or a node changed.
    changed: Instant,
}

impl Run {
    pub fn all(case: &Case) {
        let mut run = Run::new(case);
        for step in case.steps.iter().take(MAX_STEPS) {
            run.step(step);
            run.check();
        }
        run.end();
    }

    fn new(case: &Case) -> Run {
        let now = Instant::now();
        let host = |index: usize| {
            let interval = if case.is_slow[index] { 15 * SECOND } else { SECOND };
            let settings = Settings {
                name: ["kitchen", "garden"][index].into(),
                keys: if case.has_keys { vec![key(KEY)] } else { vec![] },
                max_peers: if case.is_small { 3 } else { 100 },
                entries_max_bytes: if case.is_small { 3000 } else { 30_000 },
                interval,
                expiry: interval * 7 / 3,
                ..settings()
            };
            Host::new(settings, address(index, None), index as u8, now)
        };
        let hosts = [host(0), host(1)];
        Run {
            now,
            has_keys: case.has_keys,
            instances: hosts.iter().map(|host| (host.settings.id, None)).collect(),
            hosts,
            adversary: Adversary::default(),
            delivered: u8::MAX,
            hindered: now,
            changed: now,
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Pass { span, delivered } => {
                self.delivered = delivered.unwrap_or(u8::MAX);
                self.pass(span.length(&self.hosts[0].settings).min(self.expiry()));
            }
            Step::Attack { to, from, by_group, ref what } => {
                let ids = self.ids();
                if let Some(recording) = self.adversary.datagram(what, from.address(), &ids) {
                    self.attack(&recording, to, by_group);
                }
            }
            Step::Flood { to, from, count, is_of_one, ref message } => {
                let (ids, mut from) = (self.ids(), from.address());
                let one = ids[usize::from(message.who) % ids.len()];
                for number in 128..128 + count % 128 {
                    let id = if is_of_one { one } else { [number; 16] };
                    from.set_port(if is_of_one { from.port() } else { 50_000 + u16::from(number) });
                    let bytes = self.adversary.forge(message, id);
                    self.attack(&Recording { bytes, from }, to, true);
                }
            }
            Step::Repeat { to, by_group, count } => {
                for recording in self.adversary.recorded_last(count) {
                    self.attack(&recording, to, by_group);
                }
            }
            Step::Unreachable { at, about } => {
                self.on_attack();
                self.hosts[usize::from(at)].node.handle_unreachable(about.address(), 0, self.now);
            }
            Step::SetValue { at, len } => self.set_value(at, len),
            Step::Restart { at, says_goodbye, moves } => self.restart(usize::from(at), says_goodbye, moves),
        }
        self.carry();
    }

    /// The ids that the adversary uses: those of the nodes, of one that has ended, and two that never ran.
    fn ids(&self) -> [InstanceId; 5] {
        let [a, b] = [0, 1].map(|index: usize| self.hosts[index].settings.id);
        let ended = self.instances.iter().find(|(_, end)| end.is_some()).map_or([2; 16], |(id, _)| *id);
        [a, b, ended, [0xa1; 16], [0xa2; 16]]
    }

    fn attack(&mut self, recording: &Recording, to: bool, by_group: bool) {
        self.on_attack();
        let arrival = if by_group { Arrival::Group } else { Arrival::Unicast };
        self.deliver(recording, usize::from(to), arrival);
        self.carry();
    }

    /// Takes note of an attack. With keys none ends a peer.
    fn on_attack(&mut self) {
        self.changed = self.now;
        if !self.has_keys {
            self.hindered = self.now;
        }
    }

    fn set_value(&mut self, at: bool, len: u16) {
        let value = vec![b'v'; usize::from(len) % 1000];
        let host = &mut self.hosts[usize::from(at)];
        host.node.set_value(&value, self.now).expect("the value fits");
        host.settings.value = value;
        self.changed = self.now;
    }

    fn restart(&mut self, index: usize, says_goodbye: bool, moves: bool) {
        if says_goodbye {
            self.hosts[index].node.stop(self.now);
            self.carry();
        }
        let former = &self.hosts[index];
        let address = if moves { address(index, Some(former.address)) } else { former.address };
        let number = self.instances.len() as u8;
        self.instances.insert(former.settings.id, Some(self.now));
        self.hosts[index] = Host::new(former.settings.clone(), address, number, self.now);
        self.instances.insert(self.hosts[index].settings.id, None);
        self.hosts[1 - index].lost_since = None;
        (self.hindered, self.changed) = (self.now, self.now);
    }

    /// Runs the nodes from deadline to deadline.
    fn pass(&mut self, time: Duration) {
        let (until, mut runs) = (self.now + time, 0);
        while let Some((next, index)) = self.next_deadline().filter(|(next, _)| *next <= until) {
            runs = if next > self.now { 0 } else { runs + 1 };
            assert!(runs < MAX_RUNS, "a node is run again and again");
            self.now = self.now.max(next);
            self.hosts[index].node.handle_timeout(self.now);
            self.carry();
            self.check();
        }
        self.now = until;
    }

    fn next_deadline(&self) -> Option<(Instant, usize)> {
        (0..2).filter_map(|index| Some((self.hosts[index].node.poll_timeout()?, index))).min()
    }

    /// Carries all datagrams, and those that they bring about.
    fn carry(&mut self) {
        for _ in 0..MAX_AT_ONCE {
            (0..2).for_each(|index| self.take_events(index));
            let sent = (0..2).find_map(|index| Some((index, self.hosts[index].node.poll_transmit()?)));
            let Some((index, transmit)) = sent else { return };
            self.send(index, &transmit);
        }
        panic!("the nodes do not stop sending");
    }

    /// Takes the events of a node. With keys nothing that was recorded lists an instance long after its end.
    fn take_events(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        while let Some(event) = host.node.poll_event() {
            if let (true, Event::Joined(peer)) = (self.has_keys, &event) {
                let end = peer.id.and_then(|id| self.instances.get(&id)).expect("it ran");
                assert!(end.is_none_or(|end| self.now < end + ECHO_LIFETIME), "a dead peer is listed");
            }
            host.view.apply(&event);
        }
    }

    fn send(&mut self, index: usize, transmit: &Transmit) {
        let (bytes, from) = (transmit.payload.to_vec(), self.hosts[index].address);
        let plain = self.opened(&bytes, iter::once(None).chain(self.instances.keys().map(Some)));
        let plain = plain.expect("a node with a key seals everything");
        self.hosts[index].limits.on_sent(transmit, &plain, self.now);
        let recording = Recording { bytes, from };
        self.adversary.record(&recording);
        match transmit.to {
            Destination::Peer { address, .. } => {
                if let Some(to) = (0..2).find(|to| self.hosts[*to].address == address) {
                    self.deliver_or_drop(&recording, to, Arrival::Unicast);
                }
            }
            _ => {
                // No adversary reaches the loopback.
                self.hand_over(&recording, index, Arrival::Group);
                self.deliver_or_drop(&recording, 1 - index, Arrival::Group);
            }
        }
    }

    fn deliver_or_drop(&mut self, recording: &Recording, to: usize, arrival: Arrival) {
        self.delivered = self.delivered.rotate_right(1);
        if self.delivered & 1 == 1 {
            self.deliver(recording, to, arrival);
        } else {
            (self.hindered, self.changed) = (self.now, self.now);
        }
    }

    fn deliver(&mut self, recording: &Recording, to: usize, arrival: Arrival) {
        let own_id = self.hosts[to].settings.id;
        let addressee = (arrival == Arrival::Unicast).then_some(&own_id);
        if let Some(plain) = self.opened(&recording.bytes, iter::once(addressee)) {
            self.hosts[to].limits.on_received(&plain, recording.from, self.has_keys, self.now);
        }
        self.hand_over(recording, to, arrival);
    }

    fn hand_over(&mut self, Recording { bytes, from }: &Recording, to: usize, arrival: Arrival) {
        let received = Received { from: *from, interface: INTERFACE, arrival, hops: Some(255) };
        self.hosts[to].node.handle_datagram(bytes, received, self.now);
    }

    /// Returns the message in a datagram for one of these addressees.
    fn opened<'a>(
        &self,
        bytes: &[u8],
        mut addressees: impl Iterator<Item = Option<&'a InstanceId>>,
    ) -> Option<Vec<u8>> {
        match self.has_keys {
            true => addressees.find_map(|addressee| open(bytes, KEY, addressee)),
            false => Some(bytes.to_vec()),
        }
    }

    fn check(&mut self) {
        for index in 0..2 {
            let host = &mut self.hosts[index];
            let list = host.node.peers(self.now);
            if host.node.poll_timeout().is_none_or(|next| next > self.now) {
                host.view.compare(&list);
            }
            if host.check_size(&list) {
                self.hindered = self.now;
            }
            self.check_presence(index, &list);
        }
    }

    /// Checks that a list does not lack the other node for longer than an expiry, and is right an expiry after all changes.
    fn check_presence(&mut self, index: usize, list: &[Peer]) {
        let (now, other) = (self.now, &self.hosts[1 - index]);
        let patience = self.expiry() + SUSPICIONS;
        let listed = list.iter().find(|peer| peer.id == Some(other.settings.id));
        let lost_since = self.hosts[index].lost_since.unwrap_or(now);
        let is_in_time = now < lost_since.max(self.hindered) + patience;
        assert!(listed.is_some() || is_in_time, "a live peer is lost");
        if now >= self.changed.max(self.hindered) + patience {
            let listed = listed.map(|peer| (&peer.name, &peer.value, peer.address));
            let is_true = (&other.settings.name, &other.settings.value, Some(other.address.ip()));
            assert_eq!(listed, Some(is_true));
            assert!(list.len() == 1 || !self.has_keys, "a dead peer stays listed");
        }
        self.hosts[index].lost_since = listed.is_none().then_some(lost_since);
    }

    /// The adversary ends. Each node lists the other, and keeps it.
    fn end(&mut self) {
        self.delivered = u8::MAX;
        self.pass(self.expiry() + SUSPICIONS + self.expiry());
    }

    /// Returns the longer expiry of the two nodes.
    fn expiry(&self) -> Duration {
        self.hosts[0].settings.expiry.max(self.hosts[1].settings.expiry)
    }
}

impl Host {
    fn new(settings: Settings, address: SocketAddr, number: u8, now: Instant) -> Host {
        let secret_seed = Key::new([number; 32]);
        let settings = Settings { id: [number; 16], seed: number.into(), secret_seed, ..settings };
        let mut node = Node::new(settings.clone(), now);
        let network = Network { address: address.ip(), prefix_len: 24 };
        let interface = Interface { index: INTERFACE, is_loopback: false, addresses: vec![network] };
        node.set_interfaces(&[interface], &[address.port()], now);
        let (view, limits) = (View::default(), Limits::default());
        Host { node, settings, address, view, limits, lost_since: None }
    }

    /// Checks that a list has no more peers and bytes than the node may store. Returns true if it may have no room for a peer.
    fn check_size(&self, list: &[Peer]) -> bool {
        let (max_peers, max_bytes) = (self.settings.max_peers, self.settings.entries_max_bytes);
        let bytes: usize = list.iter().map(|peer| peer.name.len() + peer.value.len()).sum();
        assert!(list.len() <= max_peers && bytes <= max_bytes, "{} peers, {bytes} bytes", list.len());
        list.len() == max_peers || bytes + MAX_MESSAGE > max_bytes
    }
}

/// Returns the address of a node: that of a [`Sender`]. A node that moves takes another port.
fn address(index: usize, moves_from: Option<SocketAddr>) -> SocketAddr {
    let [first, other] = [0, 1].map(|port| Sender(2 * index as u8 + port).address());
    if moves_from == Some(first) { other } else { first }
}
