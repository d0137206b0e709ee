//! `TimeSource`: the system's clock, or one that the caller advances.

use std::io;
use std::sync::Mutex;
use std::time::Instant;

use crate::sync::lock;
use crate::sys::clock::BootClock;

pub(crate) enum TimeSource {
    System(BootClock),
    Manual(Mutex<Instant>),
}

impl TimeSource {
    pub fn system() -> io::Result<Self> {
        Ok(TimeSource::System(BootClock::start()?))
    }

    pub fn manual() -> Self {
        TimeSource::Manual(Mutex::new(Instant::now()))
    }

    pub fn now(&self) -> Instant {
        match self {
            TimeSource::System(clock) => clock.now(),
            TimeSource::Manual(now) => *lock(now),
        }
    }

    /// Sets a manual clock. The system's clock cannot be set.
    pub fn set(&self, to: Instant) {
        if let TimeSource::Manual(now) = self {
            *lock(now) = to;
        }
    }

    pub fn is_manual(&self) -> bool {
        matches!(self, TimeSource::Manual(_))
    }
}
