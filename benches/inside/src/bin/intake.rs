//! Takes in the announcements of so many known peers so many times, for callgrind to count the instructions of.
//!
//!     intake PEERS ROUNDS

use peers_benches::announcements::Crowd;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<usize>().expect("a number"));
    let (peers, rounds) = (numbers.next().expect("PEERS"), numbers.next().expect("ROUNDS"));
    let mut crowd = Crowd::new(peers);
    for _ in 0..rounds {
        crowd.announce_all();
    }
    assert_eq!(crowd.node.counters().received, ((rounds + 1) * peers) as u64);
    assert_eq!(crowd.node.counters().stale, 0);
}
