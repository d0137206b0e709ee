//! `DeadlineTimer`: sleeps until a deadline, by a descriptor that polls readable from then on, also if the machine slept past it.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::sync::lock;
use crate::sys::Poller;

pub struct DeadlineTimer {
    timer: TimerFd,
    set_for: Mutex<Option<Instant>>,
}

impl DeadlineTimer {
    pub fn new() -> io::Result<Self> {
        // The clock of `Clock`. The timeout of a poll would stand still while the machine sleeps.
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        Ok(DeadlineTimer { timer: TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?, set_for: Mutex::new(None) })
    }

    /// Has it watched when it rings, for `sleep`.
    pub fn add_to(&self, poller: &mut Poller) -> io::Result<()> {
        poller.add(self.timer.as_fd().as_raw_fd())
    }

    /// Sleeps until something is to be found at what is watched, or until `deadline`.
    pub fn sleep(
        &self,
        poller: &mut Poller,
        deadline: Option<Instant>,
        now: impl FnOnce() -> Instant,
    ) -> io::Result<()> {
        self.set(deadline, now)?;
        poller.poll(-1)?;
        if poller.at(self.timer.as_fd().as_raw_fd()).is_readable {
            self.clear();
            // It rings for each announcement, if for nothing else.
            poller.check()?;
        }
        Ok(())
    }

    /// Sets it for `deadline`, unless it is already.
    fn set(&self, deadline: Option<Instant>, now: impl FnOnce() -> Instant) -> io::Result<()> {
        let mut set_for = lock(&self.set_for);
        if *set_for == deadline {
            return Ok(());
        }
        match deadline {
            Some(deadline) => {
                // A time of zero would turn it off.
                let left = deadline.saturating_duration_since(now()).max(Duration::from_nanos(1));
                let once = Expiration::OneShot(TimeSpec::from_duration(left));
                self.timer.set(once, TimerSetTimeFlags::empty())?;
            }
            None => self.timer.unset()?,
        }
        *set_for = deadline;
        Ok(())
    }

    /// Turns it off, after it has rung.
    fn clear(&self) {
        // Fails only when it has not rung.
        let _ = self.timer.wait();
        *lock(&self.set_for) = None;
    }
}
