//! `TimeSource`: the system's clock, or one that stands still until it is told.

use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use super::lock;

pub(super) enum TimeSource {
    /// The system's clock that goes on while the machine sleeps, which `Instant` does not: a peer that fell silent
    /// meanwhile has been silent for all that time.
    System {
        start: Instant,
        /// What that clock showed at `start`.
        at_start: Duration,
    },
    Manual(Mutex<Instant>),
}

impl TimeSource {
    pub fn system() -> io::Result<Self> {
        Ok(TimeSource::System { start: Instant::now(), at_start: since_boot()? })
    }

    pub fn manual() -> Self {
        TimeSource::Manual(Mutex::new(Instant::now()))
    }

    pub fn now(&self) -> Instant {
        match self {
            TimeSource::System { start, at_start } => {
                *start + since_boot().expect("the clock was there at the start").saturating_sub(*at_start)
            }
            TimeSource::Manual(now) => *lock(now),
        }
    }

    /// Sets a manual clock; the system's stays as it is.
    pub fn set(&self, to: Instant) {
        if let TimeSource::Manual(now) = self {
            *lock(now) = to;
        }
    }

    pub fn is_manual(&self) -> bool {
        matches!(self, TimeSource::Manual(_))
    }
}

fn since_boot() -> io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_BOOTTIME)?.into())
}
