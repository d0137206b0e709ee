//! `State`: what the driver knows of its node, under one lock: the node, what sending it met, its end, and what of that
//! was logged.

use std::io;
use std::time::Instant;

use crate::health::{Counters, Health, Reason};
use crate::net::sockets::SendStats;
use crate::net::transport::{Refresh, TransportReport};
use crate::runtime::event_log::EventLog;
use peers_proto::Node;

pub(crate) struct State {
    pub node: Node,
    /// Datagrams came for a node without a thread.
    pub inbox_waits: bool,
    /// Datagrams lost because the queue on a memory network was full.
    pub dropped: u64,
    /// Datagrams from beyond the links in use.
    pub off_link: u64,
    /// Why a seed cannot be spoken to.
    pub seed_trouble: Option<String>,
    pub ended: Option<End>,
    /// Events that those who wait have been told of.
    events_seen: u64,
    /// `None` if nothing is to be logged.
    pub event_log: Option<EventLog>,
    report: TransportReport,
    /// Why the sockets could not be opened anew, when they last should have been.
    reopen_error: Option<io::Error>,
    last_sent: Option<Instant>,
    sent: u64,
    send_errors: u64,
    reopened: u64,
}

pub(crate) enum End {
    Stopped,
    /// An internal error, with what the panic said.
    Failed(String),
}

impl State {
    pub fn new(node: Node) -> Self {
        State {
            node,
            inbox_waits: false,
            dropped: 0,
            off_link: 0,
            seed_trouble: None,
            ended: None,
            events_seen: 0,
            event_log: None,
            report: TransportReport::default(),
            reopen_error: None,
            last_sent: None,
            sent: 0,
            send_errors: 0,
            reopened: 0,
        }
    }

    /// Takes note that a lock was left poisoned. Whoever caught the panic may have noted more.
    pub fn note_half_changed(&mut self) {
        self.ended.get_or_insert(End::Failed("a panic left the node half changed".into()));
    }

    /// Takes note of what a step met: how the network is now, what was sent, and whether sockets or memberships were
    /// renewed.
    pub fn note_step(
        &mut self,
        report: TransportReport,
        sent: &SendStats,
        refresh: io::Result<Refresh>,
        now: Instant,
    ) {
        if let Some(event_log) = &mut self.event_log {
            event_log.note_refresh(&refresh, &report, self.node.is_not_receiving());
        }
        self.report = report;
        self.sent += sent.sent;
        self.send_errors += sent.errors;
        if sent.sent > 0 {
            self.last_sent = Some(now);
        }
        match refresh {
            Ok(Refresh::Unneeded) => {}
            Ok(Refresh::Followed | Refresh::Reopened) => {
                self.reopened += 1;
                self.reopen_error = None;
            }
            Err(error) => self.reopen_error = Some(error),
        }
        self.log_changes(|| now);
    }

    /// Logs what is new since the last time.
    pub fn log_changes(&mut self, now: impl FnOnce() -> Instant) {
        let Some(mut event_log) = self.event_log.take() else { return };
        event_log.note_events(&self.node, now());
        event_log.note_troubles(self.troubles());
        if matches!(self.ended, Some(End::Stopped)) {
            event_log.note_stop();
        }
        self.event_log = Some(event_log);
    }

    /// True if events have come since this was last asked, and wait.
    pub fn has_new_events(&mut self) -> bool {
        let (_, seen) = self.node.events_after(self.events_seen);
        std::mem::replace(&mut self.events_seen, seen) != seen && self.node.has_events()
    }

    /// True if a caller that polls has something to find out.
    pub fn has_news(&self) -> bool {
        self.node.has_events() || self.inbox_waits || self.ended.is_some()
    }

    pub fn health(&self, now: Instant) -> Health {
        let age = |then: Option<Instant>| then.map(|then| now.saturating_duration_since(then));
        Health {
            reason: self.troubles().into_iter().next(),
            last_send_age: age(self.last_sent),
            last_receive_age: age(self.node.last_received()),
            interfaces: self.report.interfaces.len(),
            peers: self.node.peer_count(),
            counters: self.counters(),
        }
    }

    /// What is wrong, causes before their effects.
    fn troubles(&self) -> Vec<(Reason, String)> {
        let internal = match &self.ended {
            Some(End::Failed(why)) => Some((Reason::Internal, why.clone())),
            _ => None,
        };
        let others = self.report.troubles.iter().cloned().chain(self.deafness());
        let seeds = self.seed_trouble.iter().map(|words| (Reason::Resolver, words.clone()));
        internal.into_iter().chain(others).chain(seeds).collect()
    }

    fn deafness(&self) -> Option<(Reason, String)> {
        let silent = "nothing is heard, not even our own announcements";
        self.node.is_not_receiving().then(|| match &self.reopen_error {
            None => (Reason::NotReceiving, format!("{silent}; a firewall may drop UDP multicast")),
            Some(error) => {
                (Reason::NotReceiving, format!("{silent}; opening the sockets anew failed: {error}"))
            }
        })
    }

    fn counters(&self) -> Counters {
        Counters {
            sent: self.sent,
            send_errors: self.send_errors,
            off_link: self.off_link,
            dropped: self.dropped,
            sockets_reopened: self.reopened,
            ..self.node.counters()
        }
    }
}
