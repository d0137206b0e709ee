//! `DeadlineTimer`: a descriptor that is readable from a deadline on, also if the machine was suspended meanwhile: the timeout
//! of `poll` stands still then. Linux alone has it.

#[cfg(linux_kernel)]
pub(crate) use linux::DeadlineTimer;
#[cfg(not(linux_kernel))]
pub(crate) use none::DeadlineTimer;

#[cfg(linux_kernel)]
mod linux {
    use std::io;
    use std::mem::ManuallyDrop;
    use std::os::fd::{AsFd, AsRawFd};
    use std::time::{Duration, Instant};

    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

    use crate::sys::socket::closed_elsewhere;
    use crate::sys::{Descriptor, random};

    /// Far enough away that it never comes.
    const DECADES: Duration = Duration::from_secs(1 << 30);

    /// The interval of a timer, of 34 to 53 years. The seconds of a system of 32 bits end at 68 years, and it refuses more.
    pub fn mark(random: u64) -> Duration {
        DECADES + Duration::from_nanos(random >> 5)
    }

    pub struct DeadlineTimer {
        timer: ManuallyDrop<TimerFd>,
        /// The interval of the timer: decades, and a random part that no other timer has. All timers share one inode, so this
        /// is the identity.
        mark: Duration,
        set_for: Option<Instant>,
    }

    impl DeadlineTimer {
        /// # Errors
        /// The system gives no such timer, as Linux before 3.15. The timeout of the poll then has to do.
        pub fn new() -> io::Result<Self> {
            let mark = mark(u64::from_ne_bytes(random()?));
            let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
            let timer = ManuallyDrop::new(TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?);
            let timer = DeadlineTimer { timer, mark, set_for: None };
            timer.start(DECADES)?;
            Ok(timer)
        }

        /// Sets it for `deadline`, unless it is set for that already.
        ///
        /// # Errors
        /// Another part of the program has closed it, or the system refuses a call.
        pub fn set(&mut self, deadline: Instant, now: Instant) -> io::Result<()> {
            // One that has passed is set again, or the descriptor would stay readable.
            if self.set_for == Some(deadline) && now < deadline {
                return Ok(());
            }
            self.check()?;
            self.start(deadline.saturating_duration_since(now))?;
            self.set_for = Some(deadline);
            Ok(())
        }

        fn check(&self) -> io::Result<()> {
            match self.timer.get()? {
                Some(Expiration::IntervalDelayed(_, mark)) if Duration::from(mark) == self.mark => Ok(()),
                _ => Err(closed_elsewhere()),
            }
        }

        pub fn descriptor(&self) -> Descriptor {
            self.timer.as_fd().as_raw_fd()
        }

        fn start(&self, left: Duration) -> io::Result<()> {
            // A time of zero would turn it off.
            let left = left.max(Duration::from_nanos(1));
            let expiration = Expiration::IntervalDelayed(left.into(), self.mark.into());
            Ok(self.timer.set(expiration, TimerSetTimeFlags::empty())?)
        }
    }

    impl Drop for DeadlineTimer {
        fn drop(&mut self) {
            if self.check().is_ok() {
                // SAFETY: the timer is not used after this.
                unsafe { ManuallyDrop::drop(&mut self.timer) };
            }
        }
    }
}

#[cfg(not(linux_kernel))]
mod none {
    use std::io;
    use std::time::Instant;

    use crate::sys::Descriptor;

    /// After a suspend the node may run late, by up to one wait.
    pub enum DeadlineTimer {}

    impl DeadlineTimer {
        pub fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub fn set(&mut self, _: Instant, _: Instant) -> io::Result<()> {
            match *self {}
        }

        pub fn descriptor(&self) -> Descriptor {
            match *self {}
        }
    }
}

#[cfg(all(test, linux_kernel))]
mod tests {
    use std::time::{Duration, Instant};

    use super::linux::mark;
    use super::*;
    use crate::sys::poller::Poller;

    #[test]
    fn a_mark_fits_into_the_seconds_of_32_bits() {
        assert!(i32::try_from(mark(u64::MAX).as_secs()).is_ok());
        assert!(i32::try_from(mark(0).as_secs()).is_ok());
    }

    #[test]
    fn a_timer_is_readable_from_its_deadline_on() {
        let mut timer = DeadlineTimer::new().expect("Linux has them");
        let (start, mut poller) = (Instant::now(), Poller::default());
        let deadline = start + Duration::from_micros(20_500);
        timer.set(deadline, start).expect("it is open");
        poller.watch([timer.descriptor()]);
        poller.poll(Duration::from_secs(10)).expect("it is open");
        assert!(poller.at(timer.descriptor()).is_readable);
        assert!(Instant::now() >= deadline);
        timer.set(deadline + Duration::from_secs(60), deadline).expect("it is open");
        poller.watch([timer.descriptor()]);
        poller.poll(Duration::ZERO).expect("it is open");
        assert!(!poller.at(timer.descriptor()).is_readable);
    }
}
