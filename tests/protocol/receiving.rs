//! The times of section 7: how long a node lists and remembers others.

use std::time::Duration;

use peers::core::Arrival;
use peers::core::wire::Kind;

use crate::clockwork::{Clockwork, Remote, ms};
use crate::number;

#[test]
fn the_life_of_a_peer_is_clamped_as_the_specification_says() {
    for (expiry, name) in [(Duration::ZERO, "LIFE_MIN"), (Duration::MAX, "LIFE_MAX")] {
        let mut clockwork = Clockwork::new();
        clockwork.hear_announce(&mut Remote { expiry, ..Remote::new(1) });
        let peers = clockwork.node.peers(clockwork.now);
        assert_eq!(peers[0].expires_in, ms(number(name)), "{name}");
    }
}

#[test]
fn who_is_gone_is_remembered_for_the_expiry_and_no_less_than_the_specification_says() {
    let least = ms(number("DEPARTED_MIN"));
    for (expiry, memory) in [(ms(30), least), (2 * least, 2 * least)] {
        for (wait, is_listed) in [(memory - ms(1), false), (memory, true)] {
            let mut clockwork = Clockwork::with_times(expiry / 3, expiry);
            let mut peer = Remote { expiry: ms(60_000), ..Remote::new(1) };
            let late = peer.message(Kind::Announce);
            clockwork.hear(&mut peer, Kind::Goodbye, Arrival::Group);
            clockwork.run(wait);
            clockwork.node.handle_timeout(clockwork.now);
            clockwork.hear_bytes(&late, ([192, 0, 2, 2], 50_000).into(), Arrival::Group);
            assert_eq!(clockwork.node.peer_count() == 1, is_listed, "{expiry:?}, after {wait:?}");
        }
    }
}
