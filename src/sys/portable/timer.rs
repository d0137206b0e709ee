//! `DeadlineTimer`: sleeps until a deadline by the timeout of poll. That may stand still while the machine sleeps: afterwards the
//! rest of it is waited for, or what comes first, and the node then sees that it was run late.

use std::io;
use std::time::{Duration, Instant};

use crate::sys::Poller;

/// No deadline.
const FOREVER: i32 = -1;

pub struct DeadlineTimer;

impl DeadlineTimer {
    pub fn new() -> io::Result<Self> {
        Ok(DeadlineTimer)
    }

    /// Nothing has to be watched for it.
    pub fn add_to(&self, _: &mut Poller) -> io::Result<()> {
        Ok(())
    }

    /// Sleeps until something is to be found at what is watched, or until `deadline`.
    pub fn sleep(
        &self,
        poller: &mut Poller,
        deadline: Option<Instant>,
        now: impl FnOnce() -> Instant,
    ) -> io::Result<()> {
        let left = |deadline: Instant| millis(deadline.saturating_duration_since(now()));
        poller.poll(deadline.map_or(FOREVER, left))
    }
}

/// Rounded up: whoever wakes too early would go to sleep again for no time, over and over.
fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::portable::waker::Waker;

    #[test]
    fn a_sleep_ends_at_its_deadline_and_not_before() {
        let quiet = Waker::new().expect("there is a loopback");
        let start = Instant::now();
        let deadline = start + Duration::from_micros(20_500);
        let timer = DeadlineTimer::new().expect("it needs nothing");
        let mut poller = Poller::default();
        timer.add_to(&mut poller).expect("it needs nothing");
        poller.add(quiet.descriptor()).expect("it can be watched");
        timer.sleep(&mut poller, Some(deadline), || start).expect("it can be polled");
        assert!(!poller.at(quiet.descriptor()).is_readable);
        assert!(Instant::now() >= deadline);
    }

    #[test]
    fn no_time_is_rounded_to_none_and_much_time_to_the_most() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_millis(7)), 7);
        assert_eq!(millis(Duration::MAX), i32::MAX);
    }
}
