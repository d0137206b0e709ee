//! The longest step of a node, in processor time: while entries are registered, when the node resumes after a suspend, and when
//! all peers stop at once, are probed, and expire.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use peers_benches::announcements::{Crowd, empty_node};
use peers_benches::{EXPIRY, VALUE, print_row};

const PEERS: usize = 65_536;
const SLEEP: Duration = Duration::from_secs(3600);

fn main() {
    let mut crowd = Crowd::new(PEERS);
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
    let rows =
        [("asking", asking), ("expiring", expiring), ("waking", waking), ("registering", registering())];
    for (what, longest) in rows {
        print_row("longest step", "peers", PEERS, what, "ns", longest.as_nanos() as f64);
    }
}

/// Registers entries in an empty node, and returns how long the longest call took: a table grows in it.
fn registering() -> Duration {
    let now = Instant::now();
    let mut node = empty_node(PEERS, now);
    let register = |number| {
        let key = format!("entry-{number}");
        let begin = processor_time();
        node.register(&key, &VALUE, None, now).expect("there is room");
        processor_time() - begin
    };
    (0..PEERS).map(register).max().expect("there are entries")
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
