//! `NetworkState`: what the last steps have reported of the network.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::health::{Counters, Reason};
use crate::net::report::{Refresh, SendStats, TransportReport};

/// Time for which health reports that the send buffer had no room.
const STALL_MEMORY: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct NetworkState {
    report: TransportReport,
    /// Why the sockets could not be reopened.
    reopen_error: Option<Error>,
    last_sent: Option<Instant>,
    last_stall: Option<Instant>,
    sent: u64,
    send_errors: u64,
    reopened: u64,
    dropped: u64,
    off_link: u64,
}

impl NetworkState {
    /// Notes the datagrams that were dropped since the start: by a full queue, and because they came from off-link.
    pub fn note_dropped(&mut self, dropped: u64, off_link: u64) {
        (self.dropped, self.off_link) = (dropped, off_link);
    }

    /// Notes a step that has sent, or followed a change.
    pub fn note_step(&mut self, report: TransportReport, sent: &SendStats, refresh: Refresh, now: Instant) {
        self.report = report;
        self.sent += sent.sent;
        self.send_errors += sent.errors;
        if sent.sent > 0 {
            self.last_sent = Some(now);
        }
        if sent.stalled > 0 {
            self.last_stall = Some(now);
        }
        match refresh {
            Refresh::Unneeded => {}
            Refresh::Followed | Refresh::Reopened => {
                self.reopened += 1;
                self.reopen_error = None;
            }
            Refresh::Failed(error) => self.reopen_error = Some(error),
        }
    }

    /// What is wrong, causes before their effects.
    pub fn troubles(&self, is_not_receiving: bool, now: Instant) -> impl Iterator<Item = (Reason, String)> {
        let is_stalling = self.last_stall.is_some_and(|last| now < last + STALL_MEMORY);
        let stall = is_stalling.then(|| {
            let words = "the send buffer stays full, and datagrams are dropped";
            (
                Reason::SendStalls,
                format!("{words}; a link may be saturated, or the hosts of seeds may be off"),
            )
        });
        let words = "nothing is received, not even the node's own announcements";
        let not_receiving = is_not_receiving.then(|| match &self.reopen_error {
            None => format!("{words}; a firewall may drop UDP multicast"),
            Some(error) => format!("{words}; reopening the sockets failed: {error}"),
        });
        let not_receiving = not_receiving.map(|words| (Reason::NotReceiving, words));
        self.report.troubles.iter().cloned().chain(stall).chain(not_receiving)
    }

    /// Number of interfaces in use.
    pub fn interfaces(&self) -> usize {
        self.report.interfaces.len()
    }

    pub fn last_sent(&self) -> Option<Instant> {
        self.last_sent
    }

    /// Adds what was counted here.
    pub fn count(&self, counters: Counters) -> Counters {
        Counters {
            sent: self.sent,
            send_errors: self.send_errors,
            off_link: self.off_link + counters.off_link,
            dropped: self.dropped,
            sockets_reopened: self.reopened,
            ..counters
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn a_full_send_buffer_shows_for_a_minute() {
        let (start, mut state) = (Instant::now(), NetworkState::default());
        let mut note = |after, sent: &SendStats| {
            let now = start + Duration::from_secs(after);
            state.note_step(TransportReport::default(), sent, Refresh::Unneeded, now);
            state.troubles(false, now).map(|(reason, _)| reason).collect::<Vec<_>>()
        };
        let refused = |kind: std::io::ErrorKind| {
            let mut sent = SendStats::default();
            sent.note_error(&kind.into());
            sent
        };
        assert_eq!(note(0, &refused(std::io::ErrorKind::HostUnreachable)), []);
        assert_eq!(note(1, &refused(std::io::ErrorKind::WouldBlock)), [Reason::SendStalls]);
        assert_eq!(note(60, &SendStats::default()), [Reason::SendStalls]);
        assert_eq!(note(61, &SendStats::default()), []);
    }
}
