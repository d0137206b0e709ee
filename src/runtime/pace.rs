//! `Pace`: how long the node's thread pauses before it sleeps again. Without pauses it would spin where each sleep ends at once.

use std::time::Duration;

use crate::runtime::sleeper::{Nap, Woken};

/// Number of sleeps in a row that may end early with nothing to do. A call that the system refuses leaves its descriptor
/// readable, and each further sleep would end at once.
const MAX_FRUITLESS: u32 = 8;

/// Number of sleeps in a row that may be shorter than a pause. From then on datagrams come so fast that each of them would wake
/// the thread. In a pause they gather, and fewer calls of the system receive them.
const MAX_SHORT: u32 = 32;

/// Length of the shortest pause. What comes in it has room in the receive buffer of a socket.
const PAUSE: Duration = Duration::from_millis(1);

/// The longest pause is the shortest, doubled so often: 64 ms.
const MAX_DOUBLINGS: u32 = 6;

#[derive(Default)]
pub(crate) struct Pace {
    fruitless: u32,
    short: u32,
}

impl Pace {
    /// Notes a sleep, and whether there was anything to do after it.
    pub fn note(&mut self, nap: &Nap, was_useful: bool) {
        let is_fruitless = nap.woken == Woken::Found && !was_useful;
        self.fruitless = if is_fruitless { self.fruitless.saturating_add(1) } else { 0 };
        self.short = if nap.length < PAUSE { self.short.saturating_add(1) } else { 0 };
    }

    /// The pause before the next sleep: after fruitless sleeps 1, 2, 4, … 64 ms, after short ones 1 ms.
    pub fn pause(&self) -> Duration {
        match self.fruitless.checked_sub(MAX_FRUITLESS) {
            Some(doublings) => PAUSE * (1 << doublings.min(MAX_DOUBLINGS)),
            None if self.short >= MAX_SHORT => PAUSE,
            None => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nap(length: Duration) -> Nap {
        Nap { woken: Woken::Found, length }
    }

    fn pause_after(naps: u32, length: Duration, was_useful: bool) -> Duration {
        let mut pace = Pace::default();
        (0..naps).for_each(|_| pace.note(&nap(length), was_useful));
        pace.pause()
    }

    #[test]
    fn fruitless_sleeps_have_ever_longer_pauses_up_to_64_ms() {
        let long = Duration::from_secs(1);
        assert_eq!(pause_after(7, long, false), Duration::ZERO);
        let pauses = [8, 9, 10, 13, 14, 15, 100].map(|naps| pause_after(naps, long, false));
        assert_eq!(pauses.map(|pause| pause.as_millis()), [1, 2, 4, 32, 64, 64, 64]);
    }

    #[test]
    fn many_short_sleeps_have_a_pause_of_1_ms() {
        let (short, long) = (Duration::from_micros(999), Duration::from_millis(1));
        assert_eq!(pause_after(31, short, true), Duration::ZERO);
        assert_eq!(pause_after(32, short, true), PAUSE);
        assert_eq!(pause_after(1000, short, true), PAUSE);
        assert_eq!(pause_after(1000, long, true), Duration::ZERO);
    }

    #[test]
    fn a_long_or_useful_sleep_ends_the_pauses() {
        let mut pace = Pace::default();
        (0..100).for_each(|_| pace.note(&nap(Duration::ZERO), false));
        pace.note(&nap(Duration::ZERO), true);
        assert_eq!(pace.pause(), PAUSE, "it was short");
        pace.note(&nap(Duration::from_millis(1)), true);
        assert_eq!(pace.pause(), Duration::ZERO);
        (0..100).for_each(|_| pace.note(&Nap { woken: Woken::Called, ..nap(Duration::from_secs(1)) }, false));
        assert_eq!(pace.pause(), Duration::ZERO, "a call has ended it");
    }
}
