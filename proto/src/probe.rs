//! `Checkup`: when a peer that falls silent, or is in doubt, is asked whether it is there.

use std::time::{Duration, Instant};

/// The parts of its life, in percent, at which a silent peer is asked. With the default times the first comes when one
/// announcement is missing, and two more before the life ends.
const PARTS: [u32; 3] = [60, 75, 90];

/// At each part it is asked up to this often. At 5 % loss two announcements in a row are lost once a minute in a cluster of
/// a hundred, and then one question in ten has no answer; twelve that have none come once in 10^12.
const TRIES: u32 = 4;

/// The questions of one part are no further apart than this: longer than any answer takes on a local network.
const LONGEST_GAP: Duration = Duration::from_millis(250);

/// With a short life they are closer, so that the last four still fit into its last tenth.
const GAP_PER_LIFE: u32 = 40;

/// After an answer that nobody is there it is asked again after this: by then all such answers to one question have come, of
/// which there may be several.
const RETRY_GAP: Duration = Duration::from_millis(10);

/// A peer in doubt is asked this often, so far apart.
const DOUBT_TRIES: u32 = 3;
const DOUBT_GAP: Duration = Duration::from_millis(500);

/// How the asking of one peer stands.
#[derive(Default)]
pub(crate) struct Checkup {
    /// When the doubt began: it was heard from another address only, or another instance took its place.
    doubt: Option<Instant>,
    /// Questions since it was last heard.
    asked: u32,
    /// The number of the question that was last answered by "nobody is there".
    refused: u32,
    /// When to ask again after such an answer.
    retry_at: Option<Instant>,
}

/// What a refusal means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// One may be a mistake: ask again.
    AskAgain,
    /// Two in a row are not.
    Gone,
    /// It was for a question that was refused already, or for none.
    Repeated,
}

impl Checkup {
    /// A doubt, with the first question at `begin`.
    pub fn doubt(begin: Instant) -> Self {
        Checkup { doubt: Some(begin), ..Checkup::default() }
    }

    pub fn in_doubt(&self) -> bool {
        self.doubt.is_some()
    }

    /// True if questions are unanswered.
    pub fn is_asking(&self) -> bool {
        self.asked > 0
    }

    /// When the next question is due for a peer that was heard at `heard_at` and lives for `life` from there, when the last
    /// was asked now. For a doubt whose questions are all asked, when to end it. `None` when all is asked.
    pub fn next_question(&self, heard_at: Instant, life: Duration, now: Instant) -> Option<Instant> {
        if self.retry_at.is_some() {
            return self.retry_at;
        }
        let gap = LONGEST_GAP.min(life / GAP_PER_LIFE);
        let due = match self.doubt {
            Some(begin) => begin + DOUBT_GAP * self.asked,
            None => {
                let part = PARTS.get((self.asked / TRIES) as usize)?;
                heard_at + life * *part / 100 + gap * (self.asked % TRIES)
            }
        };
        // Late questions do not come all at once.
        Some(if self.is_asking() { due.max(now + gap) } else { due })
    }

    /// True if the doubt has been pursued to its end without an answer.
    pub fn is_doubt_over(&self) -> bool {
        self.doubt.is_some() && self.asked >= DOUBT_TRIES
    }

    /// True if the next question is the last one for now.
    pub fn is_last_try(&self) -> bool {
        match self.doubt {
            Some(_) => self.asked + 1 == DOUBT_TRIES,
            None => (self.asked + 1).is_multiple_of(TRIES),
        }
    }

    pub fn note_asked(&mut self) {
        self.asked += 1;
        self.retry_at = None;
    }

    pub fn handle_refusal(&mut self, now: Instant) -> Refusal {
        if self.refused == self.asked {
            return Refusal::Repeated;
        }
        let in_a_row = self.refused > 0 && self.refused + 1 == self.asked;
        self.refused = self.asked;
        self.retry_at = Some(now + RETRY_GAP);
        if in_a_row { Refusal::Gone } else { Refusal::AskAgain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_questions_of_a_part_come_before_the_next_part_whatever_the_life() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let heard_at = Instant::now();
        for life in [10, 100, 1000, 35_000, 86_400_000].map(Duration::from_millis) {
            let mut checkup = Checkup::default();
            let mut times = Vec::new();
            let mut now = heard_at;
            while let Some(due) = checkup.next_question(heard_at, life, now) {
                now = due;
                times.push(due);
                checkup.note_asked();
            }
            assert_eq!(times.len(), PARTS.len() * TRIES as usize);
            assert!(times.is_sorted(), "{life:?}");
            assert_eq!(times[0], heard_at + life * 60 / 100);
            assert_eq!(times[4], heard_at + life * 75 / 100);
            assert!(times[11] < heard_at + life, "{life:?}");
        }
    }

    #[test]
    fn two_refusals_in_a_row_are_the_end_and_one_that_comes_twice_is_not() {
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let now = Instant::now();
        let mut checkup = Checkup::default();
        assert_eq!(checkup.handle_refusal(now), Refusal::Repeated, "nothing was asked");
        checkup.note_asked();
        assert_eq!(checkup.handle_refusal(now), Refusal::AskAgain);
        assert_eq!(checkup.next_question(now, LONGEST_GAP, now), Some(now + RETRY_GAP));
        assert_eq!(checkup.handle_refusal(now), Refusal::Repeated);
        checkup.note_asked();
        assert_eq!(checkup.handle_refusal(now), Refusal::Gone);

        let mut checkup = Checkup::default();
        checkup.note_asked();
        assert_eq!(checkup.handle_refusal(now), Refusal::AskAgain);
        checkup.note_asked();
        checkup.note_asked();
        assert_eq!(
            checkup.handle_refusal(now),
            Refusal::AskAgain,
            "the one between may have been lost on its way"
        );
    }
}
