//! `AntiEntropy`: two members exchange their lists, page by page, in the order of ids. A newcomer then lists all members at
//! once. Lists are compared again and again, which corrects what gossip has missed.

use std::time::Instant;

use fastrand::Rng;

use crate::swim::Swim;
use crate::wire::InstanceId;

/// In units: the time to the next comparison after lists were equal, and after they differed. After a difference more is
/// likely to differ elsewhere.
const QUIET_PERIOD: f64 = 30.0;
const BUSY_PERIOD: f64 = 1.0;

/// In units: the time after which a member that does not answer is replaced by another one.
const TIMEOUT: f64 = 0.5;

/// Number of members without an answer that ends a comparison.
const MAX_TRIES: u32 = 5;

pub(crate) struct AntiEntropy {
    /// The question without an answer; `None` between two comparisons.
    open: Option<Open>,
    /// When the answer is late, or the next comparison begins.
    until: Instant,
    /// True if a record was new since the comparison began.
    has_learned: bool,
    tries: u32,
}

#[derive(Clone, Copy)]
struct Open {
    step: Step,
    /// The id at which the own page ended; `None` if it was the last one.
    own_end: Option<InstanceId>,
}

/// A question to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub partner: InstanceId,
    /// The id after which the page begins; `None` to compare digests.
    pub after: Option<InstanceId>,
}

/// The answer of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Same,
    Differs,
    /// A page and its last id, which is `None` if it was empty, as the one after the last is.
    Page {
        after: InstanceId,
        end: Option<InstanceId>,
    },
}

impl AntiEntropy {
    /// Returns a state that begins at once when there is a member.
    pub fn new(now: Instant) -> Self {
        AntiEntropy { open: None, until: now, has_learned: false, tries: 0 }
    }

    pub fn poll_timeout(&self) -> Instant {
        self.until
    }

    /// Returns the question that is due by `now`.
    pub fn take_due(&mut self, swim: &Swim, now: Instant, rng: &mut Rng) -> Option<Step> {
        if now < self.until {
            return None;
        }
        if self.open.is_none() {
            (self.has_learned, self.tries) = (false, 0);
        }
        let after = self.open.and_then(|open| open.step.after);
        self.tries += 1;
        match swim.random_member(rng).filter(|_| self.tries <= MAX_TRIES) {
            Some(partner) => Some(self.ask(Step { partner, after }, swim, now)),
            None => self.rest(swim, now, rng),
        }
    }

    /// Takes note where the own page ended that went with a question.
    pub fn set_own_end(&mut self, own_end: Option<InstanceId>) {
        self.open = self.open.map(|open| Open { own_end, ..open });
    }

    /// Takes in the answer of a member. Returns the next question.
    pub fn handle_answer(
        &mut self,
        from: InstanceId,
        answer: Answer,
        swim: &Swim,
        now: Instant,
        rng: &mut Rng,
    ) -> Option<Step> {
        let Open { step: Step { partner, after }, own_end } = self.open?;
        let next = match (answer, after) {
            (Answer::Same, None) => None,
            (Answer::Differs, None) => Some(InstanceId::default()),
            // The shorter of both pages tells how far the comparison has come.
            (Answer::Page { after: of, end }, Some(after)) if of == after => {
                [end, own_end].into_iter().flatten().min()
            }
            // The answer is late.
            _ => return None,
        };
        if partner != from {
            return None;
        }
        self.tries = 0;
        match next {
            Some(_) => Some(self.ask(Step { partner, after: next }, swim, now)),
            None => self.rest(swim, now, rng),
        }
    }

    pub fn on_learned(&mut self) {
        self.has_learned = true;
    }

    fn ask(&mut self, step: Step, swim: &Swim, now: Instant) -> Step {
        self.until = now + swim.units(TIMEOUT);
        self.open = Some(Open { step, own_end: None });
        step
    }

    fn rest(&mut self, swim: &Swim, now: Instant, rng: &mut Rng) -> Option<Step> {
        let period = if self.has_learned { BUSY_PERIOD } else { QUIET_PERIOD };
        self.until = now + swim.units(period).mul_f64(0.5 + rng.f64());
        self.open = None;
        None
    }
}
