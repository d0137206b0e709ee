//! `FocaTimers`: the deadlines that foca has asked for.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use foca::Timer;

use crate::swim::member::MemberId;
use crate::wire::InstanceId;

type Place = (Instant, u64);

#[derive(Default)]
pub(crate) struct FocaTimers {
    due: BTreeMap<Place, Timer<MemberId>>,
    /// The deadlines that remove a member: one for each, even if it goes down again and again.
    removals: HashMap<InstanceId, Place>,
    serial: u64,
}

impl FocaTimers {
    pub fn insert(&mut self, timer: Timer<MemberId>, at: Instant) {
        self.serial += 1;
        let place = (at, self.serial);
        if let Timer::RemoveDown(member) = &timer
            && let Some(former) = self.removals.insert(member.id, place)
        {
            self.due.remove(&former);
        }
        self.due.insert(place, timer);
    }

    /// Returns the next timer that is due by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Timer<MemberId>> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        let timer = first.remove();
        if let Timer::RemoveDown(member) = &timer {
            self.removals.remove(&member.id);
        }
        Some(timer)
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn one_who_dies_again_and_again_is_forgotten_once() {
        let now = Instant::now();
        let mut timers = FocaTimers::default();
        for generation in 0..1000 {
            let member = MemberId { generation, ..MemberId::unknown_at(([192, 0, 2, 1], 5).into()) };
            timers.insert(Timer::RemoveDown(member), now + Duration::from_secs(generation.into()));
        }
        assert_eq!((timers.due.len(), timers.take_due(now + Duration::from_secs(998))), (1, None));
        assert!(timers.take_due(timers.poll_timeout().expect("one is left")).is_some());
        assert!(timers.due.is_empty() && timers.removals.is_empty());
    }
}
