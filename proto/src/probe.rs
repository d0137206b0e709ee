//! `ProbeState`: when a silent or suspect peer is probed (compare Neighbor Unreachability Detection, RFC 4861, section 7.3).

use std::time::{Duration, Instant};

/// Parts of the lifetime, in percent, at which a silent peer is probed. With the default times the first comes when one
/// announce is missing, and two more before the lifetime ends.
const PARTS: [u32; 3] = [57, 75, 90];

/// Maximum number of probes at each part. At 5 % loss two announces in a row are lost once a minute in a cluster of a
/// hundred, and then one probe in ten has no answer; twelve without an answer come once in 10^12.
const TRIES: u32 = 4;

/// Maximum time between the probes of one part: longer than any answer takes on a local network.
const MAX_GAP: Duration = Duration::from_millis(250);

/// With a short lifetime the probes are closer, so that the last four fit into its last tenth.
const GAPS_PER_LIFETIME: u32 = 40;

/// Time from an ICMP unreachable report to the next probe. By then all reports about one probe have come; there may be
/// several.
const RETRY_GAP: Duration = Duration::from_millis(10);

/// Number of probes of a suspect peer, and the time between them.
const SUSPECT_TRIES: u32 = 3;
const SUSPECT_GAP: Duration = Duration::from_millis(500);

/// Maximum number of probes within `PROBE_PERIOD`. Instead of more, one query goes to the group.
pub(crate) const MAX_PROBES: usize = 64;
pub(crate) const PROBE_PERIOD: Duration = Duration::from_millis(250);

/// How the probing of one peer stands.
#[derive(Default)]
pub(crate) struct ProbeState {
    /// When the peer became suspect: it was received from another address only, or another instance took its place.
    suspect: Option<Instant>,
    /// Probes since the peer was last received.
    sent: u32,
    /// The number of the probe that was last answered by an ICMP unreachable report.
    unreachable_reported: u32,
    /// When to probe again after such a report.
    retry_at: Option<Instant>,
}

/// What an ICMP unreachable report means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UnreachableOutcome {
    /// One may be a mistake: probe again.
    Retry,
    /// Two in a row are not.
    Gone,
    /// It is about a probe that was reported already, or about none.
    Repeated,
}

impl ProbeState {
    /// Returns the state of a suspect peer, with the first probe at `begin`.
    pub fn suspect(begin: Instant) -> Self {
        ProbeState { suspect: Some(begin), ..ProbeState::default() }
    }

    pub fn is_suspect(&self) -> bool {
        self.suspect.is_some()
    }

    /// Returns true if probes are unanswered.
    pub fn is_pending(&self) -> bool {
        self.sent > 0
    }

    /// Returns when the next probe is due of a peer that was received at `renewed_at` and lives for `lifetime` from there, if
    /// the last probe was sent now. For a suspect peer whose probes are all sent, returns when the suspicion ends. `None` when
    /// all probes are sent.
    pub fn next_probe(&self, renewed_at: Instant, lifetime: Duration, now: Instant) -> Option<Instant> {
        if self.retry_at.is_some() {
            return self.retry_at;
        }
        let gap = MAX_GAP.min(lifetime / GAPS_PER_LIFETIME);
        let due = match self.suspect {
            Some(begin) => begin + SUSPECT_GAP * self.sent,
            None => {
                let part = PARTS.get((self.sent / TRIES) as usize)?;
                renewed_at + lifetime * *part / 100 + gap * (self.sent % TRIES)
            }
        };
        // Late probes do not come all at once.
        Some(if self.is_pending() { due.max(now + gap) } else { due })
    }

    /// Returns true if a suspect peer has not answered any probe. A report about the last one brings one more.
    pub fn is_suspicion_over(&self) -> bool {
        self.suspect.is_some() && self.sent >= SUSPECT_TRIES && self.retry_at.is_none()
    }

    /// Returns true if the second probe of a suspect peer has just been sent: the first had no answer.
    pub fn is_second_of_suspicion(&self) -> bool {
        self.suspect.is_some() && self.sent == 2
    }

    /// Returns true if the next probe is the last one of its part.
    pub fn is_last_try(&self) -> bool {
        match self.suspect {
            Some(_) => self.sent + 1 == SUSPECT_TRIES,
            None => (self.sent + 1).is_multiple_of(TRIES),
        }
    }

    pub fn on_sent(&mut self) {
        self.sent += 1;
        self.retry_at = None;
    }

    pub fn on_unreachable(&mut self, now: Instant) -> UnreachableOutcome {
        if self.unreachable_reported == self.sent {
            return UnreachableOutcome::Repeated;
        }
        let in_a_row = self.unreachable_reported > 0 && self.unreachable_reported + 1 == self.sent;
        self.unreachable_reported = self.sent;
        self.retry_at = Some(now + RETRY_GAP);
        if in_a_row { UnreachableOutcome::Gone } else { UnreachableOutcome::Retry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_of_a_part_come_before_the_next_part() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let renewed_at = Instant::now();
        for lifetime in [10, 100, 1000, 35_000, 86_400_000].map(Duration::from_millis) {
            let mut probe = ProbeState::default();
            let mut times = Vec::new();
            let mut now = renewed_at;
            while let Some(due) = probe.next_probe(renewed_at, lifetime, now) {
                now = due;
                times.push(due);
                probe.on_sent();
            }
            assert_eq!(times.len(), PARTS.len() * TRIES as usize);
            assert!(times.is_sorted(), "{lifetime:?}");
            assert_eq!(times[0], renewed_at + lifetime * 57 / 100);
            assert_eq!(times[4], renewed_at + lifetime * 75 / 100);
            assert!(times[11] < renewed_at + lifetime, "{lifetime:?}");
        }
    }
}
