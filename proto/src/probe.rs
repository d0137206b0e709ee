//! `ProbeState`: when a peer that falls silent, or is in doubt, is asked whether it is there.

use std::time::{Duration, Instant};

/// The parts of its life, in percent, at which a silent peer is asked. With the default times the first comes when one
/// announcement is missing, and two more before the life ends.
const PARTS: [u32; 3] = [60, 75, 90];

/// At each part it is asked up to this often. At 5 % loss two announcements in a row are lost once a minute in a cluster of
/// a hundred, and then one question in ten has no answer; twelve that have none come once in 10^12.
const TRIES: u32 = 4;

/// The questions of one part are no further apart than this: longer than any answer takes on a local network.
const MAX_GAP: Duration = Duration::from_millis(250);

/// With a short life they are closer, so that the last four still fit into its last tenth.
const GAPS_PER_LIFETIME: u32 = 40;

/// After an answer that nobody is there it is asked again after this: by then all such answers to one question have come, of
/// which there may be several.
const RETRY_GAP: Duration = Duration::from_millis(10);

/// A peer in doubt is asked this often, so far apart.
const SUSPECT_TRIES: u32 = 3;
const SUSPECT_GAP: Duration = Duration::from_millis(500);

/// How the asking of one peer stands.
#[derive(Default)]
pub(crate) struct ProbeState {
    /// When the doubt began: it was heard from another address only, or another instance took its place.
    suspect: Option<Instant>,
    /// Questions since it was last heard.
    sent: u32,
    /// The number of the question that was last answered by "nobody is there".
    unreachable_reported: u32,
    /// When to ask again after such an answer.
    retry_at: Option<Instant>,
}

/// What a refusal means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UnreachableOutcome {
    /// One may be a mistake: ask again.
    Retry,
    /// Two in a row are not.
    Gone,
    /// It was for a question that was refused already, or for none.
    Repeated,
}

impl ProbeState {
    /// A doubt, with the first question at `begin`.
    pub fn suspect(begin: Instant) -> Self {
        ProbeState { suspect: Some(begin), ..ProbeState::default() }
    }

    pub fn is_suspect(&self) -> bool {
        self.suspect.is_some()
    }

    /// True if questions are unanswered.
    pub fn is_pending(&self) -> bool {
        self.sent > 0
    }

    /// When the next question is due for a peer that was heard at `renewed_at` and lives for `lifetime` from there, when the last
    /// was asked now. For a doubt whose questions are all asked, when to end it. `None` when all is asked.
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
        // Late questions do not come all at once.
        Some(if self.is_pending() { due.max(now + gap) } else { due })
    }

    /// True if the doubt has been pursued to its end without an answer.
    pub fn is_suspicion_over(&self) -> bool {
        self.suspect.is_some() && self.sent >= SUSPECT_TRIES
    }

    /// True if the next question is the last one for now.
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
    fn all_questions_of_a_part_come_before_the_next_part_whatever_the_life() {
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
            assert_eq!(times[0], renewed_at + lifetime * 60 / 100);
            assert_eq!(times[4], renewed_at + lifetime * 75 / 100);
            assert!(times[11] < renewed_at + lifetime, "{lifetime:?}");
        }
    }

    #[test]
    fn two_refusals_in_a_row_are_the_end_and_one_that_comes_twice_is_not() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let now = Instant::now();
        let mut probe = ProbeState::default();
        assert_eq!(probe.on_unreachable(now), UnreachableOutcome::Repeated, "nothing was asked");
        probe.on_sent();
        assert_eq!(probe.on_unreachable(now), UnreachableOutcome::Retry);
        assert_eq!(probe.next_probe(now, MAX_GAP, now), Some(now + RETRY_GAP));
        assert_eq!(probe.on_unreachable(now), UnreachableOutcome::Repeated);
        probe.on_sent();
        assert_eq!(probe.on_unreachable(now), UnreachableOutcome::Gone);

        let mut probe = ProbeState::default();
        probe.on_sent();
        assert_eq!(probe.on_unreachable(now), UnreachableOutcome::Retry);
        probe.on_sent();
        probe.on_sent();
        assert_eq!(
            probe.on_unreachable(now),
            UnreachableOutcome::Retry,
            "the one between may have been lost on its way"
        );
    }
}
