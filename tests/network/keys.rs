//! Nodes with keys: who has none learns nothing, and whatever else it does is without effect.

use std::fs::{self, Permissions};
use std::iter;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use peers_proto::wire::{self, Announcement, InstanceId, Kind};
use peers_proto::{KEY_LEN, Key, Node, Settings};

use crate::nodes::{HOURS, counted, expect_counted, script, watch_with, world, world_with_firewall};
use support::program::{LIMIT, Program};
use support::world::Host;

const GROUP: [&str; 2] = ["239.2.3.4", "49001"];

/// A file of this test with these keys, each of one byte again and again.
pub fn key_file(test: &str, keys: &[u8]) -> String {
    let path = support::scratch().join(test);
    fs::write(&path, keys.iter().flat_map(|byte| [*byte; KEY_LEN]).collect::<Vec<_>>())
        .expect("the scratch folder can be written");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("the file is ours");
    path.to_str().expect("it is UTF-8").into()
}

/// Records what crosses the link, and tells which of the texts it has seen.
pub fn recorder(host: &Host<'_>, texts: &[&str]) -> Program {
    let mut recorder = script(host, "recorder.py", texts);
    recorder.expect(["listening"]);
    recorder
}

/// A node that runs in the test, to make datagrams.
fn maker(id: InstanceId, keys: &[u8]) -> Node {
    maker_of(id, keys, Duration::from_secs(35))
}

fn maker_of(id: InstanceId, keys: &[u8], expiry: Duration) -> Node {
    let settings = Settings {
        id,
        seed: 0,
        secret_seed: Key::new([id[0]; KEY_LEN]),
        keys: keys.iter().map(|byte| Key::new([*byte; KEY_LEN])).collect(),
        name: format!("maker-{}", id[0]),
        legacy: false,
        interval: expiry / 2,
        expiry,
        max_peers: 10,
        ..Settings::default()
    };
    Node::new(settings, Instant::now())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn nodes_without_the_key_learn_nothing_of_those_with_it() {
    let test = "nodes_without_the_key_learn_nothing_of_those_with_it";
    let Some(world) = world(test) else { return };
    world.hear_everything();
    let hosts = [1, 2, 3, 4, 5].map(|number| world.host(number));
    let (ours, theirs) = (key_file(&format!("{test}-1"), &[1]), key_file(&format!("{test}-2"), &[2]));
    let mut recorder = recorder(&hosts[4], &["alpha", "beta", "gamma", "secluded", "valuable", "openly"]);
    let said = ["--cluster", "secluded", "--value", "valuable"];

    let mut alpha = watch_with(&hosts[0], "alpha", &[&said[..], &["--key-file", &ours]].concat());
    let mut beta = watch_with(&hosts[1], "beta", &[&said[..], &["--key-file", &ours]].concat());
    let mut gamma = watch_with(&hosts[2], "gamma", &[&said[..], &["--key-file", &theirs]].concat());
    alpha.expect(["joined beta 192.0.2.2"]);
    beta.expect(["joined alpha 192.0.2.1"]);
    // More than a start says.
    expect_counted(&mut gamma, "wrong_key", 20);
    recorder.never_printed("readable");

    // That it would have seen it shows here.
    let mut open = watch_with(&hosts[3], "openly", &said);
    recorder.expect(["readable openly", "readable secluded", "readable valuable"]);
    expect_counted(&mut open, "wrong_key", 20);
    for (watch, known) in [(&mut alpha, 1), (&mut beta, 1), (&mut gamma, 0), (&mut open, 0)] {
        assert_eq!(counted(watch, "peers"), known);
        watch.never_printed("joined");
    }
    assert!(counted(&mut alpha, "wrong_key") >= 10);
}

#[test]
fn what_was_recorded_brings_nobody_back_and_keeps_nobody_alive() {
    let test = "what_was_recorded_brings_nobody_back_and_keeps_nobody_alive";
    let Some(world) = world(test) else { return };
    world.hear_everything();
    let hosts = [1, 2, 3, 4].map(|number| world.host(number));
    let file = key_file(test, &[1]);
    let mut recorder = recorder(&hosts[2], &[]);
    let start = |host: &Host<'_>, name: &str| watch_with(host, name, &["--key-file", &file]);
    let mut watcher = start(&hosts[1], "watcher");
    // It is listed after all that was sent again before.
    let has_taken_in_all = |watcher: &mut Program, marker: &str| {
        let mut node = start(&hosts[3], marker);
        watcher.expect([&*format!("joined {marker} 192.0.2.4")]);
        node.signal(Signal::SIGTERM);
        watcher.expect([&*format!("left {marker} (goodbye)")]);
        node.never_printed("joined victim");
    };

    let victim = start(&hosts[0], "victim");
    watcher.expect(["joined victim 192.0.2.1"]);
    expect_counted(&mut watcher, "received", 20);
    victim.signal(Signal::SIGTERM);
    watcher.expect(["left victim (goodbye)"]);
    for way in [Signal::SIGUSR1, Signal::SIGUSR2] {
        let before = counted(&mut watcher, "stale");
        recorder.signal(way);
        recorder.line("sent ");
        expect_counted(&mut watcher, "stale", before + 10);
    }
    has_taken_in_all(&mut watcher, "marker-1");
    watcher.never_printed("joined");

    // Nobody answers for it at its address, not even the system.
    let victim = start(&hosts[0], "victim");
    watcher.expect(["joined victim 192.0.2.1"]);
    expect_counted(&mut watcher, "received", 60);
    victim.kill();
    hosts[0].unplug();
    let deadline = Instant::now() + LIMIT;
    while !watcher.has_printed("left victim") {
        assert!(Instant::now() < deadline, "what was recorded keeps the victim alive");
        for way in [Signal::SIGUSR1, Signal::SIGUSR2] {
            recorder.signal(way);
            recorder.line("sent ");
        }
    }
    watcher.expect(["left victim (expired)"]);
    // Nor with one that has never heard of it, and cannot know its numbers.
    let mut newcomer = start(&hosts[3], "newcomer");
    newcomer.expect(["joined watcher 192.0.2.2"]);
    watcher.expect(["joined newcomer 192.0.2.4"]);
    let before = counted(&mut newcomer, "unvalidated");
    for way in [Signal::SIGUSR1, Signal::SIGUSR2] {
        recorder.signal(way);
        recorder.line("sent ");
    }
    expect_counted(&mut newcomer, "unvalidated", before + 1);
    has_taken_in_all(&mut watcher, "marker-2");
    watcher.never_printed("joined");
    newcomer.never_printed("joined victim");
}

#[test]
fn a_goodbye_ends_nobody_unless_it_was_sealed_with_the_key() {
    let test = "a_goodbye_ends_nobody_unless_it_was_sealed_with_the_key";
    let Some(world) = world(test) else { return };
    let (left, right, forging) = (world.host(1), world.host(2), world.host(3));
    let file = key_file(test, &[1]);
    let _victim = watch_with(&left, "victim", &["--key-file", &file]);
    let mut watcher = watch_with(&right, "watcher", &["--key-file", &file]);
    watcher.expect(["joined victim 192.0.2.1"]);
    watcher.signal(Signal::SIGUSR1);
    let id = parse_id(&watcher.line("listed victim 192.0.2.1 "));

    let before = counted(&mut watcher, "wrong_key");
    for source in ["192.0.2.1", "192.0.2.3"] {
        spoof(&forging, source, &[plain_goodbye(id, "victim"), sealed_goodbye(id, 2)]);
    }
    expect_counted(&mut watcher, "wrong_key", before + 4);
    watcher.never_printed("left");
    // A host that has the key could, in the name of the victim's address.
    spoof(&forging, "192.0.2.1", &[sealed_goodbye(id, 1)]);
    watcher.expect(["left victim (goodbye)"]);
}

pub fn parse_id(digits: &str) -> InstanceId {
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("it is hexadecimal");
    std::array::from_fn(byte)
}

fn plain_goodbye(id: InstanceId, name: &str) -> Vec<u8> {
    let about = Announcement {
        cluster: "",
        id,
        sequence: u64::MAX,
        name,
        expiry: Duration::from_secs(1),
        port: 0,
        ..Default::default()
    };
    wire::encode(Kind::Goodbye, &about)
}

/// Later than anything that this instance has said.
fn sealed_goodbye(id: InstanceId, key: u8) -> Vec<u8> {
    let mut node = maker(id, &[key]);
    let mut now = Instant::now();
    let end = now + Duration::from_secs(60 * 60);
    while now < end {
        now = node.poll_timeout().expect("it runs").max(now);
        node.handle_timeout(now);
        while node.poll_transmit().is_some() {}
    }
    node.stop(now);
    node.poll_transmit().expect("it says goodbye").payload.to_vec()
}

/// Sends these to the group in the name of `source`, and returns how many bytes they are.
pub fn spoof(host: &Host<'_>, source: &str, datagrams: &[Vec<u8>]) -> u64 {
    spoof_to(host, source, GROUP, datagrams)
}

/// As `spoof`, to this address and port.
pub fn spoof_to(host: &Host<'_>, source: &str, to: [&str; 2], datagrams: &[Vec<u8>]) -> u64 {
    let datagrams: Vec<String> = datagrams.iter().map(|datagram| hex(datagram)).collect();
    let datagrams = datagrams.iter().map(String::as_str);
    let arguments: Vec<&str> = iter::once(source).chain(to).chain(datagrams).collect();
    script(host, "spoof.py", &arguments).line("sent ").parse().expect("it is a number")
}

#[test]
fn keys_are_changed_while_nodes_run_and_nobody_leaves() {
    let test = "keys_are_changed_while_nodes_run_and_nobody_leaves";
    let Some(world) = world(test) else { return };
    let hosts = [1, 2, 3, 4].map(|number| world.host(number));
    let names = ["alpha", "beta"];
    let file = |name: &str, keys: &[u8]| key_file(&format!("{test}-{name}"), keys);
    // A busy machine may not run a process for a second.
    let start = |host, name| watch_with(host, name, &["--expiry", "3000", "--key-file", &file(name, &[1])]);
    let [mut alpha, mut beta] = [0, 1].map(|number| start(&hosts[number], names[number]));
    alpha.expect(["joined beta 192.0.2.2"]);
    beta.expect(["joined alpha 192.0.2.1"]);

    let give = |node: &mut Program, name: &str, keys: &[u8]| {
        file(name, keys);
        node.signal(Signal::SIGHUP);
        node.expect(["took new keys"]);
        // A lifetime and more: both nodes announce 15 times in one.
        let received = counted(node, "received");
        expect_counted(node, "received", received + 40);
    };
    for keys in [&[1, 2][..], &[2, 1], &[2]] {
        give(&mut alpha, "alpha", keys);
        give(&mut beta, "beta", keys);
    }
    for node in [&mut alpha, &mut beta] {
        node.never_printed("left");
        assert_eq!(counted(node, "wrong_key"), 0);
    }

    let mut late = watch_with(&hosts[2], "late", &["--key-file", &file("late", &[1])]);
    expect_counted(&mut late, "wrong_key", 10);
    expect_counted(&mut alpha, "wrong_key", 3);
    let _new = watch_with(&hosts[3], "new", &["--key-file", &file("new", &[2])]);
    alpha.expect(["joined new 192.0.2.4"]);
    late.never_printed("joined");
    alpha.never_printed("joined late");
}

#[test]
fn a_forged_source_gets_no_more_than_was_sent_for_it() {
    let test = "a_forged_source_gets_no_more_than_was_sent_for_it";
    let Some(world) = world_with_firewall(test) else { return };
    let hosts = [1, 2, 3].map(|number| world.host(number));
    let spoofed = "192.0.2.9";
    let bystanding = world.host(9);
    // The system's own refusals would have questions end early.
    bystanding.firewall_rule("input", "meta l4proto udp drop");
    let mut bystander = script(&bystanding, "bystander.py", &[spoofed]);
    bystander.expect(["listening"]);

    let file = key_file(test, &[1]);
    let with_key = [&HOURS[..], &["--key-file", &file]].concat();
    for (keys, options) in [(&[1][..], &*with_key), (&[], &HOURS)] {
        let mut node = watch_with(&hosts[0], "node", options);
        expect_counted(&mut node, "received", 3);
        let before = got(&mut bystander);
        let said = recorded(40, keys);
        let sent = spoof(&hosts[2], spoofed, &said);
        // It speaks later, and so it is answered later, than all that was forged.
        let marker = watch_with(&hosts[1], "marker", options);
        node.expect(["joined marker 192.0.2.2"]);
        let deadline = Instant::now() + LIMIT;
        while got(&mut bystander) == before {
            assert!(Instant::now() < deadline, "nothing was answered, so nothing is shown");
        }
        let answered = got(&mut bystander) - before;
        assert!(answered <= sent, "{sent} bytes were sent in its name, and it got {answered}");
        drop((node, marker));
    }
}

#[test]
fn a_forged_source_of_peers_that_die_gets_no_more_probes() {
    let test = "a_forged_source_of_peers_that_die_gets_no_more_probes";
    let Some(world) = world_with_firewall(test) else { return };
    let hosts = [1, 3].map(|number| world.host(number));
    let spoofed = "192.0.2.9";
    let bystanding = world.host(9);
    bystanding.firewall_rule("input", "meta l4proto udp drop");
    let mut bystander = script(&bystanding, "bystander.py", &[spoofed]);
    bystander.expect(["listening"]);
    let mut node = watch_with(&hosts[0], "node", &HOURS);

    // Few at a time: all of those would be asked to the end, with ten times the bytes.
    let mut sent = 0;
    for batch in 0..20_u8 {
        let said = |number| announcement_of(maker_of([number; 16], &[], Duration::from_millis(10)));
        let batch: Vec<Vec<u8>> = (1..=5).map(|number| said(5 * batch + number)).collect();
        sent += spoof(&hosts[1], spoofed, &batch);
    }
    node.expect(["left maker-100 (expired)"]);
    let (asked, stock) = (got(&mut bystander), 16 * 1024);
    // On a busy machine many expire before they are probed.
    assert!(asked > 0, "silent peers are probed");
    assert!(asked <= sent + stock, "{sent} bytes were sent in its name, and it got {asked}");
}

/// An announcement of a node.
fn announcement_of(node: Node) -> Vec<u8> {
    let is_announcement =
        |bytes: &Vec<u8>| matches!(wire::decode(bytes), Ok(wire::Message::Native(Kind::Announce, _)));
    said_by(node).into_iter().find(is_announcement).expect("it announces itself")
}

/// What a node says at its start, and when its value changes.
fn said_by(mut node: Node) -> Vec<Vec<u8>> {
    let now = Instant::now();
    node.handle_timeout(now);
    node.set_value(b"a change is announced", now).expect("it is short");
    node.handle_timeout(now + Duration::from_millis(200));
    iter::from_fn(|| node.poll_transmit()).map(|sent| sent.payload.to_vec()).collect()
}

pub fn got(bystander: &mut Program) -> u64 {
    bystander.signal(Signal::SIGUSR1);
    bystander.line("got ").parse().expect("it is a number")
}

/// What so many nodes have said: the queries of their starts, and an announcement of each.
fn recorded(count: u8, keys: &[u8]) -> Vec<Vec<u8>> {
    let said = |id| said_by(maker([id; 16], keys));
    (1..=count).flat_map(said).collect()
}

#[test]
fn who_asks_from_beyond_the_link_is_not_answered_but_counted() {
    let test = "who_asks_from_beyond_the_link_is_not_answered_but_counted";
    let Some(world) = world(test) else { return };
    world.hear_everything();
    world.add_link("link2");
    let (host, near, router) = (world.host(1), world.host(2), world.host(254));
    router.add_card("eth1", "link2", "198.51.100");
    router.sysctl("net.ipv4.ip_forward=1");
    host.ip("route add 198.51.100.0/24 via 192.0.2.254");
    let far = world.host_without_network(3);
    far.add_card("eth0", "link2", "198.51.100");
    far.ip("route add default via 198.51.100.254");

    let mut recorder = recorder(&near, &[]);
    let mut node = watch_with(&host, "node", &HOURS);
    let port = recorder.line("spoke 192.0.2.1 ");
    let knock = |host: &Host<'_>| script(host, "knock.py", &["192.0.2.1", &port]);
    let mut outsider = knock(&far);
    expect_counted(&mut node, "off_link", 3);
    let mut neighbour = knock(&near);
    neighbour.expect(["answered"]);
    outsider.never_printed("answered");
    node.expect(["joined stranger 192.0.2.2"]);
    node.never_printed("joined");
}
