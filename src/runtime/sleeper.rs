//! `Sleeper`: how the node's thread sleeps and is woken.

use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::sync::lock;
use crate::sys::Descriptor;
use crate::sys::poller::Poller;
use crate::sys::timer::DeadlineTimer;
use crate::sys::waker::Waker;

pub(crate) struct Sleeper {
    waker: Waker,
    /// Ends a sleep that a suspend has made too long, where the system has such a timer.
    timer: Mutex<Option<DeadlineTimer>>,
    /// Maximum length of a sleep. A closed descriptor does not end it, so this limits how late that is noticed.
    max_sleep: Duration,
}

impl Sleeper {
    pub fn new(max_sleep: Duration) -> io::Result<Self> {
        Ok(Sleeper { waker: Waker::new()?, timer: Mutex::new(DeadlineTimer::new()), max_sleep })
    }

    /// Ends the present sleep, or the next one.
    pub fn wake(&self) -> io::Result<()> {
        self.waker.set()
    }

    /// Sleeps until `poller` finds something at `descriptors`, until `deadline`, until `wake`, or for the maximum length. True if
    /// the time has passed.
    pub fn sleep(
        &self,
        poller: &mut Poller,
        descriptors: impl Iterator<Item = Descriptor>,
        deadline: Option<Instant>,
        now: impl Fn() -> Instant,
    ) -> io::Result<bool> {
        let start = now();
        let latest = start + self.max_sleep;
        let end = deadline.map_or(latest, |deadline| deadline.min(latest));
        let timer = self.set_timer(end, start)?;
        poller.watch(descriptors.chain([self.waker.descriptor()]).chain(timer));
        self.poll(poller, end.saturating_duration_since(start))?;
        Ok(now() >= end)
    }

    /// Looks for what there is at `descriptors`.
    pub fn look(&self, poller: &mut Poller, descriptors: impl Iterator<Item = Descriptor>) -> io::Result<()> {
        poller.watch(descriptors.chain([self.waker.descriptor()]));
        self.poll(poller, Duration::ZERO)
    }

    /// An error if another part of the program has closed a descriptor.
    pub fn check(&self) -> io::Result<()> {
        self.waker.check()?;
        lock(&self.timer).as_ref().map_or(Ok(()), DeadlineTimer::check)
    }

    /// True if `wake` works no more.
    pub fn is_lost(&self) -> bool {
        self.waker.check().is_err()
    }

    fn set_timer(&self, end: Instant, now: Instant) -> io::Result<Option<Descriptor>> {
        let mut timer = lock(&self.timer);
        let Some(timer) = &mut *timer else { return Ok(None) };
        timer.set(end, now)?;
        Ok(Some(timer.descriptor()))
    }

    fn poll(&self, poller: &mut Poller, timeout: Duration) -> io::Result<()> {
        poller.poll(timeout)?;
        match poller.at(self.waker.descriptor()).is_readable {
            true => self.waker.clear(),
            false => Ok(()),
        }
    }
}
