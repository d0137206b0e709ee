//! The times and counts of section 5: when a node speaks, answers and asks.

use std::collections::BTreeSet;
use std::time::Duration;

use peers_proto::Arrival;
use peers_proto::wire::Kind;

use super::clockwork::{Clockwork, Remote, What, gaps, ms, times};
use super::{constant, number, numbers};

fn millis(name: &str) -> Duration {
    ms(number(name))
}

/// The spread of the answers for so many peers.
fn spread(peers: u64) -> Duration {
    let (each, _unit) = constant("SPREAD").split_once(' ').expect("a number and its unit");
    let each: f64 = each.parse().expect("a number");
    Duration::from_secs_f64(each * peers as f64 / 1000.0)
}

#[test]
fn start_sends_a_burst_and_then_an_announce_each_interval() {
    let sent = Clockwork::new().run(ms(60_000));
    let queries = times(&sent, |sent| sent.what == What::Native(Kind::Query));
    assert_eq!(queries, numbers("BURST").into_iter().map(ms).collect::<Vec<_>>());
    let group = times(&sent, |_| true);
    let interval = millis("INTERVAL");
    let shortest = interval - interval * number("JITTER") as u32 / 100;
    for gap in gaps(&group[queries.len() - 1..]) {
        assert!((shortest..=interval).contains(&gap), "{group:?}");
    }
}

#[test]
fn bursts_that_take_one_anothers_place_come_less_and_less_often() {
    let mut clockwork = Clockwork::settled();
    let mut sent = Vec::new();
    for _ in 0..2000 {
        clockwork.node.handle_network_change(clockwork.now);
        sent.extend(clockwork.run(ms(10)));
    }
    // The first gap is that of a burst after one that was through, long ago here.
    let expected: Vec<Duration> = numbers("BURST_GAPS").into_iter().skip(1).map(ms).collect();
    let found = gaps(&times(&sent, |sent| sent.is_group_query()));
    assert_eq!(found[..expected.len()], expected);
    assert!(found[expected.len()..].iter().all(|gap| *gap == expected[expected.len() - 1]), "{found:?}");

    let mut clockwork = Clockwork::new();
    let mut sent = clockwork.run(ms(numbers("BURST")[2]));
    clockwork.node.handle_network_change(clockwork.now);
    sent.extend(clockwork.run(ms(100)));
    let after_a_whole_burst = gaps(&times(&sent, |sent| sent.is_group_query()))[2];
    assert_eq!(after_a_whole_burst, ms(numbers("BURST_GAPS")[0]));
}

#[test]
fn replies_are_spread_above_the_small_number_of_peers() {
    let answers = |peers: u64| {
        let mut clockwork = Clockwork::settled();
        let mut remotes = Remote::many(peers);
        remotes.iter_mut().for_each(|remote| clockwork.hear_announce(remote));
        remotes.iter_mut().for_each(|remote| clockwork.hear(remote, Kind::Query, Arrival::Group));
        let begin = clockwork.elapsed();
        let sent = clockwork.run(ms(5000));
        times(&sent, |sent| !sent.is_to_group()).into_iter().map(|at| at - begin).collect::<Vec<_>>()
    };
    assert_eq!(answers(number("SMALL")), vec![Duration::ZERO; number("SMALL") as usize]);
    assert!(answers(number("SMALL") + 1).iter().any(|delay| *delay > Duration::ZERO));
    let last = answers(1000).into_iter().max().expect("there are answers");
    assert!((spread(1000) * 9 / 10..spread(1000)).contains(&last), "{last:?}");
}

#[test]
fn replies_to_one_address_and_the_group_keep_their_gaps() {
    for (answer_to_group, arrival, gap) in
        [(false, Arrival::Unicast, "REPLY_GAP"), (true, Arrival::Group, "GROUP_REPLY_GAP")]
    {
        let mut clockwork = Clockwork::settled();
        let mut peer = Remote { answer_to_group, ..Remote::new(1) };
        let mut answers = Vec::new();
        for _ in 0..4000 {
            clockwork.hear(&mut peer, Kind::Query, arrival);
            answers.extend(clockwork.run(ms(1)));
        }
        assert!(answers.iter().all(|answer| answer.is_to_group() == answer_to_group));
        let gaps = gaps(&times(&answers, |_| true));
        assert!(gaps.iter().all(|found| *found == millis(gap)) && gaps.len() > 2, "{gap}: {gaps:?}");
    }
}

#[test]
fn replies_are_tracked_for_a_bounded_number_of_paths() {
    let mut clockwork = Clockwork::settled();
    for mut peer in Remote::many(2 * number("REPLIES_MAX")) {
        clockwork.hear(&mut peer, Kind::Query, Arrival::Unicast);
    }
    assert_eq!(clockwork.sent().len() as u64, number("REPLIES_MAX"));
}

#[test]
fn changed_value_and_goodbye_are_repeated_at_their_times() {
    let mut clockwork = Clockwork::settled();
    clockwork.node.set_value(b"1", clockwork.now).expect("it fits");
    clockwork.node.set_value(b"2", clockwork.now).expect("it fits");
    let sent = times(&clockwork.run(ms(1000)), |_| true);
    let second = sent[0] + millis("CHANGE_GAP");
    assert_eq!(sent, [sent[0], second, second + millis("REPEAT_DELAY")]);

    let begin = clockwork.elapsed();
    clockwork.node.stop(clockwork.now);
    let goodbyes = times(&clockwork.run(ms(1000)), |_| true);
    assert_eq!(goodbyes, numbers("GOODBYES").into_iter().map(|at| begin + ms(at)).collect::<Vec<_>>());
}

#[test]
fn a_silent_peer_is_asked_at_the_parts_of_its_life() {
    let mut clockwork = Clockwork::new();
    clockwork.hear(&mut Remote::new(1), Kind::Query, Arrival::Group);
    let asked = times(&clockwork.run(ms(60_000)), |sent| sent.is_probe());
    let part = |part: u64| millis("EXPIRY") * part as u32 / 100;
    let questions =
        |begin: Duration| (0..number("PROBE_TRIES")).map(move |n| begin + millis("PROBE_GAP") * n as u32);
    let parts = numbers("PROBE_PARTS").into_iter().map(part);
    assert_eq!(asked, parts.flat_map(questions).collect::<Vec<_>>());
    assert!(clockwork.node.peers(clockwork.now).is_empty());
}

#[test]
fn too_many_probes_become_one_query_to_the_group() {
    let first = millis("EXPIRY") * numbers("PROBE_PARTS")[0] as u32 / 100;
    let max = number("PROBES_MAX");
    // What is sent when so many are due at a time, and one more after that.
    let sent = |count: u64, later: Duration| {
        let mut clockwork = Clockwork::settled();
        let mut peers = Remote::many(count + 1);
        peers[1..].iter_mut().for_each(|peer| clockwork.hear_announce(peer));
        clockwork.run(later);
        clockwork.hear_announce(&mut peers[0]);
        let sent = clockwork.run(first);
        let questions = times(&sent, |sent| sent.is_probe()).len() as u64;
        (questions, times(&sent, |sent| sent.is_group_query()).len())
    };
    let window = millis("PROBES_PERIOD");
    assert_eq!(sent(max, window - ms(1)), (max, 1), "the one that is due within the window is too much");
    assert_eq!(sent(max - 1, window - ms(1)), (max, 0));
    assert_eq!(sent(max + 1, Duration::ZERO), (0, 1));
}

#[test]
fn unvalidated_peer_gets_no_more_bytes_than_its_budget() {
    let mut clockwork = Clockwork::settled();
    let (mut received, mut sent) = (0, 0);
    for peer in 0..100 {
        let mut forged = Remote { expiry: ms(1000), ..Remote::new(peer) };
        let announce = forged.message(Kind::Announce);
        received += announce.len() as u64;
        clockwork.hear_bytes(&announce, forged.address(), Arrival::Group);
        let unicasts = clockwork.run(ms(1000)).into_iter().filter(|sent| !sent.is_to_group());
        sent += unicasts.map(|sent| sent.len as u64).sum::<u64>();
        assert!(sent <= number("AMPLIFICATION") * received);
    }
    assert!(sent > received, "and a peer is probed");
}

#[test]
fn group_queries_in_place_of_probes_keep_their_gap() {
    let mut clockwork = Clockwork::settled();
    let mut sent = Vec::new();
    let batch = number("PROBES_MAX") + 1;
    for round in 0..200 {
        for number in 0..batch {
            let number = (round * batch + number) as u16;
            clockwork.hear_announce(&mut Remote { expiry: ms(1000), ..Remote::new(number) });
        }
        sent.extend(clockwork.run(ms(100)));
    }
    let gaps = gaps(&times(&sent, |sent| sent.is_group_query()));
    assert!(gaps.len() > 1 && gaps.iter().all(|gap| *gap == millis("GROUP_QUERY_GAP")), "{gaps:?}");
}

#[test]
fn suspect_peer_is_probed_and_then_moved_at_its_times() {
    let mut clockwork = Clockwork::settled();
    let mut peer = Remote::new(1);
    clockwork.hear(&mut peer, Kind::Query, Arrival::Group);
    clockwork.run(ms(100));
    let elsewhere = ([192, 0, 2, 2], 50_000).into();
    clockwork.hear_bytes(&peer.message(Kind::Announce), elsewhere, Arrival::Group);
    let begin = clockwork.elapsed();
    let asked = |n: u64| begin + millis("SUSPECT_DELAY") + millis("SUSPECT_GAP") * n as u32;
    let is_moved =
        |clockwork: &Clockwork| clockwork.node.peers(clockwork.now)[0].address == Some(elsewhere.ip());
    let sent = clockwork.run(asked(number("SUSPECT_TRIES")) - begin - ms(1));
    assert!(!is_moved(&clockwork));
    clockwork.run(ms(1));
    assert!(is_moved(&clockwork));
    let old = peers_proto::Destination::Peer { address: peer.address(), interface: 1 };
    let questions = times(&sent, |sent| sent.is_probe() && sent.to == old);
    assert_eq!(questions, (0..number("SUSPECT_TRIES")).map(asked).collect::<Vec<_>>());
}

#[test]
fn no_more_namesakes_are_asked_than_the_specification_says() {
    let mut clockwork = Clockwork::settled();
    for mut namesake in Remote::many(2 * number("NAMESAKES_MAX")) {
        let from = ([192, 0, 2, 1], 10_000 + namesake.number).into();
        clockwork.hear_bytes(&namesake.message(Kind::Announce), from, Arrival::Group);
    }
    let asked = clockwork.run(Duration::ZERO);
    let places: BTreeSet<String> = asked.iter().map(|sent| format!("{:?}", sent.to)).collect();
    assert_eq!(places.len() as u64, number("NAMESAKES_MAX"));
}

#[test]
fn resume_begins_a_burst_and_gives_peers_their_grace() {
    for (late, queries) in [(millis("SUSPENDED") - ms(1), 0), (millis("SUSPENDED"), 1)] {
        let mut clockwork = Clockwork::settled();
        clockwork.now = clockwork.node.poll_timeout().expect("it has an announce to send") + late;
        clockwork.node.handle_timeout(clockwork.now);
        let sent = clockwork.sent();
        assert_eq!(times(&sent, |sent| sent.is_group_query()).len(), queries, "{late:?} late");
    }

    let mut clockwork = Clockwork::settled();
    clockwork.hear_announce(&mut Remote::new(1));
    clockwork.now += ms(3_600_000);
    let begin = clockwork.elapsed();
    clockwork.node.handle_timeout(clockwork.now);
    let time = millis("RESUME_GRACE") + spread(1);
    assert_eq!(clockwork.node.peers(clockwork.now)[0].expires_in, time);
    let questions = times(&clockwork.run(time), |sent| sent.is_probe());
    assert_eq!(questions[0] - begin, time / 2);
    assert!(clockwork.node.peers(clockwork.now).is_empty());
}

#[test]
fn one_announce_is_budget_for_the_probes_of_a_killed_peer() {
    let mut clockwork = Clockwork::settled();
    let mut killed = Remote::new(1);
    clockwork.hear_announce(&mut killed);
    let restarted = (killed.address().ip(), 50_001).into();
    clockwork.hear_bytes(&Remote::new(2).message(Kind::Announce), restarted, Arrival::Group);
    let to = peers_proto::Destination::Peer { address: killed.address(), interface: 1 };
    for left in [2, 1] {
        let sent = clockwork.run(millis("RETRY_GAP"));
        assert!(sent.iter().any(|sent| sent.is_probe() && sent.to == to));
        clockwork.node.handle_unreachable(killed.address(), 0, clockwork.now);
        assert_eq!(clockwork.node.peer_count(), left);
    }
}

#[test]
fn icmp_report_brings_the_next_probe_after_its_gap() {
    let mut clockwork = Clockwork::settled();
    let mut peer = Remote::new(1);
    clockwork.hear(&mut peer, Kind::Query, Arrival::Group);
    let first = millis("EXPIRY") * numbers("PROBE_PARTS")[0] as u32 / 100;
    clockwork.run(first);
    let begin = clockwork.elapsed();
    clockwork.node.handle_unreachable(peer.address(), 0, clockwork.now);
    clockwork.node.handle_unreachable(peer.address(), 0, clockwork.now);
    let asked = times(&clockwork.run(millis("RETRY_GAP")), |sent| sent.is_probe());
    assert_eq!(asked, [begin + millis("RETRY_GAP")]);
    clockwork.node.handle_unreachable(peer.address(), 0, clockwork.now);
    assert_eq!(clockwork.node.peer_count(), 0);
}
