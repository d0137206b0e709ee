//! Peers that multicast does not reach: seeds, and those who have the node for a seed.

use std::net::SocketAddr;

use peers_proto::wire::{self, Kind, Message};
use peers_proto::{Arrival, Destination, Key, Mode, Received, Settings, Source};

use crate::harness::*;

fn in_mode(mode: Mode) -> Settings {
    Settings { mode, legacy: false, ..settings() }
}

/// A node that has said what it says when it starts.
fn settled_in(mode: Mode) -> Bench {
    let mut bench = Bench::new(in_mode(mode));
    bench.run(ms(1000));
    bench
}

fn sent_to(sent: &[Sent], address: SocketAddr) -> Vec<&'static str> {
    let to = Destination::Peer { address, interface: 0 };
    sent.iter().filter(|sent| sent.to == to).map(|sent| sent.what).collect()
}

#[test]
fn silent_seed_is_queried_three_times_then_once_an_interval() {
    let mut bench = Bench::new(in_mode(Mode::Seeds));
    let seed = Remote::new("seed", 7).address;
    bench.node.set_seeds(&[seed], bench.now);
    let start = bench.run(ms(1000));
    assert_eq!(sent_to(&start, seed), ["query", "query", "query"]);
    assert_eq!(start.iter().map(|sent| sent.at).collect::<Vec<_>>(), [ms(0), ms(250), ms(1000)]);
    let steady = bench.run(10 * INTERVAL);
    let count = sent_to(&steady, seed).len();
    assert!((10..=12).contains(&count), "{count} datagrams in ten intervals");
    assert!(
        steady
            .iter()
            .all(|sent| sent.what == "query" && sent.to == Destination::Peer { address: seed, interface: 0 })
    );
    assert_eq!(
        (bench.names().len(), bench.node.is_not_receiving()),
        (0, false),
        "there is no group that could be silent"
    );
}

#[test]
fn answering_seed_is_a_peer_and_gets_unicast_copies() {
    let mut bench = settled_in(Mode::Seeds);
    let mut seed = Remote::new("seed", 7);
    bench.node.set_seeds(&[seed.address], bench.now);
    bench.sent();
    bench.hear_alone(&mut seed, Kind::Announce);
    assert_eq!(bench.node.peers(bench.now)[0].source, Source::Unicast);
    let sent = bench.run(ms(1000));
    assert_eq!(whats(&sent), ["probe"], "it has answered, and is validated at once");
    assert_eq!(bench.answer_probes(&mut seed, &sent), 1);

    bench.hear_alone(&mut seed, Kind::Announce);
    assert_eq!(sent_to(&bench.run(INTERVAL), seed.address), ["announce"]);
    bench.node.set_value(b"new", bench.now).expect("it fits");
    assert_eq!(sent_to(&bench.sent(), seed.address), ["announce"]);
    bench.node.stop(bench.now);
    assert_eq!(sent_to(&bench.run(ms(20)), seed.address), ["goodbye"; 3]);
}

#[test]
fn goodbye_reaches_a_seed_whose_answer_is_on_the_way() {
    let mut bench = Bench::new(in_mode(Mode::Seeds));
    let seed = Remote::new("seed", 7).address;
    bench.node.set_seeds(&[seed], bench.now);
    assert_eq!(sent_to(&bench.sent(), seed), ["query"]);
    bench.node.stop(bench.now);
    assert_eq!(sent_to(&bench.run(ms(20)), seed), ["goodbye"; 3]);
}

#[test]
fn goodbyes_to_silent_seeds_wait_in_the_room_of_queries() {
    let mut bench = Bench::new(in_mode(Mode::Seeds));
    let seeds: Vec<SocketAddr> = (1..=250).map(|last| ([192, 0, 2, last], 49002).into()).collect();
    bench.node.set_seeds(&seeds, bench.now);
    assert_eq!(whats(&bench.run(ms(0))).len(), 250);
    bench.node.stop(bench.now);
    // The room of 256 short messages is that of the send buffer, which a stop does not wait for.
    assert_eq!(whats(&bench.run(ms(20))), ["goodbye"; 6]);
}

#[test]
fn seed_that_answered_at_two_addresses_gets_copies_at_both() {
    let mut bench = settled_in(Mode::Seeds);
    let mut seed = Remote::new("seed", 7);
    let other = SocketAddr::from(([198, 51, 100, 7], 49002));
    bench.node.set_seeds(&[seed.address, other], bench.now);
    bench.sent();
    bench.hear_alone(&mut seed, Kind::Announce);
    assert_eq!(sent_to(&bench.run(INTERVAL), other)[0], "query", "it has not answered there");
    let bytes = seed.message(Kind::Announce);
    bench.node.handle_datagram(
        &bytes,
        Received { from: other, interface: 2, arrival: Arrival::Unicast, hops: Some(255) },
        bench.now,
    );
    bench.run(ms(500));
    for _ in 0..5 {
        bench.hear_alone(&mut seed, Kind::Announce);
        let sent = bench.run(INTERVAL);
        assert_eq!(
            (sent_to(&sent, seed.address), sent_to(&sent, other)),
            (vec!["announce"], vec!["announce"])
        );
    }
    bench.hear_alone(&mut seed, Kind::Goodbye);
    let sent = bench.run(INTERVAL);
    assert_eq!((sent_to(&sent, seed.address), sent_to(&sent, other)), (vec!["query"], vec!["query"]));
    let events = bench.events();
    assert_eq!((events.first(), events.last()), (Some(&"+seed".into()), Some(&"-seed (goodbye)".into())));
}

#[test]
fn who_has_the_node_for_a_seed_is_answered_told_and_asked() {
    let mut bench = settled_in(Mode::Seeds);
    let mut guest = Remote { to_seed: true, ..Remote::new("guest", 9) };
    bench.hear_alone(&mut guest, Kind::Query);
    assert_eq!(whats(&bench.sent()), ["announce"]);
    assert_eq!(bench.events(), ["+guest"]);
    bench.run(ms(100));
    bench.hear_alone(&mut guest, Kind::Announce);
    let sent = bench.sent();
    assert_eq!(bench.answer_probes(&mut guest, &sent), 1);
    assert_eq!(sent_to(&bench.run(INTERVAL), guest.address), ["announce"]);
    let asked = bench.run(EXPIRY);
    assert!(asked.iter().filter(|sent| sent.what == "probe").count() >= 3, "it fell silent");
    assert_eq!(bench.events(), ["-guest (expired)"]);
    assert_eq!(bench.run(2 * INTERVAL), [], "nobody is left to be told");
}

#[test]
fn seeds_mode_sends_nothing_to_the_group_and_has_no_watchdog() {
    let mut bench = Bench::new(Settings { legacy: true, ..in_mode(Mode::Seeds) });
    let sent = bench.run(10 * INTERVAL);
    assert_eq!(sent, []);
    assert!(!bench.node.poll_reopen() && !bench.node.is_not_receiving());
}

#[test]
fn peer_reached_by_the_group_gets_no_copies() {
    let mut bench = settled_in(Mode::MulticastAndSeeds);
    let mut near = Remote::new("near", 7);
    let mut far = Remote { to_seed: true, ..Remote::new("far", 9) };
    bench.hear(&mut near, Kind::Announce);
    bench.hear_alone(&mut far, Kind::Query);
    assert_eq!(bench.events(), ["+near", "+far"]);
    let sources: Vec<Source> = bench.node.peers(bench.now).iter().map(|peer| peer.source).collect();
    assert_eq!(sources, [Source::Unicast, Source::Multicast]);
    bench.sent();
    bench.node.set_value(b"new", bench.now).expect("it fits");
    let sent = bench.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!((sent[0].to, sent_to(&sent, far.address)), (Destination::Group, vec!["announce"]));
}

#[test]
fn copy_by_the_group_shows_that_multicast_reaches_the_node() {
    let mut bench = settled_in(Mode::MulticastAndSeeds);
    let mut near = Remote { to_seed: true, ..Remote::new("near", 7) };
    let bytes = near.message(Kind::Announce);
    bench.node.handle_datagram(
        &bytes,
        Received { from: near.address, interface: 2, arrival: Arrival::Unicast, hops: Some(255) },
        bench.now,
    );
    bench.hear_bytes(&bytes, near.address);
    assert_eq!(bench.events(), ["+near", "~near"]);
    bench.hear_bytes(&bytes, near.address);
    assert_eq!(bench.events(), [] as [&str; 0]);
}

#[test]
fn who_only_pretends_to_be_there_has_no_more_sent_than_it_sends() {
    let mut bench = Bench::new(Settings { value: vec![7; 1000], ..in_mode(Mode::Seeds) });
    let mut heard = 0;
    for number in 0..500_u16 {
        let mut forged = Remote { to_seed: true, ..Remote::new(&format!("forged{number}"), 9) };
        forged.id[..2].copy_from_slice(&number.to_be_bytes());
        forged.address.set_port(10_000 + number);
        let bytes = forged.message(Kind::Announce);
        heard += bytes.len();
        bench.node.handle_datagram(
            &bytes,
            Received { from: forged.address, interface: 2, arrival: Arrival::Unicast, hops: Some(255) },
            bench.now,
        );
    }
    let sent: usize = bench.run(2 * EXPIRY).iter().map(|sent| sent.bytes.len()).sum();
    assert!(sent <= 3 * heard, "{sent} bytes for {heard}");
    assert!(sent > heard, "and all are probed");
}

#[test]
fn a_question_of_one_is_not_answered_to_all() {
    let mut bench = settled_in(Mode::MulticastAndSeeds);
    let mut guest = Remote { to_seed: true, ..Remote::new("guest", 9) };
    guest.sequence = 1;
    let query = wire::encode(Kind::Query, &wire::Announcement { answer_to_group: true, ..guest.about() });
    bench.node.handle_datagram(
        &query,
        Received { from: guest.address, interface: 2, arrival: Arrival::Unicast, hops: Some(255) },
        bench.now,
    );
    assert_eq!(bench.run(ms(100)).iter().map(|sent| sent.to).collect::<Vec<_>>(), [guest.to()]);
}

#[test]
fn seeds_have_no_meaning_for_a_node_that_takes_none() {
    let mut bench = settled_in(Mode::Multicast);
    bench.node.set_seeds(&[Remote::new("seed", 7).address], bench.now);
    assert!(!bench.node.takes_seeds());
    assert_eq!(unicasts(&bench.run(10 * INTERVAL)), []);
}

#[test]
fn strangers_with_keys_meet_by_a_seed_with_all_sealed() {
    let keyed = |id, seed| Settings {
        id,
        keys: vec![Key::new([3; 32])],
        secret_seed: Key::new([seed; 32]),
        name: format!("{seed}"),
        ..in_mode(Mode::Seeds)
    };
    let places: [SocketAddr; 2] = [([192, 0, 2, 1], 49002).into(), ([198, 51, 100, 1], 49002).into()];
    let mut nodes = [Bench::new(keyed([1; 16], 1)), Bench::new(keyed([2; 16], 2))];
    let now = nodes[0].now;
    nodes[0].node.set_seeds(&places[1..], now);
    for _ in 0..3 {
        for from in [0, 1] {
            for sent in nodes[from].sent() {
                assert!(matches!(sent.to, Destination::Peer { address, .. } if address == places[1 - from]));
                assert!(matches!(wire::decode(&sent.bytes), Ok(Message::Sealed)));
                let now = nodes[1 - from].now;
                nodes[1 - from].node.handle_datagram(
                    &sent.bytes,
                    Received { from: places[from], interface: 2, arrival: Arrival::Unicast, hops: Some(255) },
                    now,
                );
            }
        }
    }
    assert_eq!((nodes[0].names(), nodes[1].names()), (vec!["2".to_owned()], vec!["1".to_owned()]));
}
