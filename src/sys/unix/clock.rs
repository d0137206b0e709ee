//! `BootClock`: the system's clock that goes on while the machine is suspended. `Instant` stands still then, so that peers
//! would stay listed for the length of the suspend.

use std::io;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

#[cfg(target_os = "linux")]
const ID: ClockId = ClockId::CLOCK_BOOTTIME;
// On Linux CLOCK_MONOTONIC stands still in a suspend, on macOS it goes on.
#[cfg(target_os = "macos")]
const ID: ClockId = ClockId::CLOCK_MONOTONIC;

pub struct BootClock {
    start: Instant,
    /// Reading of the system's clock at `start`.
    at_start: Duration,
}

impl BootClock {
    pub fn start() -> io::Result<Self> {
        Ok(BootClock { start: Instant::now(), at_start: since_boot()? })
    }

    pub fn now(&self) -> Instant {
        self.start + since_boot().expect("the clock was there at the start").saturating_sub(self.at_start)
    }
}

fn since_boot() -> io::Result<Duration> {
    Ok(clock_gettime(ID)?.into())
}
