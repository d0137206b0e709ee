//! What a node says to the group: at the start, steadily, after a change, at the end.

use std::time::Duration;

use peers_proto::wire::{self, Announcement, Kind, Message};
use peers_proto::{Destination, Settings, ValueTooLong};

use crate::harness::{Bench, INTERVAL, Remote, Sent, ms, settings, whats};
use crate::protocol::numbers;

/// The value each message to the group tells, with when.
fn values(sent: &[Sent]) -> Vec<(Duration, Vec<u8>)> {
    let value = |sent: &Sent| match wire::decode(&sent.bytes) {
        Ok(Message::Native(_, about)) => Some((sent.at, about.value.to_vec())),
        _ => None,
    };
    sent.iter().filter_map(value).collect()
}

#[test]
fn burst_queries_come_at_0_250_and_1000_ms() {
    let mut bench = Bench::new(settings());
    let sent = bench.run(ms(5000));
    assert_eq!(whats(&sent), ["query", "line", "query", "query"]);
    let queries: Vec<Duration> =
        sent.iter().filter(|sent| sent.what == "query").map(|sent| sent.at).collect();
    assert_eq!(queries, [ms(0), ms(250), ms(1000)]);
    assert!(
        sent.iter().all(
            |sent| sent.to == if sent.what == "line" { Destination::GroupV4 } else { Destination::Group }
        )
    );
}

/// Of each query, whether it wants the answers by the group.
fn wishes(sent: &[Sent]) -> Vec<bool> {
    let wish = |sent: &Sent| match wire::decode(&sent.bytes) {
        Ok(Message::Native(Kind::Query, about)) => Some(about.answer_to_group),
        _ => None,
    };
    sent.iter().filter_map(wish).collect()
}

#[test]
fn who_gets_no_answer_asks_for_one_by_the_group() {
    for observer in [false, true] {
        let mut alone = Bench::new(Settings { observer, ..settings() });
        assert_eq!(wishes(&alone.run(ms(1000))), [false, true, true]);
    }

    let mut answered = Bench::new(settings());
    let mut kitchen = Remote::new("kitchen", 7);
    let mut sent = answered.run(ms(100));
    answered.hear_alone(&mut kitchen, Kind::Announce);
    sent.extend(answered.run(ms(300)));
    answered.hear_alone(&mut kitchen, Kind::Announce);
    sent.extend(answered.run(ms(1000)));
    assert_eq!(wishes(&sent), [false, false, false]);
}

#[test]
fn burst_goes_on_while_answers_bring_news() {
    let mut bench = Bench::new(settings());
    let (mut peer, mut times) = (Remote::new("peer", 7), Vec::new());
    for _ in 0..10_000 {
        for sent in bench.run(ms(1)).into_iter().filter(|sent| sent.what == "query") {
            times.push(sent.at.as_millis() as u64);
            let Ok(Message::Native(_, query)) = wire::decode(&sent.bytes) else { panic!("it is a query") };
            peer.sequence += 1;
            let answer = Announcement { echo: query.nonce, nonce: Some([1; 16]), ..peer.about() };
            bench.hear_bytes_alone(&wire::encode(Kind::Announce, &answer), peer.address);
        }
    }
    assert_eq!(times, [numbers("BURST"), numbers("BURST_MORE")].concat());
}

/// Returns when a node queries that receives a message of another new instance, with this number, every 100 ms.
fn queries_with_strangers(settings: Settings, sequence: u64) -> Vec<Duration> {
    let mut bench = Bench::new(settings);
    let mut times = Vec::new();
    for number in 100..200 {
        let sent = bench.run(ms(100));
        times.extend(sent.iter().filter(|sent| sent.what == "query").map(|sent| sent.at));
        let mut stranger =
            Remote { sequence: sequence - 1, ..Remote::new(&format!("peer-{number}"), number) };
        bench.hear(&mut stranger, Kind::Announce);
    }
    times
}

#[test]
fn burst_goes_on_while_the_group_brings_instances_that_are_late() {
    let all = [numbers("BURST"), numbers("BURST_MORE")].concat();
    assert_eq!(queries_with_strangers(settings(), 2), all.into_iter().map(ms).collect::<Vec<_>>());
}

#[test]
fn burst_ends_though_new_instances_start() {
    let burst: Vec<_> = numbers("BURST").into_iter().map(ms).collect();
    assert_eq!(queries_with_strangers(settings(), 1), burst);
}

#[test]
fn periodic_announces_have_jitter_of_a_tenth() {
    let mut bench = Bench::settled();
    let sent = bench.run(100 * INTERVAL);
    let times: Vec<Duration> =
        sent.iter().filter(|sent| sent.what == "announce").map(|sent| sent.at).collect();
    let gaps: Vec<Duration> = times.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(gaps.iter().all(|gap| (INTERVAL * 9 / 10..=INTERVAL).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().max() > gaps.iter().min());
    assert_eq!(whats(&sent), ["announce", "line"].repeat(times.len()));
}

#[test]
fn each_message_has_a_higher_number_than_the_one_before() {
    let mut bench = Bench::new(settings());
    let sent = bench.run(3 * INTERVAL);
    let sequence = |sent: &Sent| match wire::decode(&sent.bytes) {
        Ok(Message::Native(_, about)) => Some(about.sequence),
        _ => None,
    };
    let sequences: Vec<u64> = sent.iter().filter_map(sequence).collect();
    assert_eq!(sequences, (1..=sequences.len() as u64).collect::<Vec<_>>());
}

#[test]
fn value_changes_are_announced_at_once_or_100_ms_apart() {
    let mut bench = Bench::settled();
    for value in [b"1", b"2", b"3"] {
        bench.node.set_value(value, bench.now).expect("it fits");
    }
    let changes = values(&bench.run(ms(1000)));
    let third = b"3".to_vec();
    assert_eq!(
        changes,
        [(ms(1000), b"1".to_vec()), (ms(1100), third.clone()), (ms(1350), third)],
        "the last one is repeated, because no other message to the group goes first"
    );
    bench.node.set_value(b"3", bench.now).expect("it fits");
    assert_eq!(bench.sent(), [], "it is no change");
    bench.node.set_value(b"4", bench.now).expect("it fits");
    assert_eq!(values(&bench.sent()), [(ms(2000), b"4".to_vec())]);
}

#[test]
fn reply_to_the_group_replaces_the_announce_of_a_change() {
    let mut bench = Bench::settled();
    bench.node.set_value(b"1", bench.now).expect("it fits");
    bench.node.set_value(b"2", bench.now).expect("it fits");
    bench.run(ms(10));
    let walled = Remote { sequence: 1, ..Remote::new("walled", 7) };
    let query = wire::encode(Kind::Query, &Announcement { answer_to_group: true, ..walled.about() });
    bench.hear_bytes(&query, walled.address);
    assert_eq!(values(&bench.run(ms(1000))), [(ms(1010), b"2".to_vec())]);
}

#[test]
fn changes_do_not_put_off_the_legacy_beacon() {
    let mut bench = Bench::settled();
    let mut sent = Vec::new();
    for change in 0..200_u8 {
        bench.node.set_value(&[change], bench.now).expect("it fits");
        sent.extend(bench.run(ms(100)));
    }
    assert_eq!(sent.iter().filter(|sent| sent.what == "line").count(), 1);
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_the_room_there_is() {
    let mut bench = Bench::settled();
    let room = wire::max_value_len("self", "");
    assert_eq!(
        bench.node.set_value(&vec![1; room + 1], bench.now),
        Err(ValueTooLong { len: room + 1, max_len: room })
    );
    assert_eq!(bench.sent(), []);
    bench.node.set_value(&vec![1; room], bench.now).expect("it fits");
    assert!(bench.sent()[0].bytes.len() <= wire::MAX_MESSAGE);
}

#[test]
fn network_changes_begin_bursts_that_back_off() {
    let mut bench = Bench::settled();
    bench.run(ms(5000));
    bench.node.handle_network_change(bench.now);
    assert_eq!(whats(&bench.run(ms(3000))), ["query", "line", "query", "query"]);

    let mut queries = Vec::new();
    let begin = bench.now;
    for _ in 0..2000 {
        bench.node.handle_network_change(bench.now);
        let sent = bench.run(ms(10)).into_iter().filter(|sent| sent.what == "query");
        queries.extend(sent.map(|sent| sent.at));
    }
    let gaps: Vec<Duration> = queries.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(gaps, [50, 500, 1000, 2000, 4000, 4000, 4000, 4000].map(ms), "in {:?}", bench.now - begin);
}

#[test]
fn it_says_goodbye_three_times_with_its_last_number() {
    let mut bench = Bench::new(Settings { legacy: false, ..settings() });
    bench.run(ms(1000));
    bench.node.stop(bench.now);
    let sent = bench.run(ms(100));
    assert_eq!(whats(&sent), ["goodbye"; 3]);
    assert_eq!(sent.iter().map(|sent| sent.at - ms(1000)).collect::<Vec<_>>(), [ms(0), ms(5), ms(15)]);
    assert!(bench.node.is_stopped());
    assert!(sent.iter().all(|sent| sent.to == Destination::Group));
    let Ok(Message::Native(_, about)) = wire::decode(&sent[0].bytes) else { panic!("it is a goodbye") };
    assert_eq!(about.sequence, 4, "after three queries");
}

#[test]
fn a_verb_after_the_stop_adds_no_deadline() {
    let mut bench = Bench::new(Settings { legacy: false, ..settings() });
    bench.run(ms(1000));
    bench.node.stop(bench.now);
    bench.node.register("lamp", b"", Some(ms(1000)), bench.now).expect("there is room");
    bench.run(ms(15));
    assert_eq!(bench.node.poll_timeout(), None);
    assert!(bench.node.is_stopped());
}
