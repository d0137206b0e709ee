//! `EventLog`: what of all that happens is worth a line in the log. It remembers what was logged, so that a trouble is
//! logged when it begins and when it ends, and not each time it shows.

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{Config, Network};
use crate::health::Reason;
use crate::log::Level;
use crate::net::interfaces::Interface;
use crate::net::transport::{Refresh, TransportReport};
use crate::runtime::log_queue::LogQueue;
use peers_proto::{Event, Node};

/// Lines about peers in each `PEERS_WINDOW`: more than anybody reads as they come. A flood must not become one of lines.
const MOST_PEER_LINES: u64 = 100;
const PEERS_WINDOW: Duration = Duration::from_secs(1);

pub(crate) struct EventLog {
    log: Arc<LogQueue>,
    interfaces: Arc<[Interface]>,
    /// Those that were logged and are not over.
    troubles: Vec<(Reason, String)>,
    /// The sockets could not be opened anew, and that was logged.
    cannot_reopen: bool,
    /// Events of the node that were looked at.
    events_seen: u64,
    /// When the present window began, and how many events about peers there were in it.
    window: Option<(Instant, u64)>,
    has_stopped: bool,
}

impl EventLog {
    /// Begins with the start of the node, on these interfaces.
    pub fn new(log: Arc<LogQueue>, config: &Config, name: &str, interfaces: Arc<[Interface]>) -> Self {
        log.write(Level::Info, &format!("{}, {}", start_of(config, name), all_of(&interfaces)));
        EventLog {
            log,
            interfaces,
            troubles: Vec::new(),
            cannot_reopen: false,
            events_seen: 0,
            window: None,
            has_stopped: false,
        }
    }

    /// Takes note of what was done to keep up with the network, and of the interfaces in use since.
    pub fn note_refresh(&mut self, refresh: &io::Result<Refresh>, report: &TransportReport, is_deaf: bool) {
        match refresh {
            Ok(Refresh::Unneeded) => return,
            Ok(Refresh::Followed) if report.interfaces == self.interfaces => {
                self.log
                    .write(Level::Info, "multicast joins that the system had lost: joined the groups again");
            }
            Ok(Refresh::Followed) => {}
            Ok(Refresh::Reopened) if is_deaf => {
                self.log.write(Level::Info, "sockets opened anew: nothing was heard for the expiry time");
            }
            Ok(Refresh::Reopened) => {
                self.log.write(Level::Info, "sockets opened anew: one of IPv4 and IPv6 fell silent");
            }
            Err(error) if !self.cannot_reopen => {
                self.log.write(Level::Warn, &format!("sockets cannot be opened anew: {error}"));
            }
            Err(_) => {}
        }
        self.cannot_reopen = refresh.is_err();
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

    /// Takes note of all that is wrong at the moment.
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

    /// Takes note of the peers that came and went.
    pub fn note_events(&mut self, node: &Node, now: Instant) {
        let (events, seen) = node.events_after(self.events_seen);
        let is_wanted = self.log.wants(Level::Debug);
        self.events_seen = seen;
        for line in events.filter(|_| is_wanted).filter_map(line_of) {
            self.write_peer_line(&line, now);
        }
    }

    fn write_peer_line(&mut self, line: &str, now: Instant) {
        let (since, count) = match self.window {
            Some((since, count)) if now.saturating_duration_since(since) < PEERS_WINDOW => (since, count),
            _ => (now, 0),
        };
        self.window = Some((since, count + 1));
        if count < MOST_PEER_LINES {
            self.log.write(Level::Debug, line);
        } else if count == MOST_PEER_LINES {
            self.log.write(Level::Debug, "more peers come and go than are logged: 100 in a second");
        }
    }

    pub fn note_stop(&mut self) {
        if !std::mem::replace(&mut self.has_stopped, true) {
            self.log.write(Level::Info, "stopped");
        }
    }
}

fn start_of(config: &Config, name: &str) -> String {
    let v4 = config.group_v4.map(|group| format!("{group}:{}", config.port));
    let v6 = config.group_v6.map(|group| format!("[{group}]:{}", config.port));
    let place = match &config.network {
        Network::Multicast => v4.into_iter().chain(v6).collect::<Vec<_>>().join(" and "),
        Network::Memory(_) => "a network in memory".into(),
    };
    let cluster = match config.cluster.as_str() {
        "" => String::new(),
        cluster => format!(" in cluster {cluster:?}"),
    };
    let sealed = if config.keys.is_empty() { "" } else { ", sealed" };
    format!("started {name:?}{cluster}: {place}{sealed}")
}

fn all_of(interfaces: &[Interface]) -> String {
    match interfaces {
        [] => "on no interface".into(),
        _ => format!("on {}", interfaces.iter().map(Interface::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn line_of(event: &Event) -> Option<String> {
    let peer_line = |what: &str, peer: &peers_proto::Peer, why: &dyn Display| {
        let address = peer.address_text(crate::sys::host::zone_of).unwrap_or_else(|| "registered".into());
        format!("peer {what}: {:?} ({address}){why}", peer.name)
    };
    match event {
        Event::Joined(peer) => Some(peer_line("joined", peer, &"")),
        Event::Left(peer, reason) => Some(peer_line("left", peer, &format!(", {reason:?}").to_lowercase())),
        _ => None,
    }
}
