//! What a node makes of what it hears: who is listed, who is answered, who is gone.

use std::net::SocketAddrV6;
use std::time::Duration;

use peers_proto::wire::{self, Announcement, Kind};
use peers_proto::{Destination, LeaveReason, Peer, PeerAddress, RegisterError, Settings, Source};

use crate::harness::{Bench, EXPIRY, INTERVAL, Remote, ms, settings, unicasts, whats};

#[test]
fn a_peer_that_announces_itself_is_listed_with_all_it_tells() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote { value: b"soup".into(), ..Remote::new("kitchen", 7) };
    bench.hear(&mut kitchen, Kind::Announce);
    bench.run(ms(5000));
    let expected = Peer {
        name: "kitchen".into(),
        value: b"soup".into(),
        address: Some(kitchen.address.ip()),
        interface: 2,
        addresses: vec![PeerAddress { address: kitchen.address.ip(), interface: 2 }],
        addresses_validated: 1,
        port: 8080,
        id: Some(kitchen.id),
        source: Source::Multicast,
        age: ms(5000),
        expires_in: EXPIRY - ms(5000),
    };
    assert_eq!(bench.node.peers(bench.now), [expected]);
    assert_eq!(bench.events(), ["+kitchen"]);
}

#[test]
fn a_query_is_answered_at_once_by_unicast_and_lists_who_asks() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Query);
    let sent = bench.sent();
    assert_eq!(whats(&sent), ["announce"]);
    assert_eq!(sent[0].to, kitchen.to());
    assert_eq!(bench.names(), ["kitchen"]);
}

#[test]
fn second_query_of_one_address_within_50_ms_gets_no_reply() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    for _ in 0..10 {
        bench.hear(&mut kitchen, Kind::Query);
    }
    assert_eq!(whats(&bench.run(ms(50))), ["announce"]);
    bench.hear(&mut kitchen, Kind::Query);
    assert_eq!(whats(&bench.sent()), ["announce"]);
}

#[test]
fn no_answer_is_longer_than_its_question() {
    let mut bench = Bench::new(Settings { value: vec![1; 1000], ..settings() });
    bench.run(ms(1000));
    let mut kitchen = Remote::new("kitchen", 7);
    // A query without its padding, as only somebody who means harm would send it.
    let mut short = kitchen.message(Kind::Announce);
    short[5] = Kind::Query as u8;
    bench.hear_bytes(&short, kitchen.address);
    assert_eq!(bench.sent(), []);
    let query = kitchen.message(Kind::Query);
    bench.hear_bytes(&query, kitchen.address);
    assert!(bench.sent()[0].bytes.len() <= query.len());
}

#[test]
fn replies_of_many_are_spread_and_a_group_reply_replaces_them() {
    let mut bench = Bench::settled();
    let mut cluster: Vec<Remote> = (0..=199).map(|last| Remote::new(&format!("peer{last}"), last)).collect();
    for peer in &mut cluster {
        bench.hear(peer, Kind::Announce);
    }
    for peer in &mut cluster[..100] {
        bench.hear(peer, Kind::Query);
    }
    assert!(bench.sent().len() < 50, "few are answered at once");
    let sent = bench.run(ms(100));
    assert!(sent.len() > 50, "the others within half a millisecond for each peer");

    for peer in &mut cluster[100..] {
        bench.hear(peer, Kind::Query);
    }
    let at_once = bench.sent().len();
    bench.node.set_value(b"news", bench.now).expect("it fits");
    assert_eq!(whats(&bench.run(ms(200))), ["announce"], "after {at_once} answers, to the group");
}

#[test]
fn group_replies_come_once_a_second_for_all_queries() {
    let mut bench = Bench::settled();
    for sequence in 1..=3 {
        for last in 0..10 {
            let peer = Remote { sequence, ..Remote::new("walled", last) };
            let bytes = wire::encode(Kind::Query, &Announcement { answer_to_group: true, ..peer.about() });
            bench.hear_bytes(&bytes, peer.address);
        }
        let sent = bench.run(ms(1000));
        assert_eq!(whats(&sent), ["announce"]);
        assert_eq!(sent[0].to, Destination::Group);
    }
}

#[test]
fn unicast_query_is_answered_at_once_beside_many_peers() {
    let mut bench = Bench::settled();
    for last in 0..=199 {
        bench.hear(&mut Remote::new(&format!("peer{last}"), last), Kind::Announce);
    }
    for last in 0..=199 {
        let mut peer = Remote { sequence: 1, ..Remote::new(&format!("peer{last}"), last) };
        bench.hear_alone(&mut peer, Kind::Query);
        assert_eq!(whats(&bench.sent()), ["announce"]);
    }
}

#[test]
fn who_asks_alone_does_not_wait_with_those_who_asked_all() {
    let mut bench = Bench::settled();
    for last in 0..=199 {
        bench.hear(&mut Remote::new(&format!("peer{last}"), last), Kind::Announce);
    }
    let mut answers = 0;
    for last in 0..=199 {
        let mut peer = Remote { sequence: 1, ..Remote::new(&format!("peer{last}"), last) };
        bench.hear(&mut peer, Kind::Query);
        let at_once = bench.sent().len();
        bench.hear_alone(&mut peer, Kind::Query);
        answers += at_once + bench.sent().len();
        assert_eq!(answers, usize::from(last) + 1);
    }
    assert_eq!(bench.run(ms(200)), [], "and each has one answer");
}

#[test]
fn silence_of_one_family_alone_reopens_the_sockets_once() {
    let mut bench = Bench::settled();
    let mut by_v4 = Remote::new("kitchen", 7);
    let mut by_v6 =
        Remote { address: "[fe80::7%2]:50007".parse().expect("an address"), ..Remote::new("attic", 8) };
    bench.hear(&mut by_v4, Kind::Announce);
    let mut reopened = 0;
    for _ in 0..30 {
        bench.hear(&mut by_v6, Kind::Announce);
        bench.run(ms(5000));
        reopened += usize::from(bench.node.poll_reopen());
    }
    assert_eq!(reopened, 1);
    assert!(!bench.node.is_not_receiving());
}

#[test]
fn a_node_that_hears_its_peers_but_not_the_group_is_deaf() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    for _ in 0..20 {
        bench.hear_alone(&mut kitchen, Kind::Announce);
        bench.run(ms(5000));
    }
    assert!(bench.node.is_not_receiving() && bench.node.poll_reopen());
    bench.hear(&mut kitchen, Kind::Announce);
    assert!(!bench.node.is_not_receiving());
}

#[test]
fn own_and_other_clusters_messages_are_counted_alone() {
    let mut bench = Bench::settled();
    let mut own = Remote { id: settings().id, ..Remote::new("self", 1) };
    let mut foreign = Remote { cluster: "blue".into(), ..Remote::new("foreign", 2) };
    for peer in [&mut own, &mut foreign] {
        bench.hear(peer, Kind::Query);
        bench.hear(peer, Kind::Goodbye);
    }
    assert_eq!((bench.node.counters().looped_back, bench.node.counters().other_cluster), (2, 2));
    assert_eq!((bench.names(), bench.events(), bench.sent()), (vec![], vec![], vec![]));
}

#[test]
fn copies_and_late_messages_change_nothing() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote { value: b"old".into(), ..Remote::new("kitchen", 7) };
    let old = kitchen.message(Kind::Announce);
    kitchen.value = b"new".into();
    let new = kitchen.message(Kind::Query);
    for bytes in [&new, &old, &new, &old] {
        bench.hear_bytes(bytes, kitchen.address);
    }
    assert_eq!(bench.node.peers(bench.now)[0].value, b"new");
    assert_eq!(bench.node.counters().stale, 3);
    assert_eq!(bench.events(), ["+kitchen"]);
    assert_eq!(whats(&bench.sent()), ["announce"], "a query that comes twice is one question");
}

#[test]
fn another_value_is_an_update_and_the_same_again_is_not() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    kitchen.value = b"soup".into();
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(bench.events(), ["+kitchen", "~kitchen"]);
}

#[test]
fn a_known_id_with_another_name_is_not_believed() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    kitchen.name = "cellar".into();
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(bench.names(), ["kitchen"]);
    assert_eq!(bench.node.counters().malformed, 1);
}

#[test]
fn goodbye_removes_at_once_and_late_messages_change_nothing() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    let late = kitchen.message(Kind::Query);
    let goodbye = kitchen.message(Kind::Goodbye);
    for bytes in [&goodbye, &goodbye, &late, &goodbye] {
        bench.hear_bytes(bytes, kitchen.address);
    }
    bench.hear_line(&kitchen);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (goodbye)"]);
    assert_eq!(bench.names(), [""; 0]);
    assert_eq!(bench.sent(), []);
}

#[test]
fn messages_and_goodbyes_with_older_numbers_have_no_effect() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let old_goodbye = kitchen.message(Kind::Goodbye);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear_bytes(&old_goodbye, kitchen.address);
    assert_eq!(bench.names(), ["kitchen"], "numbers only go up");
    let late = kitchen.message(Kind::Announce);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.hear_bytes(&late, kitchen.address);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (goodbye)"]);
}

#[test]
fn a_goodbye_ends_one_that_was_heard_by_its_lines_alone() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let late = kitchen.message(Kind::Query);
    bench.hear_line(&kitchen);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.hear_bytes(&late, kitchen.address);
    bench.hear_line(&kitchen);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (goodbye)"], "its late messages do not list it");
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(bench.names(), ["kitchen"], "a newer one does");
}

#[test]
fn tombstones_last_for_ten_seconds_with_short_lifetimes() {
    let mut bench = Bench::new(Settings { interval: ms(10), expiry: ms(30), ..settings() });
    let mut kitchen = Remote::new("kitchen", 7);
    let late = kitchen.message(Kind::Announce);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.run(ms(4000));
    bench.hear_bytes(&late, kitchen.address);
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn the_flow_label_is_no_part_of_an_address_and_the_zone_is() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let at =
        |flow, scope| SocketAddrV6::new("fe80::7".parse().expect("an address"), 5007, flow, scope).into();
    for (flow, scope) in [(1, 2), (2, 2), (3, 2)] {
        kitchen.address = at(flow, scope);
        bench.hear(&mut kitchen, Kind::Announce);
    }
    assert_eq!(unicasts(&bench.run(ms(5000))), []);
    kitchen.address = at(0, 3);
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(
        unicasts(&bench.run(ms(5000))).len(),
        7,
        "three probes of each as the listed address, and one of the new one before"
    );
    assert_eq!(bench.events(), ["+kitchen", "~kitchen", "~kitchen"], "a new address, and another one first");
}

#[test]
fn announced_lifetime_is_clamped_to_its_range() {
    let mut bench = Bench::settled();
    bench.hear(&mut Remote { expiry: ms(0), ..Remote::new("brief", 7) }, Kind::Announce);
    bench.hear(&mut Remote { expiry: Duration::MAX, ..Remote::new("endless", 8) }, Kind::Announce);
    let lives: Vec<Duration> = bench.node.peers(bench.now).iter().map(|peer| peer.expires_in).collect();
    assert_eq!(lives, [ms(10), EXPIRY], "until it is validated no longer than the node's own expiry");
    let sent = bench.run(ms(20_000));
    let mut endless = Remote { expiry: Duration::MAX, sequence: 1, ..Remote::new("endless", 8) };
    assert!(bench.answer_probes(&mut endless, &sent) > 0);
    assert_eq!(bench.node.peers(bench.now)[0].expires_in, Duration::from_secs(24 * 60 * 60));
}

#[test]
fn nobody_sends_from_port_0() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    kitchen.address.set_port(0);
    bench.hear(&mut kitchen, Kind::Query);
    bench.hear_line(&kitchen);
    assert_eq!((bench.names(), bench.sent(), bench.node.counters().malformed), (vec![], vec![], 2));
}

#[test]
fn a_goodbye_of_an_instance_that_is_not_listed_leaves_nothing() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let late = kitchen.message(Kind::Announce);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.hear_bytes(&late, kitchen.address);
    assert_eq!(bench.events(), ["+kitchen"], "else junk goodbyes would fill a table");
}

#[test]
fn one_that_goes_on_after_a_goodbye_was_not_gone() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(bench.events(), ["+kitchen", "-kitchen (goodbye)", "+kitchen"]);
}

#[test]
fn two_instances_of_one_name_on_one_host_are_two_peers() {
    let mut bench = Bench::settled();
    let mut one = Remote::new("kitchen", 7);
    let mut two = one.restarted();
    bench.hear(&mut one, Kind::Announce);
    bench.hear(&mut two, Kind::Announce);
    let mut namesake = Remote::new("self", 9);
    bench.hear(&mut namesake, Kind::Announce);
    assert_eq!(bench.names(), ["kitchen", "kitchen", "self"], "one of our own name among them");
}

#[test]
fn each_peer_lives_for_the_time_it_announces() {
    let mut bench = Bench::settled();
    let mut brief = Remote { expiry: ms(500), ..Remote::new("brief", 7) };
    let mut lasting = Remote { expiry: 10 * EXPIRY, ..Remote::new("lasting", 8) };
    bench.hear(&mut brief, Kind::Announce);
    bench.hear(&mut lasting, Kind::Announce);
    bench.run(ms(499));
    assert_eq!(bench.names(), ["brief", "lasting"]);
    bench.run(ms(1));
    assert_eq!(bench.names(), ["lasting"]);
    let sent = bench.run(ms(20_000));
    assert!(bench.answer_probes(&mut lasting, &sent) > 0);
    bench.run(2 * EXPIRY);
    assert_eq!(bench.events(), ["+brief", "+lasting", "-brief (expired)"]);
}

#[test]
fn a_flood_of_instances_stops_at_the_cap_and_evicts_no_peer() {
    let mut bench = Bench::new(Settings { max_peers: 100, ..settings() });
    let mut friend = Remote::new("friend", 7);
    bench.hear(&mut friend, Kind::Announce);
    for stranger in 0..10_000_u32 {
        let mut peer = Remote::new("stranger", 8);
        peer.id[..4].copy_from_slice(&stranger.to_be_bytes());
        peer.address.set_port(10_000 + stranger as u16);
        bench.hear(&mut peer, Kind::Announce);
        bench.hear_line(&Remote { name: format!("line{stranger}"), ..peer });
    }
    assert_eq!(bench.node.peer_count(), 100);
    let counters = bench.node.counters();
    assert_eq!(counters.refused_full + counters.unvalidated, 19_901);
    assert!(bench.names().contains(&"friend".to_owned()));
    bench.node.register("mine", b"", None, bench.now).expect("the program's entries have room of their own");
}

#[test]
fn names_and_values_are_held_up_to_a_cap_in_bytes() {
    let mut bench = Bench::new(Settings { max_peers: 1000, ..settings() });
    for last in 0..=255 {
        for more in 0..4 {
            let id = [last, more, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
            let mut peer = Remote { id, value: vec![1; 1000], ..Remote::new("greedy", last) };
            peer.address.set_port(10_000 + u16::from(more));
            bench.hear(&mut peer, Kind::Announce);
        }
    }
    let held = |bench: &Bench| -> usize {
        bench.node.peers(bench.now).iter().map(|peer| peer.name.len() + peer.value.len()).sum()
    };
    assert!((511_000..=512_000).contains(&held(&bench)));
    assert_eq!(bench.node.counters().unvalidated, 1024 - 508);
    for key in 0..508 {
        bench.node.register(&format!("key{key:03}"), &[1; 1000], None, bench.now).expect("as much again");
    }
    assert_eq!(
        bench.node.register("one more", &[1; 1000], None, bench.now),
        Err(RegisterError::BytesFull { max_bytes: 512_000 })
    );

    let mut small = Remote::new("small", 9);
    bench.hear(&mut small, Kind::Announce);
    small.value = vec![1; 1000];
    bench.hear(&mut small, Kind::Announce);
    let listed = bench.node.peers(bench.now).pop().expect("they are listed");
    assert_eq!((listed.name.as_str(), listed.value.len()), ("small", 0), "its value has not grown");
    bench.run(2 * EXPIRY);
    bench.node.register("one more", &[1; 1000], None, bench.now).expect("all have gone and left their room");
}

#[test]
fn restart_on_the_same_socket_replaces_the_former_instance() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote::new("kitchen", 7);
    let mut garden = Remote { id: [8; 16], name: "garden".into(), ..kitchen.clone() };
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear(&mut garden, Kind::Announce);
    let mut restarted = Remote { address: kitchen.address, ..kitchen.restarted() };
    bench.hear(&mut restarted, Kind::Query);
    assert_eq!(bench.events(), ["+kitchen", "+garden", "-kitchen (unreachable)", "+kitchen"]);
    assert_eq!(
        bench.names(),
        ["garden", "kitchen"],
        "a program of another name may be behind the same relay"
    );
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!(
        bench.node.peers(bench.now).len(),
        2,
        "a later message of the former does the same, the other way"
    );
}

#[test]
fn a_line_whose_message_finds_no_room_stays_listed() {
    let mut bench = Bench::new(Settings { max_peers: 70, ..settings() });
    let mut kitchen = Remote { value: vec![1; 900], ..Remote::new("kitchen", 7) };
    bench.hear_line(&kitchen);
    for last in 100..165 {
        bench.hear(&mut Remote { value: vec![1; 1000], ..Remote::new("greedy", last) }, Kind::Announce);
    }
    bench.events();
    bench.hear(&mut kitchen, Kind::Announce);
    assert_eq!((bench.events(), bench.node.counters().unvalidated), (vec![], 1));
    assert!(bench.names().contains(&"kitchen".to_owned()));
}

#[test]
fn a_flood_of_goodbyes_and_questions_is_remembered_only_so_far() {
    let mut bench = Bench::new(Settings { max_peers: 10, ..settings() });
    bench.run(ms(1000));
    for stranger in 0..10_000_u32 {
        let mut peer = Remote::new("stranger", 8);
        peer.id[..4].copy_from_slice(&stranger.to_be_bytes());
        peer.address.set_port(10_000 + (stranger % 50_000) as u16);
        bench.hear(&mut peer, Kind::Goodbye);
        peer.id[15] = 0;
        bench.hear(&mut peer, Kind::Query);
    }
    assert_eq!(unicasts(&bench.sent()).len(), 1024, "answers in one instant");
    bench.run(INTERVAL);
    let mut friend = Remote::new("friend", 7);
    bench.hear(&mut friend, Kind::Query);
    assert_eq!(unicasts(&bench.sent()).len(), 1, "later others are answered again");
}

#[test]
fn an_event_carries_the_peer_as_it_was() {
    let mut bench = Bench::settled();
    let mut kitchen = Remote { value: b"soup".into(), ..Remote::new("kitchen", 7) };
    bench.hear(&mut kitchen, Kind::Announce);
    bench.hear(&mut kitchen, Kind::Goodbye);
    bench.node.poll_event();
    let Some(peers_proto::Event::Left(peer, LeaveReason::Goodbye)) = bench.node.poll_event() else {
        panic!("it left");
    };
    assert_eq!((peer.value.as_slice(), peer.id, peer.expires_in), (&b"soup"[..], Some(kitchen.id), ms(0)));
}
