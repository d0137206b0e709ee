//! `EventLog`: decides what becomes a line in the log. It keeps the troubles that were logged, so that each is logged when it
//! begins and when it ends.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::health::Reason;
use crate::log::Level;
use crate::net::report::{Refresh, TransportReport};
use crate::runtime::log_queue::LogQueue;
use crate::runtime::notices;
use crate::sys::host;
use crate::sys::interface::Interface;
use peers_proto::{Event, Notice};

/// Maximum number of lines about peers in a `PEERS_WINDOW`, so that a flood of datagrams does not become a flood of lines.
const MAX_PEER_LINES: u64 = 100;
const PEERS_WINDOW: Duration = Duration::from_secs(1);

pub(crate) struct EventLog {
    log: Arc<LogQueue>,
    interfaces: Arc<[Interface]>,
    /// Troubles that were logged and are not over.
    troubles: Vec<(Reason, String)>,
    /// The refusals of the system that were logged last.
    refusals: Vec<String>,
    /// True if the last reopen failed, which was logged.
    cannot_reopen: bool,
    /// Start of the present window, and the number of lines about peers in it.
    window: Option<(Instant, u64)>,
    has_stopped: bool,
}

impl EventLog {
    /// Begins with the start of the node, on these interfaces.
    pub fn new(log: Arc<LogQueue>, start_line: &str, interfaces: Arc<[Interface]>) -> Self {
        log.write(Level::Info, &format!("{start_line}, {}", all_of(&interfaces)));
        EventLog {
            log,
            interfaces,
            troubles: Vec::new(),
            refusals: Vec::new(),
            cannot_reopen: false,
            window: None,
            has_stopped: false,
        }
    }

    /// Notes how the transport followed the network, and the interfaces in use since.
    pub fn note_refresh(&mut self, refresh: &Refresh, report: &TransportReport, is_not_receiving: bool) {
        match refresh {
            Refresh::Unneeded => return,
            Refresh::Followed if report.interfaces == self.interfaces => {
                self.log.write(Level::Info, "joined the groups again: the system had lost multicast joins");
            }
            Refresh::Followed => {}
            Refresh::Reopened if is_not_receiving => {
                self.log.write(Level::Info, "sockets reopened: nothing was received for the expiry time");
            }
            Refresh::Reopened => {
                self.log.write(Level::Info, "sockets reopened: nothing was received by IPv4 or by IPv6");
            }
            Refresh::Failed(error) if !self.cannot_reopen => {
                self.log.write(Level::Warn, &format!("sockets cannot be reopened: {error}"));
            }
            Refresh::Failed(_) => {}
        }
        self.cannot_reopen = matches!(refresh, Refresh::Failed(_));
        self.note_interfaces(report.interfaces.clone());
    }

    fn note_interfaces(&mut self, now: Arc<[Interface]>) {
        let before = std::mem::replace(&mut self.interfaces, now);
        let find = |all: &[Interface], index| all.iter().find(|one| one.index == index).cloned();
        for interface in &*self.interfaces {
            match find(&before, interface.index) {
                None => self.log.write(Level::Info, &format!("joined on interface {interface}")),
                Some(known) if known == *interface => {}
                Some(_) => self.log.write(Level::Info, &format!("interface changed: {interface}")),
            }
        }
        for interface in before.iter().filter(|one| find(&self.interfaces, one.index).is_none()) {
            self.log.write(Level::Info, &format!("left interface {}", interface.name));
        }
    }

    /// Logs the troubles that are new, and those that are over.
    pub fn note_troubles(&mut self, now: Vec<(Reason, String)>) {
        let has = |all: &[(Reason, String)], reason| all.iter().any(|(one, _)| *one == reason);
        let (go_on, over): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.troubles).into_iter().partition(|(reason, _)| has(&now, *reason));
        self.troubles = go_on;
        for (reason, words) in now {
            if has(&self.troubles, reason) {
                continue;
            }
            match reason {
                Reason::Internal => self.log.write(Level::Error, &format!("failed: {words}")),
                _ => self.log.write(Level::Warn, &format!("degraded: {words}")),
            }
            self.troubles.push((reason, words));
        }
        let summary = if self.troubles.is_empty() { "all is well" } else { "still degraded" };
        for (_, words) in over {
            self.log.write(Level::Info, &format!("no longer: {words}; {summary}"));
        }
    }

    /// Logs a notice of the protocol, which gives one of each kind a minute.
    pub fn note_notice(&mut self, notice: &Notice) {
        if let Some((reason, words)) = notices::describe(notice) {
            self.log.write(notices::level(reason), &words);
        }
    }

    /// Logs what the system refuses now, and what it no longer refuses.
    pub fn note_refusals(&mut self, now: Vec<String>) {
        for refusal in now.iter().filter(|refusal| !self.refusals.contains(refusal)) {
            self.log.write(Level::Info, &format!("the system refuses {refusal}"));
        }
        for refusal in self.refusals.iter().filter(|refusal| !now.contains(refusal)) {
            self.log.write(Level::Info, &format!("no longer: the system refuses {refusal}"));
        }
        self.refusals = now;
    }

    /// Logs that a peer joined or left.
    pub fn note_event(&mut self, event: &Event, now: Instant) {
        if self.log.wants(Level::Debug)
            && let Some(line) = line_of(event)
        {
            self.write_peer_line(&line, now);
        }
    }

    fn write_peer_line(&mut self, line: &str, now: Instant) {
        let (since, count) = match self.window {
            Some((since, count)) if now.saturating_duration_since(since) < PEERS_WINDOW => (since, count),
            _ => (now, 0),
        };
        self.window = Some((since, count + 1));
        if count < MAX_PEER_LINES {
            self.log.write(Level::Debug, line);
        } else if count == MAX_PEER_LINES {
            self.log.write(
                Level::Debug,
                "more than 100 peers joined or left in a second: the rest is not logged",
            );
        }
    }

    /// Logs the stop, once.
    pub fn note_stop(&mut self) {
        if !std::mem::replace(&mut self.has_stopped, true) {
            self.log.write(Level::Info, "stopped");
        }
    }
}

fn all_of(interfaces: &[Interface]) -> String {
    match interfaces {
        [] => "on no interface".into(),
        _ => format!("on {}", interfaces.iter().map(Interface::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn line_of(event: &Event) -> Option<String> {
    let peer_line = |what: &str, peer: &peers_proto::Peer, why: &dyn Display| {
        let address = peer.address_text(host::zone_of).unwrap_or_else(|| "registered".into());
        format!("peer {what}: {:?} ({address}){why}", peer.name)
    };
    match event {
        Event::Joined(peer) => Some(peer_line("joined", peer, &"")),
        Event::Left(peer, reason) => Some(peer_line("left", peer, &format!(", {reason:?}").to_lowercase())),
        _ => None,
    }
}
