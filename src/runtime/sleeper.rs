//! `Sleeper`: how the node's thread sleeps and is woken.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::sync::{lock, try_lock};
use crate::sys::optional::{self, Refusals};
use crate::sys::poller::Poller;
use crate::sys::timer::DeadlineTimer;
use crate::sys::waker::Waker;
use crate::sys::{Descriptor, Identity};

/// What has ended a sleep.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The time has passed.
    Late,
    /// A call of `wake`.
    Called,
    /// One of the descriptors.
    Found,
}

/// A sleep that has ended.
pub(crate) struct Nap {
    pub woken: Woken,
    pub length: Duration,
}

pub(crate) struct Sleeper {
    waker: Waker,
    /// Ends a sleep that a suspend has made too long, where the system has such a timer.
    timer: Mutex<Option<DeadlineTimer>>,
    /// Maximum length of a sleep. A closed descriptor does not end it, so this limits how late that is noticed.
    max_sleep: Duration,
    refusals: Arc<Refusals>,
}

impl Sleeper {
    pub fn new(max_sleep: Duration, refusals: Arc<Refusals>) -> io::Result<Self> {
        // First the descriptors that it cannot do without.
        let waker = Waker::new()?;
        let timer = match cfg!(linux_kernel) {
            true => refusals.settle(optional::TIMER, DeadlineTimer::new()),
            // No such system has one.
            false => None,
        };
        Ok(Sleeper { waker, timer: Mutex::new(timer), max_sleep, refusals })
    }

    /// Ends the present sleep, or the next one.
    pub fn wake(&self) -> io::Result<()> {
        self.tolerate(self.waker.set()).map(drop)
    }

    /// Sleeps until `poller` finds something at `descriptors`, until `deadline`, until `wake`, or for the maximum length.
    pub fn sleep(
        &self,
        poller: &mut Poller,
        descriptors: impl Iterator<Item = Descriptor>,
        deadline: Option<Instant>,
        now: impl Fn() -> Instant,
    ) -> io::Result<Nap> {
        let start = now();
        let latest = start + self.max_sleep;
        let end = deadline.map_or(latest, |deadline| deadline.min(latest));
        let timer = self.set_timer(end, start);
        poller.watch(descriptors.chain([self.waker.descriptor()]).chain(timer));
        let is_called = self.poll(poller, end.saturating_duration_since(start))?;
        let ended = now();
        let woken = match is_called {
            _ if ended >= end => Woken::Late,
            true => Woken::Called,
            false => Woken::Found,
        };
        Ok(Nap { woken, length: ended.saturating_duration_since(start) })
    }

    /// Looks for what there is at `descriptors`.
    pub fn look(&self, poller: &mut Poller, descriptors: impl Iterator<Item = Descriptor>) -> io::Result<()> {
        poller.watch(descriptors.chain([self.waker.descriptor()]));
        self.poll(poller, Duration::ZERO).map(drop)
    }

    /// An error if another part of the program has closed a descriptor.
    pub fn check(&self) -> io::Result<()> {
        match Identity::of(self.waker.descriptor()) {
            Err(error) if Identity::is_closed(&error) => {}
            found => drop(self.refusals.settle(optional::IDENTITY, found)),
        }
        self.waker.check()
    }

    /// True if `wake` works no more.
    pub fn is_lost(&self) -> bool {
        self.waker.check().is_err()
    }

    /// Sets the timer. One that fails is left out from now on: the timeout of the poll is enough without a suspend.
    fn set_timer(&self, end: Instant, now: Instant) -> Option<Descriptor> {
        let mut slot = lock(&self.timer);
        let timer = slot.as_mut()?;
        let set = timer.set(end, now);
        let descriptor = timer.descriptor();
        match self.refusals.settle(optional::TIMER, set) {
            Some(()) => Some(descriptor),
            None => {
                *slot = None;
                None
            }
        }
    }

    /// Closes its descriptors, if no thread uses them. It works no more.
    pub fn close(&self) {
        self.waker.close();
        if let Some(mut timer) = try_lock(&self.timer) {
            *timer = None;
        }
    }

    /// Polls. True if `wake` was called.
    fn poll(&self, poller: &mut Poller, timeout: Duration) -> io::Result<bool> {
        poller.poll(timeout)?;
        self.refusals.settle(optional::POLL, poller.outcome());
        match poller.at(self.waker.descriptor()).is_readable {
            true => self.tolerate(self.waker.clear()),
            false => Ok(false),
        }
    }

    /// Notes an error of the system at the waker, which costs time alone. Another error is that of a closed descriptor. True if
    /// there was none.
    fn tolerate(&self, result: io::Result<()>) -> io::Result<bool> {
        match result {
            Err(error) if error.raw_os_error().is_none() => Err(error),
            result => Ok(self.refusals.settle(optional::WAKER, result).is_some()),
        }
    }
}
