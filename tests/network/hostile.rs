//! Hosts on the link that forge messages, sources and ICMP errors.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use peers_proto::wire::{self, Announcement, InstanceId, Kind};

use crate::keys::{got, parse_id, recorder, spoof, spoof_to};
use crate::nodes::{
    HOURS, LONG_LIFE, counted, ear, expect_counted, expect_that, listing, rust_watch, script, state,
    value_of, watch_with, world, world_with_firewall,
};
use crate::routed::{PORT, far, near, router, unicast_watch};
use support::program::Program;

/// The id of a peer of a watch.
fn id_of(watch: &mut Program, name: &str, address: &str) -> InstanceId {
    drop(watch.take("listed "));
    watch.signal(Signal::SIGUSR1);
    parse_id(&watch.line(&format!("listed {name} {address} ")))
}

/// A message that says this about an instance.
fn forged(kind: Kind, id: InstanceId, name: &str, sequence: u64) -> Vec<u8> {
    let expiry = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    wire::encode(kind, &Announcement { id, name, sequence, expiry, value: b"false", ..Default::default() })
}

#[test]
fn a_forged_announce_is_corrected_and_the_goodbye_counts() {
    let test = "a_forged_announce_is_corrected_and_the_goodbye_counts";
    let Some(world) = world(test) else { return };
    let (left, right, hostile) = (world.host(1), world.host(2), world.host(3));
    let mut node = watch_with(&left, "node", &LONG_LIFE);
    let mut victim = watch_with(&right, "victim", &[&LONG_LIFE[..], &["--value", "true"]].concat());
    node.expect(["joined victim 192.0.2.2"]);
    let id = id_of(&mut node, "victim", "192.0.2.2");
    for sequence in [u64::MAX, 1 << 31, 1 << 32] {
        let before = counted(&mut victim, "id_conflicts");
        spoof(&hostile, "192.0.2.3", &[forged(Kind::Announce, id, "victim", sequence)]);
        expect_counted(&mut victim, "id_conflicts", before + 1);
        expect_that(&mut node, "the value is the true one", |node| value_of(node, "victim") == "true");
        assert_eq!(listing(&mut node), ["victim 192.0.2.2 Multicast"]);
    }
    victim.signal(Signal::SIGTERM);
    node.expect(["left victim (goodbye)"]);
}

#[test]
fn forged_goodbyes_leave_no_trace_of_a_live_peer() {
    let test = "forged_goodbyes_leave_no_trace_of_a_live_peer";
    let Some(world) = world(test) else { return };
    let (left, right, hostile) = (world.host(1), world.host(2), world.host(3));
    let mut node = watch_with(&left, "node", &LONG_LIFE);
    let _victim = watch_with(&right, "victim", &LONG_LIFE);
    node.expect(["joined victim 192.0.2.2"]);
    let id = id_of(&mut node, "victim", "192.0.2.2");
    for batch in 0..20_u8 {
        let junk = |number| forged(Kind::Goodbye, [number; 16], "junk", u64::MAX);
        spoof(&hostile, "192.0.2.3", &(0..100).map(|number| junk(batch ^ number)).collect::<Vec<_>>());
    }
    // From an address that the victim has not, it is doubted; its number is beyond all that can be known.
    let goodbye = |sequence| forged(Kind::Goodbye, id, "victim", sequence);
    spoof(&hostile, "192.0.2.3", &[goodbye(1 << 31)]);
    spoof(&hostile, "192.0.2.2", &[goodbye(u64::MAX)]);
    // More than the life of an entry.
    let received = counted(&mut node, "received");
    expect_counted(&mut node, "received", received + 80);
    node.never_printed("left victim");
    // In the name of its address it counts, until the next message of the victim, whose own number is 2^31 and more by now.
    spoof(&hostile, "192.0.2.2", &[goodbye(1 << 32)]);
    node.expect(["left victim (goodbye)", "joined victim 192.0.2.2"]);
}

#[test]
fn newcomers_have_room_after_a_flood_of_invented_peers() {
    let test = "newcomers_have_room_after_a_flood_of_invented_peers";
    let Some(world) = world(test) else { return };
    let (host, other, hostile) = (world.host(1), world.host(2), world.host(3));
    // Nothing that the flood brings expires while the test runs.
    let mut node = watch_with(&host, "node", &[&HOURS[..], &["--max-peers", "300"]].concat());
    for batch in 0..10_u8 {
        // Each has a name of its own: two of one name at one address are a program that was restarted.
        let invented = |number: u8| {
            let id = [batch + 1, number, 9].repeat(6)[..16].try_into().expect("16 bytes");
            forged(Kind::Announce, id, &format!("invented {batch} {number}"), 1)
        };
        spoof(&hostile, "192.0.2.3", &(0..50).map(invented).collect::<Vec<_>>());
    }
    expect_counted(&mut node, "peers", 300);
    let mut late = watch_with(&other, "late", &HOURS);
    node.expect(["joined late 192.0.2.2"]);
    late.expect(["joined node 192.0.2.1"]);
    assert_eq!(counted(&mut node, "peers"), 300);
}

#[test]
fn replies_to_hosts_that_are_not_there_delay_no_multicast() {
    let test = "replies_to_hosts_that_are_not_there_delay_no_multicast";
    let Some(world) = world(test) else { return };
    let (host, other, hostile) = (world.host(1), world.host(2), world.host(3));
    let mut ear = ear(&other, "192.0.2.2");
    ear.expect(["listening"]);
    let interval = ["--interval", "1000", "--expiry", "120000"];
    let mut node = watch_with(&host, "node", &interval);
    ear.expect(["v4 query node 3"]);
    let mut flood = script(&hostile, "query_flood.py", &["192.0.2", "12"]);
    flood.expect(["flooding"]);
    let start = Instant::now();
    let mut count = 0;
    while !flood.has_printed("flooded") {
        count = counted(&mut node, "sent");
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(count > 1000, "the node replies, {count} times");
    // One announce a second, less a tenth for what the intervals vary by.
    let announces = (1..).take_while(|number| ear.has_printed(&format!("v4 announce node {number}"))).count();
    assert!(announces as f64 + 2.0 >= seconds * 0.9, "{announces} announces in {seconds:.1} s");
}

#[test]
fn forged_icmp_errors_stop_no_message_and_remove_no_peer() {
    let test = "forged_icmp_errors_stop_no_message_and_remove_no_peer";
    let Some(world) = world(test) else { return };
    world.hear_everything();
    let (host, other, hostile, third) = (world.host(1), world.host(2), world.host(3), world.host(4));
    let mut recorder = recorder(&third, &[]);
    let mut node = rust_watch(&host, "node");
    let port = recorder.line("spoke 192.0.2.1 ");
    let mut peer = watch_with(&other, "peer", &LONG_LIFE);
    node.expect(["joined peer 192.0.2.2"]);
    peer.expect(["joined node 192.0.2.1"]);
    // About a host to which the node has sent nothing.
    let mut forger = script(&hostile, "icmp.py", &["192.0.2.1", &port, "198.51.100.9"]);
    forger.expect(["forging"]);
    for _ in 0..20 {
        forger.line("forged ");
        assert_eq!(state(&mut node), "Running");
    }
    assert_eq!(counted(&mut node, "send_errors"), 0);
    // Its replies reach a newcomer meanwhile.
    let mut late = watch_with(&third, "late", &HOURS);
    late.expect(["joined node 192.0.2.1"]);
    node.never_printed("left");
    peer.never_printed("left");
}

#[test]
fn a_forged_announce_brings_three_times_its_bytes_at_most() {
    let test = "a_forged_announce_brings_three_times_its_bytes_at_most";
    let Some(world) = world_with_firewall(test) else { return };
    let (host, hostile, other, bystanding) = (world.host(1), world.host(3), world.host(2), world.host(9));
    bystanding.firewall_rule("input", "meta l4proto udp drop");
    let mut bystander = script(&bystanding, "bystander.py", &["192.0.2.9"]);
    bystander.expect(["listening"]);
    let value = "x".repeat(1000);
    let options = ["--unicast-port", PORT, "--value", &value, "--expiry", "120000"];
    let mut node = unicast_watch(&host, "node", &options);
    // Says a key of a peer that has the node for a seed: it gets copies.
    let about = Announcement { id: [66; 16], name: "f", sequence: 1, to_seed: true, ..Default::default() };
    let expiry = Duration::from_secs(3600);
    let announce = wire::encode(Kind::Announce, &Announcement { expiry, ..about });
    let sent = spoof_to(&hostile, "192.0.2.9", ["192.0.2.1", PORT], &[announce]);
    node.expect(["joined f 192.0.2.9"]);
    // By this one it shows that the node sends copies in each interval.
    let _guest = unicast_watch(&other, "guest", &["--seeds", "192.0.2.1:49002"]);
    node.expect(["joined guest 192.0.2.2"]);
    let before = counted(&mut node, "sent");
    expect_counted(&mut node, "sent", before + 50);
    let brought = got(&mut bystander);
    assert!(brought <= 3 * sent, "{sent} bytes were sent in its name, and it got {brought}");
}

#[test]
fn a_source_that_no_host_can_have_is_dropped() {
    let Some(world) = world("a_source_that_no_host_can_have_is_dropped") else { return };
    let (host, hostile) = (world.host(1), world.host(3));
    let mut node = watch_with(&host, "node", &HOURS);
    expect_counted(&mut node, "received", 3);
    for (number, source) in ["192.0.2.255", "0.0.0.9"].into_iter().enumerate() {
        spoof(&hostile, source, &[forged(Kind::Announce, [number as u8; 16], "nowhere", 1)]);
    }
    expect_counted(&mut node, "off_link", 1);
    spoof(&hostile, "192.0.2.3", &[forged(Kind::Announce, [3; 16], "somewhere", 1)]);
    node.expect(["joined somewhere 192.0.2.3"]);
    node.never_printed("joined nowhere");
}

#[test]
fn a_reply_to_a_forged_off_link_source_stays_on_the_link() {
    let test = "a_reply_to_a_forged_off_link_source_stays_on_the_link";
    let Some(world) = world_with_firewall(test) else { return };
    let (_router, here, hostile, there) = (router(&world), near(&world, 1), near(&world, 3), far(&world, 2));
    there.firewall_rule("input", "meta l4proto udp drop");
    let mut bystander = script(&there, "bystander.py", &["198.51.100.2"]);
    bystander.expect(["listening"]);
    let mut node = watch_with(&here, "node", &HOURS);
    expect_counted(&mut node, "received", 3);
    let before = counted(&mut node, "sent");
    let query = |id| {
        let about = Announcement { id: [id; 16], name: "far", sequence: 1, ..Default::default() };
        let about = Announcement { expiry: Duration::from_secs(3600), ..about };
        wire::encode_query(&about, std::iter::empty())
    };
    spoof(&hostile, "198.51.100.2", &(1..=10).map(query).collect::<Vec<_>>());
    expect_counted(&mut node, "sent", before + 10);
    // The router does forward: what the host itself sends there arrives.
    spoof_to(&hostile, "192.0.2.3", ["198.51.100.2", "9"], &[vec![0; 7]]);
    expect_that(&mut node, "the router has forwarded", |_| got(&mut bystander) > 0);
    assert_eq!(got(&mut bystander), 7);
}
