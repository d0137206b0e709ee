//! When a peer is probed, by which path, and what its answer or its silence brings about.

use std::time::Duration;

use peers_proto::wire::{self, Announcement, Kind, Message};

use crate::harness::{Bench, EXPIRY, INTERVAL, Remote, Sent, ms, nonce_of, unicasts, whats};

/// A settled node that has just received `peer`, by a query: it has sent enough to be probed often.
fn knowing(peer: &mut Remote) -> Bench {
    let mut bench = Bench::settled();
    bench.hear(peer, Kind::Query);
    bench.sent();
    bench.events();
    bench
}

/// Reports a peer as unreachable by two probes in a row. Returns how many probes that took.
fn refuse_twice(bench: &mut Bench, peer: &Remote) -> usize {
    bench.node.handle_unreachable(peer.address, 0, bench.now);
    bench.node.handle_unreachable(peer.address, 2, bench.now);
    let probes = unicasts(&bench.run(ms(10))).len();
    bench.node.handle_unreachable(peer.address, 0, bench.now);
    probes
}

fn times(sent: &[Sent], since: Duration) -> Vec<Duration> {
    sent.iter().map(|sent| sent.at - since).collect()
}

/// 57 % of the default lifetime.
const FIRST: Duration = Duration::from_millis(19_950);

#[test]
fn silent_peer_is_probed_at_57_75_and_90_percent_then_expires() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let probes = unicasts(&bench.run(EXPIRY - ms(1)));
    assert!(probes.iter().all(|sent| sent.what == "probe" && sent.to == kitchen.to()));
    let parts = [19_950, 26_250, 31_500].map(|part| [0, 250, 500, 750].map(|gap| ms(part + gap)));
    assert_eq!(times(&probes, ms(1000)), parts.concat());
    assert_eq!(bench.names(), ["kitchen"]);
    bench.run(ms(1));
    assert_eq!(bench.events(), ["-kitchen (expired)"]);
}

#[test]
fn probe_is_as_long_as_its_answer_and_the_last_one_maximal() {
    let mut kitchen = Remote { value: vec![1; 300], ..Remote::new("kitchen", 7) };
    let mut bench = knowing(&mut kitchen);
    let probe = bench.run(FIRST).iter().find_map(|sent| nonce_of(&sent.bytes)).expect("it is probed");
    bench.hear_echo(&mut kitchen, probe);
    let lengths: Vec<usize> = unicasts(&bench.run(EXPIRY)).iter().map(|sent| sent.bytes.len()).collect();
    (kitchen.sequence, kitchen.expiry) = (u64::MAX, Duration::MAX);
    let longest =
        Announcement { nonce: Some([0; 16]), echo: Some([0; 16]), to_seed: true, ..kitchen.about() };
    let len = wire::encode(Kind::Announce, &longest).len();
    assert_eq!(lengths, [len, len, len, wire::MAX_MESSAGE].repeat(3));
}

#[test]
fn an_answer_ends_the_probing() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..10 {
        let sent = bench.run(FIRST);
        assert_eq!(whats(&unicasts(&sent)), ["probe"]);
        assert_eq!(bench.answer_probes(&mut kitchen, &sent), 1);
    }
    assert_eq!(bench.events(), [""; 0]);
}

#[test]
fn a_peer_that_announces_itself_is_never_probed() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..10 {
        assert_eq!(unicasts(&bench.run(INTERVAL)), []);
        bench.hear(&mut kitchen, Kind::Announce);
    }
}

#[test]
fn many_silent_at_once_are_queried_through_the_group() {
    let mut bench = Bench::settled();
    for last in 0..200 {
        bench.hear(&mut Remote::new(&format!("peer{last}"), last), Kind::Announce);
    }
    let sent = bench.run(EXPIRY - ms(1));
    assert_eq!(unicasts(&sent), []);
    let queries: Vec<Sent> = sent.iter().filter(|sent| sent.what == "query").cloned().collect();
    assert_eq!(queries.len(), 3, "at 57, 75 and 90 %");
    let Ok(Message::Native(_, about)) = wire::decode(&queries[2].bytes) else { panic!("it is a query") };
    assert!(!about.answer_to_group, "each replies by unicast");
    assert_eq!(whats(&sent).iter().filter(|what| **what == "line").count(), 2, "the beacons go on");
    assert_eq!(bench.names().len(), 200);
}

/// Forged announces, each of another instance at an address that answers nothing. Returns their bytes, and the bytes that
/// went to those addresses.
fn forge(bench: &mut Bench, victims: u32, every: Duration) -> (usize, usize) {
    let (mut received, mut sent) = (0, 0);
    for victim in 0..victims {
        let mut forged = Remote { expiry: ms(10), ..Remote::new("victim", 8) };
        forged.id[..4].copy_from_slice(&victim.to_be_bytes());
        forged.address.set_port(10_000 + victim as u16);
        let announce = forged.message(Kind::Announce);
        received += announce.len();
        bench.hear_bytes(&announce, forged.address);
        sent += unicasts(&bench.run(every)).iter().map(|sent| sent.bytes.len()).sum::<usize>();
    }
    (received, sent)
}

#[test]
fn forged_announces_bring_about_three_times_their_bytes_at_most() {
    let (received, sent) = forge(&mut Bench::settled(), 500, ms(100));
    assert!(sent <= 3 * received, "{sent} bytes for {received}");
    assert!(sent > received, "{sent} bytes, for {received}: what may be probed is");
}

#[test]
fn many_forged_announces_bring_about_few_probes() {
    let (received, sent) = forge(&mut Bench::settled(), 2000, ms(1));
    assert!(sent < received, "{sent} bytes for {received}, in two seconds");
}

#[test]
fn two_icmp_reports_in_a_row_remove_a_peer_at_once() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    assert_eq!(unicasts(&bench.run(FIRST)).len(), 1);
    assert_eq!(refuse_twice(&mut bench, &kitchen), 1, "two reports of one probe are one");
    assert_eq!(bench.events(), ["-kitchen (unreachable)"]);
    let late = {
        kitchen.sequence -= 1;
        kitchen.message(Kind::Announce)
    };
    bench.hear_bytes(&late, kitchen.address);
    assert_eq!(bench.names(), [""; 0], "a late datagram changes nothing");
}

#[test]
fn icmp_report_counts_for_its_interface_alone() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    bench.run(FIRST);
    for _ in 0..4 {
        bench.node.handle_unreachable(kitchen.address, 3, bench.now);
        bench.run(ms(250));
    }
    assert_eq!(bench.names(), ["kitchen"]);
}

#[test]
fn a_peer_that_is_received_between_two_reports_stays() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..5 {
        bench.run(FIRST);
        bench.node.handle_unreachable(kitchen.address, 0, bench.now);
        bench.hear(&mut kitchen, Kind::Announce);
    }
    refuse_twice(&mut bench, &kitchen);
    assert_eq!(bench.events(), [""; 0], "and reports without a probe count nothing");
}

#[test]
fn icmp_reports_about_a_live_peer_count_once_at_most() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for _ in 0..5 {
        bench.run(FIRST);
        refuse_twice(&mut bench, &kitchen);
        bench.hear(&mut kitchen, Kind::Query);
    }
    assert_eq!(bench.events(), ["-kitchen (unreachable)", "+kitchen"]);
}

#[test]
fn a_suspend_is_noticed_whatever_the_node_does_first() {
    let attic = Remote::new("attic", 9);
    let mut bench = Bench::settled();
    bench.hear_line(&attic);
    bench.now += Duration::from_secs(3600);
    bench.node.handle_network_change(bench.now);
    bench.node.handle_timeout(bench.now);
    assert_eq!(bench.events(), ["+attic"]);
}

#[test]
fn a_suspend_does_not_shorten_a_long_lifetime() {
    let mut patient = Remote { expiry: Duration::from_secs(3600), ..Remote::new("patient", 7) };
    let mut bench = knowing(&mut patient);
    let sent = bench.run(FIRST);
    bench.answer_probes(&mut patient, &sent);
    bench.now += ms(20_000);
    bench.node.handle_timeout(bench.now);
    bench.run(Duration::from_secs(1800));
    assert_eq!(bench.names(), ["patient"]);
}

#[test]
fn a_restart_has_the_old_instance_probed_at_once() {
    let mut old = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut old);
    bench.run(ms(5000));
    let mut new = old.restarted();
    bench.hear(&mut new, Kind::Announce);
    let probes = unicasts(&bench.run(ms(0)));
    assert_eq!((whats(&probes), probes[0].to), (vec!["probe"], old.to()));
    refuse_twice(&mut bench, &old);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (unreachable)"]);
    assert_eq!(bench.node.peers(bench.now)[0].id, Some(new.id));
}

#[test]
fn report_about_the_last_probe_of_a_suspicion_brings_one_more() {
    let mut old = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut old);
    bench.run(ms(5000));
    bench.hear(&mut old.restarted(), Kind::Announce);
    // The reports about the first two are lost.
    assert_eq!(unicasts(&bench.run(ms(1000))).len(), 3);
    assert_eq!(refuse_twice(&mut bench, &old), 1);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (unreachable)"]);
}

#[test]
fn namesakes_that_were_silent_the_longest_are_probed() {
    let mut bench = Bench::settled();
    let mut silent = Remote { id: [0x80; 16], ..Remote::new("worker", 7) };
    bench.hear(&mut silent, Kind::Query);
    for other in 0..50_u8 {
        bench.run(ms(60));
        let address = (silent.address.ip(), 40_000 + u16::from(other)).into();
        bench.hear(&mut Remote { id: [other; 16], address, ..silent.clone() }, Kind::Query);
    }
    bench.run(ms(5000));
    bench.hear(&mut Remote { id: [0xfe; 16], ..silent.restarted() }, Kind::Announce);
    let probes = unicasts(&bench.run(ms(0)));
    assert_eq!(probes.len(), 8);
    assert!(probes.iter().any(|probe| probe.to == silent.to()));
}

#[test]
fn answering_namesake_stays_and_a_silent_one_expires() {
    let mut old = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut old);
    let mut new = old.restarted();
    bench.hear(&mut new, Kind::Announce);
    let sent = bench.run(ms(0));
    assert_eq!(bench.answer_probes(&mut old, &sent), 1);
    assert_eq!(unicasts(&bench.run(ms(10_000))), []);
    assert_eq!(bench.names(), ["kitchen", "kitchen"]);
}

#[test]
fn probes_that_are_late_do_not_come_all_at_once() {
    let mut old = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut old);
    bench.run(FIRST - ms(100));
    bench.hear(&mut old.restarted(), Kind::Announce);
    let to_old = |sent: &Sent| sent.to == old.to();
    let probes: Vec<Sent> = bench.run(ms(5000)).into_iter().filter(to_old).collect();
    let times = times(&probes, ms(0));
    assert!(times.windows(2).all(|two| two[1] - two[0] >= ms(250)), "{times:?}");
    assert_eq!(times.len(), 7, "three as suspect, and the four at 57 %");
}

#[test]
fn peer_whose_socket_is_gone_is_listed_with_another_path() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let by_other_path = kitchen.message(Kind::Announce);
    bench.hear_bytes(&by_other_path, kitchen.at(8).address);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.run(FIRST);
    refuse_twice(&mut bench, &kitchen);
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(kitchen.at(8).address.ip()));
    let probes = unicasts(&bench.run(ms(0)));
    assert_eq!((whats(&probes), probes[0].to), (vec!["probe"], kitchen.at(8).to()), "it is probed at once");
}

#[test]
fn peer_on_two_interfaces_keeps_its_first_address() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    for beat in 0..20 {
        bench.run(INTERVAL);
        let bytes = kitchen.message(Kind::Announce);
        let paths = if beat % 2 == 0 { [7, 8] } else { [8, 7] };
        for path in paths {
            bench.hear_bytes(&bytes, kitchen.at(path).address);
        }
    }
    let peer = bench.node.peers(bench.now).remove(0);
    assert_eq!(peer.address, Some(kitchen.address.ip()));
    let addresses: Vec<_> = peer.addresses.iter().map(|listed| listed.address).collect();
    assert_eq!(
        (addresses, peer.addresses_validated),
        (vec![kitchen.address.ip(), kitchen.at(8).address.ip()], 2)
    );
    assert_eq!(bench.events(), ["~kitchen"], "its second address is new once");
}

#[test]
fn moved_peer_is_probed_at_its_old_address_and_then_moved() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let (old, mut moved) = (kitchen.to(), kitchen.at(8));
    bench.run(ms(100));
    bench.hear(&mut moved, Kind::Announce);
    bench.events();
    let sent = bench.run(ms(2000));
    let to_old: Vec<Sent> = sent.iter().filter(|sent| sent.to == old).cloned().collect();
    assert_eq!(times(&to_old, ms(1100)), [ms(250), ms(750), ms(1250)]);
    let to_new: Vec<Sent> = sent.iter().filter(|sent| sent.to == moved.to()).cloned().collect();
    assert_eq!(
        times(&to_new, ms(1100)),
        [ms(750), ms(1750)],
        "when the old one is silent, and when it is given up"
    );
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(moved.address.ip()));
    assert_eq!(bench.events(), ["~kitchen"]);
}

#[test]
fn listed_path_stays_if_an_answer_or_a_copy_comes_by_it() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let by_other_path = kitchen.message(Kind::Announce);
    bench.hear_bytes(&by_other_path, kitchen.at(8).address);
    let sent = bench.run(ms(250));
    assert_eq!(bench.answer_probes(&mut kitchen, &sent), 1);
    assert_eq!(unicasts(&bench.run(ms(5000))), []);
    let by_other_path = kitchen.message(Kind::Announce);
    bench.hear_bytes(&by_other_path, kitchen.at(8).address);
    bench.hear_bytes(&by_other_path, kitchen.address);
    assert_eq!(unicasts(&bench.run(ms(5000))), []);
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(kitchen.address.ip()));
}

#[test]
fn echo_validates_the_probed_path_wherever_it_arrives() {
    let mut kitchen = Remote::new("kitchen", 7);
    let mut bench = knowing(&mut kitchen);
    let mut moved = Remote { sequence: kitchen.sequence, ..kitchen.at(8) };
    bench.hear(&mut moved, Kind::Announce);
    kitchen.sequence = moved.sequence;
    let nonce = bench.run(ms(250)).iter().find_map(|sent| nonce_of(&sent.bytes)).expect("it is probed");
    kitchen.sequence += 1;
    let echo = wire::encode(Kind::Announce, &Announcement { echo: Some(nonce), ..kitchen.about() });
    bench.hear_bytes_alone(&echo, kitchen.at(8).address);
    assert_eq!(unicasts(&bench.run(ms(5000))), []);
    assert_eq!(bench.node.peers(bench.now)[0].address, Some(kitchen.address.ip()));
}

#[test]
fn after_a_suspend_the_peers_are_probed_before_they_expire() {
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
    assert!(!bench.node.poll_reopen(), "nothing could be received");
    assert_eq!(whats(&bench.sent()), ["query", "line"]);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.run(ms(4000));
    assert_eq!(bench.events(), ["-cellar (expired)"]);
    bench.run(EXPIRY - ms(4000));
    assert_eq!(bench.events(), ["-attic (expired)", "-kitchen (expired)"]);
}
