//! The times and rules of section 7: how long a node lists and remembers others, and whose a message or a line is.

use std::time::Duration;

use peers_proto::wire::{self, Kind};
use peers_proto::{Arrival, PORT, Settings, Source};

use super::clockwork::{Clockwork, Remote, ms};
use super::{number, numbers};

#[test]
fn the_lifetime_of_a_peer_is_clamped_as_the_specification_says() {
    let mut clockwork = Clockwork::with_times(ms(1000), ms(number("LIFETIME_MAX")));
    for (number_of_peer, expiry, name) in
        [(1, Duration::ZERO, "LIFETIME_MIN"), (2, Duration::MAX, "LIFETIME_MAX")]
    {
        clockwork.hear_announce(&mut Remote { expiry, ..Remote::new(number_of_peer) });
        let peers = clockwork.node.peers(clockwork.now);
        assert_eq!(peers[0].expires_in, ms(number(name)), "{name}");
        clockwork.run(ms(number("LIFETIME_MIN")));
    }
}

#[test]
fn tombstone_lasts_for_the_expiry_and_at_least_its_minimum() {
    let least = ms(number("TOMBSTONE_MIN"));
    for (expiry, memory) in [(ms(30), least), (2 * least, 2 * least)] {
        for (wait, is_listed) in [(memory - ms(1), false), (memory, true)] {
            let mut clockwork = Clockwork::with_times(expiry / 3, expiry);
            let mut peer = Remote { expiry: ms(60_000), ..Remote::new(1) };
            let late = peer.message(Kind::Announce);
            clockwork.hear(&mut peer, Kind::Announce, Arrival::Group);
            clockwork.hear(&mut peer, Kind::Goodbye, Arrival::Group);
            clockwork.run(wait);
            clockwork.node.handle_timeout(clockwork.now);
            clockwork.hear_bytes(&late, ([192, 0, 2, 2], 50_000).into(), Arrival::Group);
            assert_eq!(clockwork.node.peer_count() == 1, is_listed, "{expiry:?}, after {wait:?}");
        }
    }
}

#[test]
fn copy_of_a_message_ends_a_suspicion_and_renews_nothing() {
    let mut clockwork = Clockwork::settled();
    let mut peer = Remote::new(1);
    let message = peer.message(Kind::Query);
    clockwork.hear_bytes(&message, peer.address(), Arrival::Group);
    clockwork.run(ms(number("EXPIRY") * numbers("PROBE_PARTS")[0] / 100));
    clockwork.hear_bytes(&message, peer.address(), Arrival::Group);
    let asked = clockwork.run(ms(number("PROBE_GAP")));
    assert_eq!(asked.iter().filter(|sent| sent.is_probe()).count(), 1);

    let message = peer.message(Kind::Announce);
    clockwork.hear_bytes(&message, ([192, 0, 2, 2], 50_000).into(), Arrival::Group);
    clockwork.hear_bytes(&message, peer.address(), Arrival::Group);
    let asked = clockwork.run(ms(number("SUSPECT_DELAY")));
    assert!(!asked.iter().any(|sent| sent.is_probe()));
}

#[test]
fn beacon_of_a_peers_name_is_legacy_from_the_group_port_alone() {
    let groups_port = PORT;
    let line = wire::encode_legacy("peer");
    for (port, listed) in
        [(groups_port, vec![Source::Multicast, Source::Legacy]), (40_000, vec![Source::Multicast])]
    {
        for is_line_first in [true, false] {
            let mut clockwork = Clockwork::with(|settings| Settings { legacy: true, ..settings });
            let mut peer = Remote::new(1);
            if is_line_first {
                clockwork.hear_bytes(&line, ([198, 18, 0, 1], port).into(), Arrival::Group);
            }
            clockwork.hear_announce(&mut peer);
            if !is_line_first {
                clockwork.hear_bytes(&line, ([198, 18, 0, 1], port).into(), Arrival::Group);
            }
            let mut sources: Vec<Source> =
                clockwork.node.peers(clockwork.now).iter().map(|peer| peer.source).collect();
            sources.sort_by_key(|source| *source != Source::Multicast);
            assert_eq!(sources, listed, "from {port}, the line first: {is_line_first}");
        }
    }
}
