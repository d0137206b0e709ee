//! `Clock`: the system's clock that goes on while the machine sleeps, which `Instant` does not: a peer that fell silent
//! meanwhile has been silent for all that time.

use std::io;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

#[cfg(target_os = "linux")]
const ID: ClockId = ClockId::CLOCK_BOOTTIME;
// Not so on Linux, where it stands still.
#[cfg(target_os = "macos")]
const ID: ClockId = ClockId::CLOCK_MONOTONIC;

pub struct Clock {
    start: Instant,
    /// What the system's clock showed at `start`.
    at_start: Duration,
}

impl Clock {
    pub fn start() -> io::Result<Self> {
        Ok(Clock { start: Instant::now(), at_start: since_boot()? })
    }

    pub fn now(&self) -> Instant {
        self.start + since_boot().expect("the clock was there at the start").saturating_sub(self.at_start)
    }
}

fn since_boot() -> io::Result<Duration> {
    Ok(clock_gettime(ID)?.into())
}
