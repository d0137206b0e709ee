//! `AntiEntropy`: two members tell each other of all members that they list, page by page, in the order of ids. One who has just
//! come learns all in a moment; and what gossip has missed is mended, for it is looked whether two lists are the same again
//! and again.

use std::time::Instant;

use fastrand::Rng;

use crate::swim::Swim;
use crate::wire::InstanceId;

/// In units: lists that were the same are compared again after about this; if something was learned, after this, for then it is
/// likely that more is to be learned elsewhere.
const QUIET_PERIOD: f64 = 30.0;
const BUSY_PERIOD: f64 = 1.0;

/// In units: a member of whom nothing is told by then is looked for in the list of another.
const UNLISTED_TIMEOUT: f64 = 1.0;

/// In units: one who does not answer within this is not asked again, but another one is.
const TIMEOUT: f64 = 0.5;

/// So many who do not answer end an exchange.
const MAX_TRIES: u32 = 5;

pub(crate) struct AntiEntropy {
    state: State,
    /// Something was learned since it began.
    has_learned: bool,
    tries: u32,
}

enum State {
    Resting {
        until: Instant,
        /// When there are members of whom nothing is known, until then.
        wanting_until: Option<Instant>,
    },
    Waiting {
        partner: InstanceId,
        /// The page after this id was asked for; `None` if it was asked whether the lists are the same.
        after: Option<InstanceId>,
        /// Where the own page ended; `None` if it had all that there is.
        own_end: Option<InstanceId>,
        until: Instant,
    },
}

/// What to ask a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub partner: InstanceId,
    /// The page after this id; `None` asks whether the lists are the same.
    pub after: Option<InstanceId>,
}

/// What a member answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Same,
    Differs,
    /// A page, and the last id of it; `None` if it was empty, as the one after the last is.
    Page {
        after: InstanceId,
        end: Option<InstanceId>,
    },
}

impl AntiEntropy {
    /// One that begins at once, when there is a member.
    pub fn new(now: Instant) -> Self {
        AntiEntropy {
            state: State::Resting { until: now, wanting_until: None },
            has_learned: false,
            tries: 0,
        }
    }

    /// The first member is there: begins at once.
    pub fn begin(&mut self, now: Instant) {
        self.state = State::Resting { until: now, wanting_until: None };
    }

    pub fn poll_timeout(&self) -> Instant {
        match self.state {
            State::Resting { until, wanting_until } => {
                wanting_until.map_or(until, |wanting| wanting.min(until))
            }
            State::Waiting { until, .. } => until,
        }
    }

    /// Takes note whether there are members of whom nothing is known. What tells of them is likely to come by itself; if it does
    /// not, it is looked for.
    pub fn note_unlisted(&mut self, is_any: bool, swim: &Swim, now: Instant) {
        if let State::Resting { wanting_until, .. } = &mut self.state {
            let until = wanting_until.unwrap_or(now + swim.units(UNLISTED_TIMEOUT));
            *wanting_until = is_any.then_some(until);
        }
    }

    /// What to ask next, if that is due by `now`.
    pub fn take_due(&mut self, swim: &Swim, now: Instant, rng: &mut Rng) -> Option<Step> {
        if now < self.poll_timeout() {
            return None;
        }
        let after = match self.state {
            State::Resting { .. } => {
                (self.has_learned, self.tries) = (false, 0);
                None
            }
            State::Waiting { after, .. } => after,
        };
        self.tries += 1;
        match rng.choice(swim.members()).filter(|_| self.tries <= MAX_TRIES) {
            Some(partner) => Some(self.ask(partner, after, swim, now)),
            None => self.rest(swim, now, rng),
        }
    }

    /// Takes note where the page ends that goes with what is asked.
    pub fn set_own_end(&mut self, end: Option<InstanceId>) {
        if let State::Waiting { own_end, .. } = &mut self.state {
            *own_end = end;
        }
    }

    /// Takes in the answer of a member. Returns what to ask next.
    pub fn handle_answer(
        &mut self,
        from: InstanceId,
        answer: Answer,
        swim: &Swim,
        now: Instant,
        rng: &mut Rng,
    ) -> Option<Step> {
        let State::Waiting { partner, after, own_end, .. } = self.state else { return None };
        let next = match (answer, after) {
            (Answer::Same, None) => None,
            (Answer::Differs, None) => Some(InstanceId::default()),
            // The shorter of both pages says how far the two have come.
            (Answer::Page { after: of, end }, Some(after)) if of == after => {
                [end, own_end].into_iter().flatten().min()
            }
            // It has come late.
            _ => return None,
        };
        if partner != from {
            return None;
        }
        self.tries = 0;
        match next {
            Some(next) => Some(self.ask(partner, Some(next), swim, now)),
            None => self.rest(swim, now, rng),
        }
    }

    pub fn on_learned(&mut self) {
        self.has_learned = true;
    }

    fn ask(&mut self, partner: InstanceId, after: Option<InstanceId>, swim: &Swim, now: Instant) -> Step {
        self.state = State::Waiting { partner, after, own_end: None, until: now + swim.units(TIMEOUT) };
        Step { partner, after }
    }

    fn rest(&mut self, swim: &Swim, now: Instant, rng: &mut Rng) -> Option<Step> {
        let period = if self.has_learned { BUSY_PERIOD } else { QUIET_PERIOD };
        let until = now + swim.units(period).mul_f64(0.5 + rng.f64());
        self.state = State::Resting { until, wanting_until: None };
        None
    }
}
