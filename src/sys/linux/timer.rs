//! `DeadlineTimer`: a descriptor that is readable from a deadline on, also if the machine was suspended meanwhile: the timeout
//! of `poll` stands still then.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::time::{Duration, Instant};

use crate::sys::socket::closed_elsewhere;
use crate::sys::{Descriptor, random};

/// Far enough away that it never comes.
const DECADES: Duration = Duration::from_secs(1 << 30);

pub struct DeadlineTimer {
    descriptor: Descriptor,
    /// The interval of the timer: decades, and a random part that no other timer has. All timers share one inode, so this is
    /// the identity.
    mark: Duration,
    set_for: Option<Instant>,
}

impl DeadlineTimer {
    /// Returns `None` where the system gives no such timer. The timeout of the poll then has to do.
    pub fn new() -> Option<Self> {
        let spread = Duration::from_nanos(u64::from_ne_bytes(random().ok()?) >> 4);
        // SAFETY: the call takes numbers only.
        let descriptor =
            unsafe { libc::timerfd_create(libc::CLOCK_BOOTTIME, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) };
        (descriptor >= 0)
            .then(|| {
                let timer = DeadlineTimer { descriptor, mark: DECADES + spread, set_for: None };
                timer.start(DECADES).map(|()| timer)
            })?
            .ok()
    }

    /// Sets it for `deadline`, unless it is set for that already.
    ///
    /// # Errors
    /// Another part of the program has closed it.
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

    /// An error if another part of the program has closed it.
    pub fn check(&self) -> io::Result<()> {
        let mut setting = MaybeUninit::<libc::itimerspec>::uninit();
        // SAFETY: `setting` has room for what the system writes. The number may be another file's: then the call fails.
        if unsafe { libc::timerfd_gettime(self.descriptor, setting.as_mut_ptr()) } != 0 {
            return Err(closed_elsewhere());
        }
        // SAFETY: the call succeeded, and has written all of it.
        let interval = unsafe { setting.assume_init() }.it_interval;
        match (interval.tv_sec, interval.tv_nsec) == (timespec(self.mark).tv_sec, timespec(self.mark).tv_nsec)
        {
            true => Ok(()),
            false => Err(closed_elsewhere()),
        }
    }

    pub fn descriptor(&self) -> Descriptor {
        self.descriptor
    }

    fn start(&self, left: Duration) -> io::Result<()> {
        // A time of zero would turn it off.
        let value = timespec(left.max(Duration::from_nanos(1)));
        let setting = libc::itimerspec { it_interval: timespec(self.mark), it_value: value };
        // SAFETY: `setting` outlives the call.
        match unsafe { libc::timerfd_settime(self.descriptor, 0, &setting, ptr::null_mut()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for DeadlineTimer {
    fn drop(&mut self) {
        if self.check().is_ok() {
            // SAFETY: the descriptor is this timer's own, and is not used after this.
            unsafe { libc::close(self.descriptor) };
        }
    }
}

fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec { tv_sec: duration.as_secs() as _, tv_nsec: duration.subsec_nanos() as _ }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poller::Poller;

    #[test]
    fn a_timer_is_readable_from_its_deadline_until_it_is_set_again() {
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

    #[test]
    fn another_timer_under_its_number_is_neither_set_nor_closed() {
        let mut timer = DeadlineTimer::new().expect("Linux has them");
        let other = DeadlineTimer::new().expect("Linux has them");
        let (number, now) = (timer.descriptor(), Instant::now());
        // SAFETY: both numbers are open; the test alone uses them.
        assert_eq!(unsafe { libc::dup2(other.descriptor(), number) }, number);
        assert!(timer.set(now, now).is_err());
        let mut poller = Poller::default();
        poller.watch([number]);
        poller.poll(Duration::ZERO).expect("it is open");
        assert!(!poller.at(number).is_readable, "the other timer was set");
        drop(timer);
        // SAFETY: the number is the test's own since the call of dup2.
        assert_eq!(unsafe { libc::close(number) }, 0, "the other timer was closed");
    }
}
