//! `State`: the node, with what the runtime knows of it, under one lock.

use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::health::{Counters, Health, Reason};
use crate::net::report::{Refresh, SendStats, TransportReport};
use crate::runtime::event_log::EventLog;
use crate::runtime::name_table::NameTable;
use crate::runtime::network_state::NetworkState;
use crate::runtime::notices;
use crate::runtime::readers::Readers;
use crate::seed::Seed;
use crate::sys::optional::Refusals;
use peers_proto::Node;

pub(crate) struct State {
    pub node: Node,
    pub network: NetworkState,
    pub readers: Readers,
    /// Datagrams came for a node without a thread.
    pub inbox_waits: bool,
    pub names: NameTable,
    ended: Option<End>,
    /// `None` if nothing is to be logged.
    event_log: Option<EventLog>,
    refusals: Arc<Refusals>,
}

/// How a node ended.
pub(crate) enum End {
    Stopped,
    /// By an internal error, with its message.
    Failed(String),
}

impl State {
    pub fn new(node: Node, names: NameTable, refusals: Arc<Refusals>) -> Self {
        State {
            node,
            names,
            network: NetworkState::default(),
            readers: Readers::default(),
            inbox_waits: false,
            ended: None,
            event_log: None,
            refusals,
        }
    }

    pub fn start_log(&mut self, event_log: EventLog) {
        self.event_log = Some(event_log);
    }

    /// Ends the node, unless it has ended already.
    pub fn end(&mut self, how: End) {
        self.ended.get_or_insert(how);
    }

    /// Ends the node with the message of a panic, which says more than an earlier note of the lock's poison.
    pub fn fail(&mut self, why: &str) {
        self.ended = Some(End::Failed(why.into()));
    }

    /// Ends the node because a lock was left poisoned.
    pub fn note_half_changed(&mut self) {
        self.end(End::Failed("a panic left the node half changed".into()));
    }

    /// An error that says how the node ended, if it has.
    pub fn check_alive(&self) -> Result<(), Error> {
        match &self.ended {
            None => Ok(()),
            Some(End::Stopped) => Err(Error::new(ErrorKind::Stopped, "the node was stopped")),
            Some(End::Failed(why)) => {
                Err(Error::new(ErrorKind::Failed, format!("the node has failed: {why}")))
            }
        }
    }

    pub fn is_stopped(&self) -> bool {
        matches!(self.ended, Some(End::Stopped))
    }

    /// Replaces the seeds.
    pub fn set_seeds(&mut self, seeds: &[Seed], now: Instant) -> Result<(), Error> {
        if !self.node.takes_seeds() {
            let detail =
                "the node was started without seeds; start it with seeds, or with a mode that has them";
            return Err(Error::new(ErrorKind::Invalid, detail));
        }
        self.names.set(seeds, now);
        self.update_seeds(now);
        Ok(())
    }

    /// Passes the node the addresses that are known of its seeds.
    pub fn update_seeds(&mut self, now: Instant) {
        let addresses = self.names.addresses(|address| self.node.is_answering(address, now));
        self.node.set_seeds(&addresses, now);
    }

    /// Returns the next deadline of the node and of its look-ups.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.node.poll_timeout(), self.names.poll_timeout()].into_iter().flatten().min()
    }

    /// Notes a step that has sent, or followed a change of the network.
    pub fn note_step(&mut self, report: TransportReport, sent: &SendStats, refresh: Refresh, now: Instant) {
        if let Some(event_log) = &mut self.event_log {
            event_log.note_refresh(&refresh, &report, self.node.is_not_receiving());
        }
        self.network.note_step(report, sent, refresh, now);
    }

    /// Logs what is new since the last call, and passes the events to their readers. Returns true if there were events.
    pub fn note_changes(&mut self, now: Instant) -> bool {
        let has_events = self.pass_events(now);
        self.log_notices();
        self.log_troubles(now);
        has_events
    }

    fn pass_events(&mut self, now: Instant) -> bool {
        let mut has_events = false;
        while let Some(event) = self.node.poll_event() {
            has_events = true;
            if let Some(event_log) = &mut self.event_log {
                event_log.note_event(&event, now);
            }
            self.readers.push(event);
        }
        has_events
    }

    fn log_notices(&mut self) {
        while let Some(notice) = self.node.poll_notice() {
            if let Some(event_log) = &mut self.event_log {
                event_log.note_notice(&notice);
            }
        }
    }

    fn log_troubles(&mut self, now: Instant) {
        let Some(mut event_log) = self.event_log.take() else { return };
        event_log.note_troubles(self.troubles(now).collect());
        event_log.note_refusals(self.refusals.list());
        if self.is_stopped() {
            event_log.note_stop();
        }
        self.event_log = Some(event_log);
    }

    /// Makes the descriptors of the readers show whether they have something to find out.
    pub fn update_readers(&self) {
        self.readers.update(self.inbox_waits || self.ended.is_some());
    }

    pub fn health(&self, now: Instant) -> Health {
        let age = |then: Option<Instant>| then.map(|then| now.saturating_duration_since(then));
        Health {
            reason: self.troubles(now).next().or_else(|| self.notices(now).next()).or_else(|| self.limits()),
            last_send_age: age(self.network.last_sent()),
            last_receive_age: age(self.node.last_received()),
            interfaces: self.network.interfaces(),
            peers: self.node.peer_count(),
            counters: self.counters(),
        }
    }

    /// What is wrong, causes before their effects.
    fn troubles(&self, now: Instant) -> impl Iterator<Item = (Reason, String)> {
        let internal = match &self.ended {
            Some(End::Failed(why)) => Some((Reason::Internal, why.clone())),
            _ => None,
        };
        let network = self.network.troubles(self.node.is_not_receiving(), now);
        let seeds = self.names.trouble().map(|words| (Reason::Resolver, words.to_owned()));
        internal.into_iter().chain(network).chain(seeds)
    }

    /// What the protocol has noticed in the last two minutes, troubles before notes.
    fn notices(&self, now: Instant) -> impl Iterator<Item = (Reason, String)> {
        self.node.notices(now).filter_map(notices::describe)
    }

    /// What the system refuses, without which the node does its work.
    fn limits(&self) -> Option<(Reason, String)> {
        let words = self.refusals.list();
        (!words.is_empty()).then(|| (Reason::Limited, words.join(". ")))
    }

    fn counters(&self) -> Counters {
        let counters = self.network.count(self.node.counters());
        Counters { events_lost: counters.events_lost + self.readers.lost(), ..counters }
    }
}
