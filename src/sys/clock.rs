//! `BootClock`: a clock that goes on while the machine is suspended. `Instant` stands still then on Linux and macOS, so that
//! peers would stay listed for the length of the suspend.

use std::io;
use std::time::{Duration, Instant};

pub(crate) struct BootClock {
    start: Instant,
    /// Reading of the system's clock at `start`.
    at_start: Duration,
}

impl BootClock {
    pub fn start() -> io::Result<Self> {
        Ok(BootClock { start: Instant::now(), at_start: since_boot()? })
    }

    pub fn now(&self) -> Instant {
        match cfg!(windows) {
            // Its counter goes on.
            true => Instant::now(),
            false => {
                let since_boot = since_boot().expect("the clock was there at the start");
                self.start + since_boot.saturating_sub(self.at_start)
            }
        }
    }
}

#[cfg(unix)]
fn since_boot() -> io::Result<Duration> {
    use nix::time::{ClockId, clock_gettime};
    // CLOCK_MONOTONIC stands still in a suspend on Linux, and goes on on macOS. FreeBSD promises neither.
    #[cfg(linux_kernel)]
    const ID: ClockId = ClockId::CLOCK_BOOTTIME;
    #[cfg(not(linux_kernel))]
    const ID: ClockId = ClockId::CLOCK_MONOTONIC;
    Ok(clock_gettime(ID)?.into())
}

#[cfg(windows)]
fn since_boot() -> io::Result<Duration> {
    Ok(Duration::ZERO)
}
