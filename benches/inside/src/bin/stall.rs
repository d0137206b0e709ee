//! The longest time that a node is held by one step: when all its peers fall silent at once, are asked, and expire, and when it
//! wakes from a sleep. It is processor time, for nobody else's turn is to be counted.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use peers_benches::announcements::Crowd;
use peers_benches::{EXPIRY, print_row};

const CROWDS: [usize; 2] = [65_536, 1_000_000];
const SLEEP: Duration = Duration::from_secs(3600);

fn main() {
    for peers in CROWDS {
        let mut crowd = Crowd::new(peers);
        crowd.now += SLEEP;
        let waking = step(&mut crowd);
        crowd.announce_all();

        let (mut asking, mut expiring) = (Duration::ZERO, Duration::ZERO);
        let end = crowd.now + EXPIRY;
        while crowd.node.peer_count() > 0 {
            crowd.now = crowd.node.poll_timeout().expect("there are peers to expire").max(crowd.now);
            let longest = if crowd.now < end { &mut asking } else { &mut expiring };
            *longest = step(&mut crowd).max(*longest);
        }
        for (what, longest) in [("asking", asking), ("expiring", expiring), ("waking", waking)] {
            print_row("longest step", "peers", peers, what, "ns", longest.as_nanos() as f64);
        }
    }
}

/// Lets the node do what is due, and returns how long it took.
fn step(crowd: &mut Crowd) -> Duration {
    let begin = processor_time();
    crowd.node.handle_timeout(crowd.now);
    let taken = processor_time() - begin;
    crowd.discard();
    taken
}

/// What this thread has used of it.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("the clock is there").into()
}
