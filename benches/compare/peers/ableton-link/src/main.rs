//! Ableton Link as a peer of the comparison: `compare-ableton-link NAME ADDRESS`, with its defaults. Link reports only the number
//! of peers in the session, so every peer has the same name here. What the lines mean is in benches/compare/README.md.

use std::error::Error;
use std::io::stdin;
use std::sync::atomic::{AtomicU64, Ordering};

use rusty_link::AblLink;

const ANY_PEER: &str = "peer";
const TEMPO: f64 = 120.0;
/// Peers in the session. The callback has no state of its own, because rusty_link keeps a pointer to a closure that is gone.
static KNOWN: AtomicU64 = AtomicU64::new(0);

fn main() -> Result<(), Box<dyn Error>> {
    println!("ready");
    let mut commands = stdin().lines();
    commands.next();
    let link = AblLink::new(TEMPO);
    link.set_num_peers_callback(tell);
    link.enable(true);
    println!("started {ANY_PEER}");
    commands.next();
    link.enable(false);
    Ok(())
}

/// Prints a line for each peer that the number rises or falls by.
fn tell(peers: u64) {
    let known = KNOWN.swap(peers, Ordering::Relaxed);
    (known..peers).for_each(|_| println!("joined {ANY_PEER}"));
    (peers..known).for_each(|_| println!("left {ANY_PEER}"));
}
