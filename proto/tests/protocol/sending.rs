//! The times and counts of section 5: when a node speaks, answers and asks.

use std::collections::BTreeSet;
use std::time::Duration;

use peers_proto::wire::Kind;
use peers_proto::{Arrival, Transmit};

use super::clockwork::{Clockwork, Remote, Sent, gaps, ms, times};
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
fn node_queries_at_its_start_and_announces_each_interval() {
    let sent = Clockwork::new().run(ms(60_000));
    let queries = times(&sent, |sent| sent.kind == Kind::Query);
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
fn replies_to_an_address_and_the_group_keep_their_gaps() {
    for (answer_to_group, arrival, gap) in
        [(false, Arrival::Unicast, "ANSWER_GAP"), (true, Arrival::Group, "GROUP_ANSWER_GAP")]
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
fn replies_go_to_the_specified_number_of_addresses() {
    let mut clockwork = Clockwork::settled();
    for mut peer in Remote::many(2 * number("ANSWERS_MAX")) {
        clockwork.hear(&mut peer, Kind::Query, Arrival::Unicast);
    }
    assert_eq!(clockwork.sent().len() as u64, number("ANSWERS_MAX"));
}

#[test]
fn changed_value_and_goodbye_are_sent_as_specified() {
    let mut clockwork = Clockwork::settled();
    clockwork.node.set_value(b"1", clockwork.now).expect("it fits");
    clockwork.node.set_value(b"2", clockwork.now).expect("it fits");
    let times = times(&clockwork.run(ms(1000)), |_| true);
    assert_eq!(times, [times[0], times[0] + millis("CHANGE_GAP")]);

    clockwork.node.stop();
    let copies: Vec<Transmit> = std::iter::from_fn(|| clockwork.node.poll_transmit()).collect();
    assert_eq!(copies.len() as u64, number("GOODBYES"));
    assert!(copies.iter().all(|copy| copy.payload == copies[0].payload), "they are one message");
}

#[test]
fn a_silent_peer_is_asked_at_the_parts_of_its_life() {
    let mut clockwork = Clockwork::new();
    clockwork.hear_announce(&mut Remote::new(1));
    let asked = times(&clockwork.run(ms(60_000)), |sent| sent.is_question());
    let part = |part: u64| millis("EXPIRY") * part as u32 / 100;
    let questions =
        |begin: Duration| (0..number("ASK_TRIES")).map(move |n| begin + millis("ASK_GAP") * n as u32);
    let parts = numbers("ASK_PARTS").into_iter().map(part);
    assert_eq!(asked, parts.flat_map(questions).collect::<Vec<_>>());
    assert!(clockwork.node.peers(clockwork.now).is_empty());
}

#[test]
fn more_probes_than_a_window_permits_become_a_group_query() {
    let first = millis("EXPIRY") * numbers("ASK_PARTS")[0] as u32 / 100;
    let max = number("ASK_MAX");
    // What is sent when so many are due at a time, and one more after that.
    let sent = |count: u64, later: Duration| {
        let mut clockwork = Clockwork::settled();
        let mut peers = Remote::many(count + 1);
        peers[1..].iter_mut().for_each(|peer| clockwork.hear_announce(peer));
        clockwork.run(later);
        clockwork.hear_announce(&mut peers[0]);
        let sent = clockwork.run(first);
        let questions = times(&sent, |sent| sent.is_question()).len() as u64;
        (questions, times(&sent, |sent| sent.is_group_query()).len())
    };
    let window = millis("ASK_WINDOW");
    assert_eq!(sent(max, window - ms(1)), (max, 1), "the one that is due within the window is too much");
    assert_eq!(sent(max - 1, window - ms(1)), (max, 0));
    assert_eq!(sent(max + 1, Duration::ZERO), (0, 1));
}

#[test]
fn probes_have_no_more_bytes_than_were_received_and_the_credit() {
    let mut clockwork = Clockwork::settled();
    let credit = number("ASK_CREDIT");
    let (mut heard, mut asked) = (0, 0);
    for number in 0..100 {
        // Each is asked twelve times, with more than ten times the bytes that it told.
        let mut forged = Remote { expiry: ms(1000), ..Remote::new(number) };
        let announce = forged.message(Kind::Announce);
        heard += announce.len() as u64;
        clockwork.hear_bytes(&announce, forged.address(), Arrival::Group);
        let questions = clockwork.run(ms(1000)).into_iter().filter(Sent::is_question);
        asked += questions.map(|question| question.len as u64).sum::<u64>();
        assert!(asked <= heard + credit);
    }
    assert!(asked > credit, "what was heard may be asked, too");
}

#[test]
fn group_query_in_place_of_many_keeps_its_gap() {
    let mut clockwork = Clockwork::settled();
    let mut sent = Vec::new();
    let batch = number("ASK_MAX") + 1;
    for round in 0..200 {
        for number in 0..batch {
            let number = (round * batch + number) as u16;
            clockwork.hear_announce(&mut Remote { expiry: ms(1000), ..Remote::new(number) });
        }
        sent.extend(clockwork.run(ms(100)));
    }
    let gaps = gaps(&times(&sent, |sent| sent.is_group_query()));
    assert!(gaps.len() > 1 && gaps.iter().all(|gap| *gap == millis("GROUP_QUESTION_GAP")), "{gaps:?}");
}

#[test]
fn suspect_peer_is_probed_and_moved_as_specified() {
    let mut clockwork = Clockwork::settled();
    let mut peer = Remote::new(1);
    clockwork.hear_announce(&mut peer);
    let elsewhere = ([192, 0, 2, 2], 50_000).into();
    clockwork.hear_bytes(&peer.message(Kind::Announce), elsewhere, Arrival::Group);
    let begin = clockwork.elapsed();
    let asked = |n: u64| begin + millis("DOUBT_DELAY") + millis("DOUBT_GAP") * n as u32;
    let is_moved =
        |clockwork: &Clockwork| clockwork.node.peers(clockwork.now)[0].address == Some(elsewhere.ip());
    let sent = clockwork.run(asked(number("DOUBT_TRIES")) - begin - ms(1));
    assert!(!is_moved(&clockwork));
    clockwork.run(ms(1));
    assert!(is_moved(&clockwork));
    let questions = times(&sent, |sent| sent.is_question());
    assert_eq!(questions, (0..number("DOUBT_TRIES")).map(asked).collect::<Vec<_>>());
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
fn node_that_runs_late_probes_and_waits_as_specified() {
    for (late, queries) in [(millis("OVERSLEPT") - ms(1), 0), (millis("OVERSLEPT"), 1)] {
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
    let time = millis("AFTER_SLEEP") + spread(1);
    assert_eq!(clockwork.node.peers(clockwork.now)[0].expires_in, time);
    let questions = times(&clockwork.run(time), |sent| sent.is_question());
    assert_eq!(questions[0] - begin, time / 2);
    assert!(clockwork.node.peers(clockwork.now).is_empty());
}

#[test]
fn report_brings_the_next_probe_after_its_gap() {
    let mut clockwork = Clockwork::settled();
    let mut peer = Remote::new(1);
    clockwork.hear_announce(&mut peer);
    let first = millis("EXPIRY") * numbers("ASK_PARTS")[0] as u32 / 100;
    clockwork.run(first);
    let begin = clockwork.elapsed();
    clockwork.node.handle_unreachable(peer.address(), clockwork.now);
    clockwork.node.handle_unreachable(peer.address(), clockwork.now);
    let asked = times(&clockwork.run(millis("RETRY_GAP")), |sent| sent.is_question());
    assert_eq!(asked, [begin + millis("RETRY_GAP")]);
    clockwork.node.handle_unreachable(peer.address(), clockwork.now);
    assert_eq!(clockwork.node.peer_count(), 0);
}
