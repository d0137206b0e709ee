//! The longest time that a node is held by one step, when all its peers fall silent at once, are asked, and expire.

use std::time::{Duration, Instant};

use peers_benches::announcements::Crowd;
use peers_benches::{EXPIRY, print_row};

const CROWDS: [usize; 2] = [65_536, 1_000_000];

fn main() {
    for peers in CROWDS {
        let mut crowd = Crowd::new(peers);
        let (mut asking, mut expiring) = (Duration::ZERO, Duration::ZERO);
        let end = crowd.now + EXPIRY;
        while crowd.node.peer_count() > 0 {
            crowd.now = crowd.node.poll_timeout().expect("there are peers to expire").max(crowd.now);
            let begin = Instant::now();
            crowd.node.handle_timeout(crowd.now);
            let longest = if crowd.now < end { &mut asking } else { &mut expiring };
            *longest = begin.elapsed().max(*longest);
            while crowd.node.poll_transmit().is_some() {}
            while crowd.node.poll_event().is_some() {}
        }
        for (what, longest) in [("asking", asking), ("expiring", expiring)] {
            print_row("longest step", "peers", peers, what, "ns", longest.as_nanos() as f64);
        }
    }
}
