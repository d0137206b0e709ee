//! `Conditions`: what the network does to a datagram on its way to one receiver.

use std::time::Duration;

use fastrand::Rng;

/// Delays are drawn from this many values, so that the deliveries of one datagram to a thousand receivers are few
/// entries in the queue.
const DELAY_STEPS: u32 = 16;

/// What happens to datagrams, each receiver's copy for itself.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    /// The part of them that is lost, from 0 to 1.
    pub loss: f64,
    /// The part that arrives twice.
    pub duplication: f64,
    /// The delay is at least this ...
    pub shortest_delay: Duration,
    /// ... and at most this.
    pub longest_delay: Duration,
    /// The part that comes late, after others that were sent later.
    pub straggling: f64,
    /// By how much it is late, at most.
    pub longest_lateness: Duration,
}

impl Conditions {
    /// A local network with nothing wrong.
    pub const PERFECT: Conditions = Conditions {
        loss: 0.0,
        duplication: 0.0,
        shortest_delay: Duration::from_micros(100),
        longest_delay: Duration::from_micros(900),
        straggling: 0.0,
        longest_lateness: Duration::ZERO,
    };

    /// A local network that loses this part of all datagrams.
    pub fn losing(loss: f64) -> Self {
        Conditions { loss, ..Self::PERFECT }
    }

    /// After what time a receiver gets its copy, or copies; none if it is lost.
    pub fn draw(&self, rng: &mut Rng) -> impl Iterator<Item = Duration> + use<> {
        let arrives = !happens(self.loss, rng);
        let first = arrives.then(|| self.draw_delay(rng));
        let second = (arrives && happens(self.duplication, rng)).then(|| self.draw_delay(rng));
        first.into_iter().chain(second)
    }

    fn draw_delay(&self, rng: &mut Rng) -> Duration {
        let range = self.longest_delay - self.shortest_delay;
        let delay = self.shortest_delay + range * rng.u32(0..=DELAY_STEPS) / DELAY_STEPS;
        match happens(self.straggling, rng) {
            true => delay + self.longest_lateness.mul_f64(rng.f64()),
            false => delay,
        }
    }
}

/// True in this part of all cases. What never happens costs no random number.
fn happens(part: f64, rng: &mut Rng) -> bool {
    part > 0.0 && rng.f64() < part
}
