//! A node to which a case happens, and what has to hold all the way.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_proto::wire::{self, InstanceId};
use peers_proto::{Arrival, Destination, Node, Peer, Received, Settings, Transmit};

use crate::case::{Case, Datagram, Heard, Message, Seal, Sender, Sequence, Span, Step};
use crate::model::View;
use crate::sent::{Ledger, normal};
use crate::{ID, key, open, seal};

/// More steps than this tell nothing new, and cost time.
const MAX_STEPS: usize = 60;

/// Nor have more datagrams than fill the largest of queues and registries.
const MAX_FLOOD: u16 = 2500;

/// No time that is run through has more intervals.
const MAX_INTERVALS: u32 = 25;

/// A node that is run more often than this in a millisecond is busy with nothing.
const MAX_RUNS: usize = 5000;

/// To the group a node says this much at one time, at most: query, announcement and change, each with a line, an answer, and
/// three goodbyes.
const MAX_TO_GROUP: usize = 10;

/// No reaction has more than this many times the bytes of what brought it about.
const MAX_AMPLIFICATION: usize = 3;

/// One by one as many are probed at one time.
const MAX_QUESTIONS: usize = 64;

/// An instance that nobody has heard of.
const OTHER: InstanceId = *b"somebody else...";

pub struct Run {
    node: Node,
    settings: Settings,
    keys: Vec<u8>,
    now: Instant,
    view: View,
    ledger: Ledger,
    takes_events: bool,
    is_stopped: bool,
    sequences: [u64; 256],
    heard: Vec<Vec<u8>>,
    nonce: u8,
    flooded: u16,
}

impl Run {
    pub fn all(case: &Case) {
        let mut run = Run::new(case);
        run.take_all(0);
        for step in case.steps.iter().take(MAX_STEPS) {
            run.step(step);
            run.check();
        }
        run.finish();
    }

    fn new(case: &Case) -> Run {
        let (settings, now) = (case.setup.settings(), Instant::now());
        Run {
            node: Node::new(settings.clone(), now),
            keys: case.setup.keys(),
            settings,
            now,
            view: View::default(),
            ledger: Ledger::default(),
            takes_events: true,
            is_stopped: false,
            sequences: [0; 256],
            heard: vec![],
            nonce: 0,
            flooded: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Hear(heard) => self.hear(heard),
            Step::Flood { count, template, from, differ_in_port } => {
                self.flood(*count, template, from.address(), *differ_in_port);
            }
            Step::Pass(span) => self.pass(self.bounded(*span)),
            Step::Sleep(span) => self.now += span.length(&self.settings),
            Step::Timeout => self.timeout(),
            Step::Unreachable(to) => {
                self.ledger.reports += 1;
                self.node.handle_unreachable(to.address(), 0, self.now);
                self.take_all(0);
            }
            Step::NetworkChange => self.verb(|node, now| node.handle_network_change(now)),
            Step::Register { name, value_len, ttl } => {
                let value = vec![b'r'; usize::from(value_len % 1100)];
                let ttl = ttl.map(|span| span.length(&self.settings));
                let _ = self.node.register(&name.text(), &value, ttl, self.now);
                self.take_all(0);
            }
            Step::SetValue { len } => self.set_value(usize::from(len % 1200)),
            // The goodbyes of a stopped node are made already.
            Step::SetKeys { .. } | Step::SetSeeds(_) if self.is_stopped => {}
            Step::SetKeys { first, count } => self.set_keys(*first, *count),
            Step::SetSeeds(seeds) => self.set_seeds(seeds),
            Step::Stop => {
                self.node.stop(self.now);
                self.is_stopped = true;
                self.take_all(0);
            }
            Step::LeaveEvents => self.takes_events = false,
            Step::TakeEvents => self.takes_events = true,
        }
        self.take_events();
    }

    fn hear(&mut self, Heard { from, by_group, interface, what }: &Heard) {
        let arrival = self.arrival(*by_group);
        let Some(bytes) = self.datagram(what, arrival) else { return };
        self.hear_bytes(&bytes, from.address(), u32::from(interface % 4), arrival);
        if self.heard.len() < 64 {
            self.heard.push(bytes);
        }
    }

    fn hear_bytes(&mut self, bytes: &[u8], from: SocketAddr, interface: u32, arrival: Arrival) {
        let was_settled = self.is_settled();
        let received = Received { from, interface, arrival, hops: Some(255) };
        self.node.handle_datagram(bytes, received, self.now);
        if self.is_stopped {
            assert!(self.take_all(0).is_empty(), "a stopped node receives nothing");
            return;
        }
        let plain = if self.keys.is_empty() { Some(bytes.to_vec()) } else { self.opened(bytes, arrival) };
        self.ledger.note_heard(from, bytes.len(), plain.as_deref());
        // A probe may answer.
        let sent = self.take_all(1);
        if was_settled {
            check_reaction(&sent, MAX_AMPLIFICATION * bytes.len(), from);
        }
    }

    /// What was sealed so that the node opens it. Who has it for a seed knows no id, and seals for all.
    fn opened(&self, bytes: &[u8], arrival: Arrival) -> Option<Vec<u8>> {
        let for_all = self.settings.mode.allows_off_link().then_some(None);
        let mut addressees = [addressee(arrival)].into_iter().chain(for_all);
        addressees.find_map(|addressee| self.keys.iter().find_map(|key| open(bytes, *key, addressee)))
    }

    /// Where there is no multicast, all comes to the node alone.
    fn arrival(&self, by_group: bool) -> Arrival {
        if by_group && self.settings.mode.has_multicast() { Arrival::Group } else { Arrival::Unicast }
    }

    fn flood(&mut self, count: u8, template: &Message, from: SocketAddr, differ_in_port: bool) {
        // Few as a rule; now and then more than there is room for in any queue.
        let count = match u16::from(count) {
            255 => MAX_FLOOD,
            few => few / 8,
        };
        let count = count.min(MAX_FLOOD - self.flooded);
        self.flooded += count;
        let arrival = self.arrival(true);
        for number in 0..count {
            let mut id = [template.who; 16];
            id[..2].copy_from_slice(&number.to_be_bytes());
            let bytes = self.message(template, id, arrival);
            let port = if differ_in_port { number } else { from.port() };
            self.hear_bytes(&bytes, SocketAddr::new(from.ip(), port), 2, arrival);
        }
    }

    /// The bytes of a datagram; `None` for an echo or a replay where there is nothing.
    fn datagram(&mut self, what: &Datagram, arrival: Arrival) -> Option<Vec<u8>> {
        let of = |kept: &[Vec<u8>], which: u8| kept.get(usize::from(which) % kept.len().max(1)).cloned();
        Some(match what {
            Datagram::Message(message) => self.message(message, [message.who % 5; 16], arrival),
            Datagram::Altered(message, at, byte) => {
                let mut bytes = self.message(message, [message.who % 5; 16], arrival);
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *byte;
                bytes
            }
            Datagram::Line(name) => wire::encode_legacy(&name.text()),
            Datagram::Raw(bytes) => bytes.clone(),
            Datagram::Sealed(bytes, which) => self.seal(bytes, *which, arrival),
            Datagram::Echo(which) => of(&self.ledger.kept, *which)?,
            Datagram::Replay(which) => of(&self.heard, *which)?,
        })
    }

    fn message(&mut self, message: &Message, id: InstanceId, arrival: Arrival) -> Vec<u8> {
        let cluster = if message.foreign { "red" } else { &self.settings.cluster };
        let echo = message.echo.map(|which| which.map_or([4; 16], |which| self.ledger.nonce(which)));
        let known = &mut self.sequences[usize::from(message.who)];
        *known = match message.sequence {
            Sequence::Next => known.saturating_add(1),
            Sequence::Same => *known,
            Sequence::Any(any) => any,
        };
        let (sequence, expiry) = (*known, self.settings.expiry);
        let plain = message.plain(cluster, id, sequence, echo, expiry);
        match (message.seal, self.keys.first().copied()) {
            (Seal::AsNode, Some(first)) => self.seal(&plain, first, arrival),
            (Seal::With(which), _) => self.seal(&plain, which, arrival),
            (Seal::AsNode, None) | (Seal::Open, _) => plain,
        }
    }

    /// Seals with one of three keys for who is to hear it so, but now and then for all, or for another.
    fn seal(&mut self, plain: &[u8], which: u8, arrival: Arrival) -> Vec<u8> {
        self.nonce = self.nonce.wrapping_add(1);
        let addressee = match which {
            0..230 => addressee(arrival),
            230..250 => None,
            250.. => Some(&OTHER),
        };
        seal(plain, which % 3, addressee, self.nonce)
    }

    fn set_value(&mut self, len: usize) {
        let value = vec![b'w'; len];
        self.note_sleep();
        let set = self.node.set_value(&value, self.now);
        let fits = len <= wire::max_value_len(&self.settings.name, &self.settings.cluster);
        assert_eq!(set.is_ok(), fits);
        self.take_all(0);
    }

    fn set_keys(&mut self, first: u8, count: u8) {
        let keys: Vec<u8> = (0..=count % 3).map(|number| (first % 3 + number) % 3).collect();
        let was_set = self.node.set_keys(&keys.iter().copied().map(key).collect::<Vec<_>>());
        assert_eq!(was_set.is_ok(), !self.keys.is_empty());
        if was_set.is_ok() {
            self.keys = keys;
        }
    }

    fn set_seeds(&mut self, seeds: &[Sender]) {
        let seeds: Vec<SocketAddr> = seeds.iter().map(|seed| seed.address()).collect();
        self.ledger.seeds = seeds.iter().copied().map(normal).collect();
        self.node.set_seeds(&seeds, self.now);
        assert_eq!(self.node.takes_seeds(), self.settings.mode.has_seeds());
        self.take_all(0);
    }

    /// Runs the node from deadline to deadline.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        let (mut millisecond, mut runs) = (self.now, 0);
        while let Some(next) = self.node.poll_timeout().filter(|next| *next <= until) {
            self.now = next.max(self.now);
            self.timeout();
            runs += 1;
            if self.now >= millisecond + Duration::from_millis(1) {
                (millisecond, runs) = (self.now, 0);
            }
            assert!(runs < MAX_RUNS, "the node is run again and again");
        }
        self.now = until;
    }

    fn timeout(&mut self) {
        // The node handles many deadlines in parts. Each peer expires once, and the node probes it twelve times at most. The
        // tombstone of each peer that left expires, too.
        let parts = 1 + 14 * (self.node.peer_count() / 1024) + usize::from(self.flooded) / 256;
        let is_done = (0..parts).any(|_| {
            self.verb(|node, now| node.handle_timeout(now));
            self.is_settled()
        });
        assert!(is_done, "what was done is not due again");
        // A list of thousands takes its time.
        if self.node.peer_count() < 100 && !self.is_stopped {
            let listed = self.node.peers(self.now).len();
            assert_eq!(self.node.peer_count(), listed, "those whose time ran out are gone");
        }
        let _ = self.node.poll_reopen();
    }

    fn verb(&mut self, action: impl FnOnce(&mut Node, Instant)) {
        self.note_sleep();
        action(&mut self.node, self.now);
        self.take_all(MAX_QUESTIONS);
        self.take_events();
    }

    fn note_sleep(&mut self) {
        self.ledger.sleeps += usize::from(self.node.was_suspended(self.now));
    }

    /// Takes what the node sends, which is no more than the answers it owes and so many questions.
    fn take_all(&mut self, questions: usize) -> Vec<Transmit> {
        let sent: Vec<Transmit> = std::iter::from_fn(|| self.node.poll_transmit()).collect();
        for transmit in &sent {
            self.ledger.note_sent(transmit, &self.settings, &self.keys, self.view.joins);
        }
        let asked = std::mem::take(&mut self.ledger.asked);
        assert!(asked <= questions, "{asked} are asked");
        let to_group = sent.iter().filter(|sent| !matches!(sent.to, Destination::Peer { .. })).count();
        assert!(to_group <= MAX_TO_GROUP, "{to_group} to the group");
        self.ledger.end_batch(MAX_TO_GROUP);
        sent
    }

    fn take_events(&mut self) {
        if self.takes_events {
            while let Some(event) = self.node.poll_event() {
                self.view.apply(&event);
            }
        }
    }

    fn check(&mut self) {
        if self.is_stopped {
            return;
        }
        let list = self.node.peers(self.now);
        self.check_list(&list);
        assert_eq!(self.node.counters().received, self.ledger.heard as u64);
        if self.takes_events && self.is_settled() {
            self.view.compare(&list);
        }
    }

    fn check_list(&self, list: &[Peer]) {
        assert!(list.is_sorted_by(|one, next| (&one.name, one.id) < (&next.name, next.id)));
        assert!(list.iter().all(|peer| !peer.expires_in.is_zero()), "one is listed past its deadline");
        assert!(list.iter().all(|peer| peer.id != Some(self.settings.id)), "the node lists itself");
        let own = |peer: &Peer| peer.id.is_none() && peer.name == self.settings.name;
        assert!(!list.iter().any(own), "the node lists its own name");
        // Registered entries have room of their own.
        assert!(self.node.peer_count() <= 2 * self.settings.max_peers);
        let bytes: usize = list.iter().map(|peer| peer.name.len() + peer.value.len()).sum();
        assert!(bytes <= 2 * (self.settings.max_peers * 512).max(65_536), "{bytes} bytes are held");
    }

    /// Nobody speaks any more: after their time all are gone.
    fn finish(&mut self) {
        self.takes_events = true;
        self.timeout();
        self.check();
        let left = self.node.peers(self.now).iter().map(|peer| peer.expires_in).max().unwrap_or_default();
        if left <= self.settings.interval * MAX_INTERVALS {
            self.pass(left);
            self.check();
            assert_eq!(self.node.peers(self.now), [], "one that is silent stays");
        }
        assert!(self.node.poll_event().is_none() && !self.node.has_transmits());
    }

    fn is_settled(&self) -> bool {
        self.node.poll_timeout().is_none_or(|next| next > self.now)
    }

    fn bounded(&self, span: Span) -> Duration {
        span.length(&self.settings).min(self.settings.interval * MAX_INTERVALS)
    }
}

/// For whom a node takes what it hears so.
fn addressee(arrival: Arrival) -> Option<&'static InstanceId> {
    (arrival == Arrival::Unicast).then_some(&ID)
}

/// What a node sends because of a datagram goes to where that came from, or to the group, and is no more than `most` bytes.
fn check_reaction(sent: &[Transmit], most: usize, from: SocketAddr) {
    for transmit in sent {
        if let Destination::Peer { address, .. } = transmit.to {
            assert_eq!(address, normal(from));
        }
    }
    let all: usize = sent.iter().map(|transmit| transmit.payload.len()).sum();
    assert!(all <= most, "what may be answered with {most} bytes is with {all}, in {} datagrams", sent.len());
}
