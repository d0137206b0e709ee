//! `peers doctor`, on loopback and on hosts of the test's own.

use std::process::Command;

use peers::{Config, Event, Key, Peers};
use support::world::{Host, World};
use support::{free_port, key_file, output_of, skip};

use crate::{Ended, PEERS, Place, Running, event};

/// The report of a doctor on loopback, which listens for three seconds.
fn doctor(place: &Place, arguments: &[&str]) -> Ended {
    place.run("doctor", &[&["--wait", "3s"], arguments].concat())
}

fn on(host: &Host<'_>, arguments: &[&str]) -> Ended {
    output_of(host.command(PEERS).args(arguments)).into()
}

fn announcing(host: &Host<'_>, arguments: &[&str]) -> Running {
    let mut command: Command = host.command(PEERS);
    command.arg("announce").args(arguments);
    let running = Running::new(command);
    assert!(running.line().starts_with("announcing "));
    running
}

/// Hosts, if the machine allows them.
fn world(test: &str) -> Option<World> {
    World::new().map_err(|reason| skip(test, &reason)).ok()
}

#[track_caller]
fn has(report: &str, expected: &[&str]) {
    for part in expected {
        assert!(report.contains(part), "{part:?} is missing in\n{report}");
    }
}

/// D4 of the cases: the first node that it hears is not the last.
#[test]
fn every_node_that_is_heard_in_its_time_is_named() {
    let place = Place::new();
    let nodes: Vec<Peers> = (0..20).map(|number| place.node(&format!("node {number}"))).collect();
    let report = doctor(&place, &[]).with(0);
    has(&report, &["ok   on this host, 20:\n"]);
    for number in 0..nodes.len() {
        has(&report, &[&format!("\n       node {number} (127.0.0.1), multicast\n")]);
    }
}

#[test]
fn a_node_that_leaves_meanwhile_is_named_too() {
    let place = Place::new();
    let (brief, witness) = (place.node("brief"), place.node("witness"));
    let mut doctor = place.start("doctor", &["--wait", "3s", "--verbose"]);
    doctor.until_observing();
    // What the witness receives is in the doctor's socket too, before the goodbye.
    brief.set_value(b"announced").expect("there is room");
    while !matches!(event(&witness), Event::Updated(peer) if peer.value == b"announced") {}
    drop(brief);
    has(&doctor.ended().output, &["\n       brief (127.0.0.1), multicast, left (goodbye)\n"]);
}

#[test]
fn a_verdict_is_never_good_beside_a_warning() {
    let report = doctor(&Place::new(), &[]).with(0);
    has(
        &report,
        &[
            "ok   lo (127.0.0.1) is used for IPv4\n",
            "ok   lo, IPv4: a node receives its own and those of a second node\n",
            "WARN no node of another host was heard in 3s. If there is one:\n",
            "ok   running, on 1 interface\n",
        ],
    );
    assert!(report.ends_with("\nNo fault on this host, but 1 warning: see WARN above.\n"), "{report}");
}

#[test]
fn a_node_of_another_host_is_heard_and_nothing_is_wrong() {
    let Some(world) = world("a_node_of_another_host_is_heard_and_nothing_is_wrong") else { return };
    let (near, far) = (world.host(1), world.host(2));
    let _far = announcing(&far, &["--name", "far", "--port", "80"]);
    let report = on(&near, &["doctor", "--wait", "3s"]).with(0);
    has(
        &report,
        &[
            "-    lo (127.0.0.1) is not used: loopback is used if there is no other, or if --interface names it\n",
            "ok   eth0 (192.0.2.1) is used for IPv4\n",
            "ok   on other hosts, 1:\n       far (192.0.2.2 port 80), multicast\n",
        ],
    );
    assert!(
        report.ends_with("\nNothing is wrong: this host and others receive each other's messages.\n"),
        "{report}"
    );
}

/// N15 of the cases.
#[test]
fn a_link_local_address_has_one_zone() {
    let Some(world) = world("a_link_local_address_has_one_zone") else { return };
    let (near, far) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    let _far = announcing(&far, &["--name", "far", "--no-ipv4"]);
    let list = on(&near, &["list", "--no-ipv4", "--count", "1", "--wait", crate::WAIT]).with(0);
    assert_eq!(list.lines().nth(1).and_then(|row| row.split_whitespace().nth(1)), Some("fe80::2%eth0"));
    let json = on(&near, &["list", "--no-ipv4", "--json", "--count", "1", "--wait", crate::WAIT]).json();
    assert_eq!((&json[0]["address"], &json[0]["interface"]), (&"fe80::2%eth0".into(), &"eth0".into()));
    has(
        &on(&near, &["doctor", "--no-ipv4", "--wait", "3s"]).with(0),
        &["\n       far (fe80::2%eth0), multicast\n"],
    );
}

/// N16 of the cases.
#[test]
fn list_has_every_address_of_a_peer() {
    let Some(world) = world("list_has_every_address_of_a_peer") else { return };
    let (near, far) = (world.host(1), world.host(2));
    let further = ["address", "add", "198.51.100.2/24", "dev", "eth0"];
    assert!(far.command("ip").args(further).status().expect("ip runs").success());
    let _far = announcing(&far, &["--name", "far"]);
    let list = on(&near, &["list", "--json", "--count", "1", "--wait", crate::WAIT]).json();
    assert_eq!(list[0]["address"], "192.0.2.2");
    assert_eq!(list[0]["addresses"], serde_json::json!(["192.0.2.2", "198.51.100.2"]));
    assert_eq!(list[0]["addresses_validated"], 1);
}

#[test]
fn each_interface_has_its_reason() {
    let Some(world) = world("each_interface_has_its_reason") else { return };
    let host = world.host(1);
    let report = on(&host, &["doctor", "--wait", "0ms", "--interface", "eth*"]).with(0);
    has(&report, &["-    lo (127.0.0.1) is not used: --interface does not name it\n"]);
    host.ip("link set eth0 down");
    let ended = on(&host, &["doctor", "--wait", "0ms", "--interface", "eth*"]);
    let report = ended.with(1);
    has(
        &report,
        &[
            "BAD  eth0 (192.0.2.1) is named by --interface, but not used: it is down\n",
            "BAD  no interface is used, so nothing is sent or received\n",
            "BAD  degraded: no interface that may be used is up",
        ],
    );
    assert!(report.ends_with("\n3 faults on this host: see BAD above.\n"), "{report}");
}

#[test]
fn a_firewall_is_found_and_the_advice_helps() {
    let Some(world) = world("a_firewall_is_found_and_the_advice_helps") else { return };
    let (near, far) = (world.host(1), world.host(2));
    near.configure("nft", "add table inet filter");
    near.configure(
        "nft",
        "add chain inet filter input { type filter hook input priority 0 ; policy drop ; }",
    );
    near.configure("nft", "add rule inet filter input iif lo accept");
    let _far = announcing(&far, &["--name", "far"]);
    let report = on(&near, &["doctor", "--wait", "3s"]).with(1);
    has(
        &report,
        &[
            "BAD  eth0, IPv4: a node does not receive its own\n",
            "WARN inet filter input drops by default; no rule names UDP port 49001\n",
        ],
    );
    let advice =
        report.lines().find_map(|line| line.trim().strip_prefix("To let the port in: nft ")).expect("advice");
    assert_eq!(advice, "insert rule inet filter input udp dport 49001 accept");
    near.configure("nft", advice);
    has(
        &on(&near, &["doctor", "--wait", "3s"]).with(0),
        &["ok   on other hosts, 1:\n       far (192.0.2.2), multicast\n"],
    );
}

#[test]
fn what_is_counted_is_explained() {
    let place = Place::new();
    let key = key_file(32, 0o600);
    // A node of another key or cluster does not answer, and is counted when it announces itself.
    let often = |name: &str| Config {
        name: Some(name.into()),
        interval: std::time::Duration::from_millis(50),
        ..Config::default()
    };
    let _sealed = place.node_with(Config { keys: vec![Key::new([8; 32])], ..often("sealed") });
    let _apart = place.node_with(Config { cluster: "another".into(), ..often("apart") });
    let sealed = doctor(&place, &["--key-file", key.to_str().expect("UTF-8")]).with(0);
    let plain = doctor(&place, &[]).with(0);
    has(&sealed, &["WARN wrong_key ", "sealed with another --key-file"]);
    has(&plain, &["WARN wrong_key ", "-    other_cluster ", "from another --cluster"]);
    assert!(!plain.contains("sealed (") && !plain.contains("apart ("), "{plain}");
}

#[test]
fn each_seed_is_reported() {
    let place = Place::new();
    let own = free_port().to_string();
    let seed = format!("127.0.0.1:{own}");
    let _beyond = place.announce(&["--name", "beyond", "--mode", "seeds", "--unicast-port", &own]);
    let report = doctor(&place, &["--mode", "seeds", "--seed", &seed, "--seed", "127.0.0.2:1"]).with(0);
    has(
        &report,
        &[
            "-    no multicast; its own UDP port is any\n",
            &format!("ok   {seed}: a node there answers\n       beyond (127.0.0.1), unicast\n"),
            "WARN 127.0.0.2:1: no node there was heard in 3s\n       It needs the same --cluster and --key-file",
        ],
    );
    assert!(!report.contains("Interfaces"), "{report}");
}

#[test]
fn a_seed_whose_name_is_not_resolved_is_reported() {
    let report = doctor(&Place::new(), &["--seed", "nosuch.invalid:1", "--wait", "5s"]).with(1);
    has(
        &report,
        &["WARN nosuch.invalid:1: the name has no address\n", "BAD  degraded: ", "Try: getent ahosts NAME."],
    );
}

#[test]
fn a_node_without_a_seed_gets_advice_how_others_find_it() {
    let report = doctor(&Place::new(), &["--mode", "seeds", "--wait", "0ms"]).with(0);
    has(&report, &["WARN no --seed is given", "Give it a --unicast-port"]);
}

#[test]
fn a_port_that_is_held_is_a_fault() {
    let place = Place::new();
    let _holder = std::net::UdpSocket::bind(("0.0.0.0", place.port)).expect("the port is free");
    let report = doctor(&place, &[]).with(1);
    has(&report, &["BAD  a node does not start: ", &place.port.to_string()]);
    assert!(report.ends_with("\n1 fault on this host: see BAD above.\n"), "{report}");
}
