//! A peer that falls silent, moves or restarts is asked before anything is believed of it.

use std::time::Duration;

use peers_proto::wire::{self, Kind, Message};

use crate::harness::{Bench, EXPIRY, INTERVAL, Remote, Sent, ms, unicasts, whats};

/// A settled node that has just heard `peer`.
fn knowing(peer: &mut Remote) -> Bench {
    let mut bench = Bench::settled();
    bench.hear(peer, Kind::Announce);
    bench.events();
    bench
}

/// The system answers two questions in a row that nobody is there. How many questions that took.
fn refuse_twice(bench: &mut Bench, peer: &Remote) -> usize {
    bench.node.handle_unreachable(peer.address, bench.now);
    bench.node.handle_unreachable(peer.address, bench.now);
    let questions = unicasts(&bench.run(ms(10))).len();
    bench.node.handle_unreachable(peer.address, bench.now);
    questions
}

fn times(sent: &[Sent], since: Duration) -> Vec<Duration> {
    sent.iter().map(|sent| sent.at - since).collect()
}

#[test]
fn silent_peer_is_probed_at_60_75_and_90_percent_and_expires() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let questions = unicasts(&bench.run(EXPIRY - ms(1)));
    assert!(questions.iter().all(|sent| sent.what == "query" && sent.to == kitchen.to()));
    let parts = [21_000, 26_250, 31_500].map(|part| [0, 250, 500, 750].map(|gap| ms(part + gap)));
    assert_eq!(times(&questions, ms(1000)), parts.concat());
    assert_eq!(bench.names(), ["kitchen"]);
    bench.run(ms(1));
    assert_eq!(bench.events(), ["-kitchen (expired)"]);
}

#[test]
fn probe_is_as_long_as_its_answer_and_the_last_as_long_as_any() {
    let mut kitchen = Remote { value: vec![1; 300], ..Remote::new("kitchen", 7) };
    let mut bench = knowing(&mut kitchen);
    let lengths: Vec<usize> = unicasts(&bench.run(EXPIRY)).iter().map(|sent| sent.bytes.len()).collect();
    (kitchen.sequence, kitchen.expiry) = (u64::MAX - 1, Duration::MAX);
    let answer = kitchen.message(Kind::Announce).len();
    let with_proof = answer + 2 * 18;
    assert_eq!(lengths, [with_proof, with_proof, with_proof, wire::MAX_ANNOUNCE].repeat(3));
}

#[test]
fn an_answer_ends_the_questions() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..10 {
        assert_eq!(whats(&unicasts(&bench.run(ms(21_000)))), ["query"]);
        bench.hear(&mut kitchen, Kind::Announce);
    }
    assert_eq!(bench.events(), [""; 0]);
}

#[test]
fn a_peer_that_announces_itself_is_never_asked() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..10 {
        assert_eq!(unicasts(&bench.run(INTERVAL)), []);
        bench.hear(&mut kitchen, Kind::Announce);
    }
}

#[test]
fn many_silent_at_once_are_asked_through_the_group() {
    let mut bench = Bench::settled();
    for last in 0..200 {
        bench.hear(&mut Remote::new(&format!("peer{last}"), last), Kind::Announce);
    }
    let sent = bench.run(EXPIRY - ms(1));
    assert_eq!(unicasts(&sent), []);
    let queries: Vec<Sent> = sent.iter().filter(|sent| sent.what == "query").cloned().collect();
    assert_eq!(queries.len(), 3, "at 60, 75 and 90 %");
    let Ok(Message::Native(_, about)) = wire::decode(&queries[2].bytes) else { panic!("it is a query") };
    assert!(!about.answer_to_group, "each answers alone");
    assert_eq!(whats(&sent).iter().filter(|what| **what == "line").count(), 2, "the lines go on");
    assert_eq!(bench.names().len(), 200);
}

/// Somebody announces, every so often, a victim that does not answer. Returns how many bytes it told, and the lengths of the
/// questions to the victims.
fn forge(bench: &mut Bench, victims: u32, every: Duration) -> (usize, Vec<usize>) {
    let (mut told, mut asked) = (0, Vec::new());
    for victim in 0..victims {
        let mut forged = Remote { expiry: ms(10), ..Remote::new("victim", 8) };
        forged.id[..4].copy_from_slice(&victim.to_be_bytes());
        forged.address.set_port(10_000 + victim as u16);
        let announce = forged.message(Kind::Announce);
        told += announce.len();
        bench.hear_bytes(&announce, forged.address);
        asked.extend(unicasts(&bench.run(every)).iter().map(|sent| sent.bytes.len()));
    }
    assert!(bench.node.counters().rate_limited > 0);
    (told, asked)
}

#[test]
fn forged_announces_do_not_bring_a_probe_to_each_peer() {
    let (_, asked) = forge(&mut Bench::settled(), 2000, ms(1));
    assert!(asked.len() <= 9 * 64, "{} in two seconds", asked.len());
    assert!(asked.len() >= 8 * 64, "{}: those it may ask, it asks", asked.len());
}

#[test]
fn forged_announces_bring_no_more_bytes_than_they_have() {
    let (told, asked) = forge(&mut Bench::settled(), 500, ms(100));
    let (told, asked) = (told + 16 * 1024, asked.iter().sum::<usize>());
    assert!(asked <= told, "{asked} bytes of questions, for {told}");
    assert!(asked > told * 3 / 4, "{asked} bytes, for {told}: those it may ask, it asks");
}

#[test]
fn without_budget_the_node_queries_the_group() {
    let mut bench = Bench::settled();
    let mut asked_of_each = Vec::new();
    for peer in 0..6 {
        bench.hear(&mut Remote::new(&format!("peer{peer}"), peer), Kind::Announce);
        asked_of_each.push(unicasts(&bench.run(EXPIRY)).len());
    }
    assert_eq!((asked_of_each[0], asked_of_each[5]), (12, 0), "{asked_of_each:?}");
    let mut chatty = Remote { value: vec![1; 500], ..Remote::new("chatty", 77) };
    for _ in 0..20 {
        bench.hear(&mut chatty, Kind::Announce);
    }
    assert_eq!(unicasts(&bench.run(EXPIRY)).len(), 12);
}

#[test]
fn two_unreachable_reports_in_a_row_remove_a_peer() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    assert_eq!(unicasts(&bench.run(ms(21_000))).len(), 1);
    assert_eq!(
        refuse_twice(&mut bench, &kitchen),
        1,
        "a second answer to the first question is no second answer"
    );
    assert_eq!(bench.events(), ["-kitchen (unreachable)"]);
    let late = {
        kitchen.sequence -= 1;
        kitchen.message(Kind::Announce)
    };
    bench.hear_bytes(&late, kitchen.address);
    assert_eq!(bench.names(), [""; 0], "what was under way changes nothing");
}

#[test]
fn one_that_is_heard_between_two_such_answers_stays() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..5 {
        bench.run(ms(21_000));
        bench.node.handle_unreachable(kitchen.address, bench.now);
        bench.hear(&mut kitchen, Kind::Announce);
    }
    refuse_twice(&mut bench, &kitchen);
    assert_eq!(bench.events(), [""; 0], "and answers to what was no question count nothing");
}

#[test]
fn firewall_reports_remove_a_live_peer_once_at_most() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..5 {
        bench.run(ms(21_000));
        refuse_twice(&mut bench, &kitchen);
        bench.hear(&mut kitchen, Kind::Announce);
    }
    assert_eq!(bench.events(), ["-kitchen (unreachable)", "+kitchen"]);
}

#[test]
fn a_sleep_is_noticed_whatever_the_node_does_first() {
    let attic = Remote::new("attic", 9);
    let mut bench = Bench::settled();
    bench.hear_line(&attic);
    bench.now += Duration::from_secs(3600);
    bench.node.handle_network_change(bench.now);
    bench.node.handle_timeout(bench.now);
    assert_eq!(bench.events(), ["+attic"]);
}

#[test]
fn a_sleep_does_not_shorten_a_long_life() {
    let mut patient = Remote { expiry: Duration::from_secs(3600), ..Remote::new("patient", 7) };
    let mut bench = knowing(&mut patient);
    bench.now += ms(20_000);
    bench.node.handle_timeout(bench.now);
    bench.run(Duration::from_secs(1800));
    assert_eq!(bench.names(), ["patient"]);
}

#[test]
fn a_restart_has_the_old_instance_asked_at_once() {
    let mut old = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut old);
    bench.run(ms(5000));
    let mut new = old.restarted();
    bench.hear(&mut new, Kind::Announce);
    let questions = unicasts(&bench.run(ms(0)));
    assert_eq!((whats(&questions), questions[0].to), (vec!["query"], old.to()));
    refuse_twice(&mut bench, &old);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (unreachable)"]);
    assert_eq!(bench.node.peers(bench.now)[0].id, Some(new.id));
}

#[test]
fn longest_silent_namesakes_are_probed() {
    let mut bench = Bench::settled();
    let mut silent = Remote { id: [0x80; 16], ..Remote::new("worker", 7) };
    bench.hear(&mut silent, Kind::Announce);
    for other in 0..50_u8 {
        bench.run(ms(10));
        let address = (silent.address.ip(), 40_000 + u16::from(other)).into();
        bench.hear(&mut Remote { id: [other; 16], address, ..silent.clone() }, Kind::Announce);
    }
    bench.run(ms(5000));
    bench.hear(&mut Remote { id: [0xfe; 16], ..silent.restarted() }, Kind::Announce);
    let questions = unicasts(&bench.run(ms(0)));
    assert_eq!(questions.len(), 8);
    assert!(questions.iter().any(|question| question.to == silent.to()));
}

#[test]
fn namesake_that_answers_stays_and_a_silent_one_expires() {
    let mut old = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut old);
    let mut new = old.restarted();
    bench.hear(&mut new, Kind::Announce);
    assert_eq!(unicasts(&bench.run(ms(0))).len(), 1);
    bench.hear(&mut old, Kind::Announce);
    assert_eq!(unicasts(&bench.run(ms(10_000))), []);
    assert_eq!(bench.names(), ["kitchen", "kitchen"]);
}

#[test]
fn questions_that_are_late_do_not_come_all_at_once() {
    let mut old = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut old);
    bench.run(ms(20_900));
    bench.hear(&mut old.restarted(), Kind::Announce);
    let to_old = |sent: &Sent| sent.to == old.to();
    let questions: Vec<Sent> = bench.run(ms(5000)).into_iter().filter(to_old).collect();
    let times = times(&questions, ms(0));
    assert!(times.windows(2).all(|two| two[1] - two[0] >= ms(250)), "{times:?}");
    assert_eq!(times.len(), 7, "three in doubt, and the four at 60 %");
}

#[test]
fn path_heard_once_is_dropped_when_the_listed_one_answers() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let other_way = kitchen.message(Kind::Announce);
    bench.hear_bytes(&other_way, kitchen.at(8).address);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.run(ms(21_000));
    refuse_twice(&mut bench, &kitchen);
    assert_eq!(bench.events(), ["-kitchen (unreachable)"]);
}

#[test]
fn peer_on_two_interfaces_keeps_its_first_address() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for beat in 0..20 {
        bench.run(INTERVAL);
        let bytes = kitchen.message(Kind::Announce);
        let ways = if beat % 2 == 0 { [7, 8] } else { [8, 7] };
        for way in ways {
            bench.hear_bytes(&bytes, kitchen.at(way).address);
        }
    }
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(kitchen.address.ip()));
    assert_eq!(bench.events(), [""; 0]);
}

#[test]
fn moved_peer_is_probed_at_its_old_address_then_listed_anew() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let (old, mut moved) = (kitchen.to(), kitchen.at(8));
    bench.hear(&mut moved, Kind::Announce);
    let questions = unicasts(&bench.run(ms(2000)));
    assert!(questions.len() == 3 && questions.iter().all(|question| question.to == old));
    assert_eq!(times(&questions, ms(1000)), [ms(250), ms(750), ms(1250)]);
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(moved.address.ip()));
    assert_eq!(bench.events(), ["~kitchen"]);
}

#[test]
fn message_lost_on_one_path_does_not_move_a_peer() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let other_way = kitchen.message(Kind::Announce);
    bench.hear_bytes(&other_way, kitchen.at(8).address);
    assert_eq!(unicasts(&bench.run(ms(250))).len(), 1);
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(unicasts(&bench.run(ms(5000))), []);
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(kitchen.address.ip()));
}

#[test]
fn after_a_sleep_the_peers_are_asked_before_they_are_gone() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let mut cellar = Remote::new("cellar", 8);
    let attic = Remote::new("attic", 9);
    bench.hear(&mut cellar, Kind::Announce);
    bench.hear_line(&attic);
    bench.node.register("brief", b"", Some(ms(60_000)), bench.now).expect("a valid entry");
    bench.events();

    bench.now += Duration::from_secs(3600);
    bench.node.handle_timeout(bench.now);
    assert_eq!(bench.events(), ["-brief (expired)"], "which was registered for a minute");
    assert_eq!(bench.names(), ["attic", "cellar", "kitchen"]);
    assert!(!bench.node.poll_reopen(), "nobody could be heard");
    assert_eq!(whats(&bench.sent()), ["query", "line"]);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.run(ms(4000));
    assert_eq!(bench.events(), ["-cellar (expired)"]);
    bench.run(EXPIRY - ms(4000));
    assert_eq!(bench.events(), ["-attic (expired)", "-kitchen (expired)"]);
}
