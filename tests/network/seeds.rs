//! Peers beyond the link: who is found by a seed's address, and what that costs.

use std::fs;

use nix::sys::signal::Signal;

use crate::keys::{key_file, recorder};
use crate::nodes::{
    HOURS, LONG_LIFE, counted, ear, expect_counted, hub, listing, rust_watch, script, state, watch_with,
    world, world_with_firewall,
};
use crate::routed::{PORT, far, near, route_near, router, seed_watch, unicast_watch};
use support::program::Program;

/// By both ways, and with a life so long that nobody is missed on a busy machine.
const BOTH: [&str; 4] = ["--mode", "both", LONG_LIFE[0], LONG_LIFE[1]];

#[test]
fn nodes_of_two_subnets_find_each_other_by_a_seed_alone() {
    let test = "nodes_of_two_subnets_find_each_other_by_a_seed_alone";
    let Some(world) = world(test) else { return };
    let (_router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    let mut seed = watch_with(&here, "seed", &[&BOTH[..], &["--unicast-port", PORT]].concat());
    let mut lonely = watch_with(&there, "lonely", &BOTH);
    // They speak, and hear themselves.
    for node in [&mut seed, &mut lonely] {
        expect_counted(node, "looped_back", 10);
        node.never_printed("joined");
    }
    lonely.kill();

    let mut guest = watch_with(&there, "guest", &[&BOTH[..], &["--seeds", "192.0.2.1:49002"]].concat());
    guest.expect(["joined seed 192.0.2.1"]);
    seed.expect(["joined guest 198.51.100.2"]);
    // A life and more.
    expect_counted(&mut guest, "looped_back", 25);
    assert_eq!(listing(&mut guest), ["seed 192.0.2.1 Unicast"]);
    assert_eq!(listing(&mut seed), ["guest 198.51.100.2 Unicast"]);
    for node in [&mut seed, &mut guest] {
        node.never_printed("left");
        node.never_printed("joined");
    }
}

#[test]
fn a_seed_with_keys_lists_nodes_with_the_key_alone() {
    let test = "a_seed_with_keys_lists_nodes_with_the_key_alone";
    let Some(world) = world(test) else { return };
    world.hear_everything();
    let (_router, here, listening) = (router(&world), near(&world, 1), near(&world, 2));
    let hosts = [3, 4, 5].map(|number| far(&world, number));
    let (ours, theirs) = (key_file(&format!("{test}-1"), &[1]), key_file(&format!("{test}-2"), &[2]));
    let mut recorder = recorder(&listening, &["alpha", "beta", "gamma", "openly"]);
    let asking = [LONG_LIFE[0], LONG_LIFE[1], "--seeds", "192.0.2.1:49002"];

    let mut alpha = seed_watch(&here, "alpha", &[&LONG_LIFE[..], &["--key-file", &ours]].concat());
    let mut beta = unicast_watch(&hosts[0], "beta", &[&asking[..], &["--key-file", &ours]].concat());
    alpha.expect(["joined beta 198.51.100.3"]);
    beta.expect(["joined alpha 192.0.2.1"]);
    assert_eq!(counted(&mut alpha, "wrong_key"), 0);

    let mut gamma = unicast_watch(&hosts[1], "gamma", &[&asking[..], &["--key-file", &theirs]].concat());
    expect_counted(&mut alpha, "wrong_key", 10);
    recorder.never_printed("readable");
    let before = counted(&mut alpha, "wrong_key");
    let mut open = unicast_watch(&hosts[2], "openly", &asking);
    // That the others would have been seen shows here.
    recorder.expect(["readable openly"]);
    expect_counted(&mut alpha, "wrong_key", before + 10);
    for (node, peers) in [
        (&mut alpha, &["beta 198.51.100.3 Unicast"][..]),
        (&mut beta, &["alpha 192.0.2.1 Unicast"]),
        (&mut gamma, &[]),
        (&mut open, &[]),
    ] {
        assert_eq!(listing(node), peers);
        node.never_printed("left");
    }
}

#[test]
fn without_multicast_nothing_is_said_to_the_group() {
    let test = "without_multicast_nothing_is_said_to_the_group";
    let Some(world) = world(test) else { return };
    let [left, right, other] = [1, 2, 3].map(|number| world.host(number));
    let mut ear = ear(&other, "192.0.2.3");
    ear.expect(["listening"]);
    let mut recorder = recorder(&other, &["multitastic:one", "multitastic:two", "multitastic:marker"]);
    let mut one = seed_watch(&left, "one", &[]);
    let mut two = unicast_watch(&right, "two", &["--seeds", "192.0.2.1:49002"]);
    one.expect(["joined two 192.0.2.2"]);
    two.expect(["joined one 192.0.2.1"]);
    expect_counted(&mut one, "sent", 20);
    for host in [&left, &right] {
        assert!(!host.groups("eth0").contains("239.2.3.4"), "{}", host.groups("eth0"));
    }

    // That it would have been heard shows here, and that they do not hear it.
    let mut marker = rust_watch(&left, "marker");
    ear.expect(["v4 query marker 3"]);
    recorder.expect(["readable multitastic:marker"]);
    assert!(left.groups("eth0").contains("239.2.3.4"), "{}", left.groups("eth0"));
    two.signal(Signal::SIGTERM);
    one.expect(["left two (goodbye)"]);
    marker.signal(Signal::SIGTERM);
    ear.line("v4 goodbye marker ");
    for name in ["one", "two"] {
        recorder.never_printed(&format!("readable multitastic:{name}"));
        for kind in ["announce", "query", "goodbye"] {
            ear.never_printed(&format!("v4 {kind} {name} "));
        }
    }
    one.never_printed("joined");
    marker.never_printed("joined");
}

#[test]
fn without_multicast_the_unicast_port_may_be_that_of_the_group() {
    let test = "without_multicast_the_unicast_port_may_be_that_of_the_group";
    let Some(world) = world(test) else { return };
    let [left, right] = [1, 2].map(|number| world.host(number));
    let at_group_port = [&LONG_LIFE[..], &["--unicast-port", "49001"]].concat();
    let mut one = unicast_watch(&left, "one", &at_group_port);
    let seeds = ["--seeds", "192.0.2.1:49001"];
    let mut two = unicast_watch(&right, "two", &[&at_group_port[..], &seeds].concat());
    one.expect(["joined two 192.0.2.2"]);
    two.expect(["joined one 192.0.2.1"]);
    // A life and more.
    let before = counted(&mut one, "received");
    expect_counted(&mut one, "received", before + 25);
    one.never_printed("left");
    two.never_printed("left");
    two.signal(Signal::SIGTERM);
    one.expect(["left two (goodbye)"]);
}

#[test]
fn each_seed_gets_its_query_despite_a_full_send_buffer() {
    let test = "each_seed_gets_its_query_despite_a_full_send_buffer";
    let Some(world) = world(test).filter(|_| support::has_tool("tc", test)) else { return };
    let (here, there) = (world.host(1), world.host(2));
    let mut seeds = script(&there, "many.py", &["192.0.2.2", "10000", "400"]);
    seeds.expect(["listening"]);
    // What waits for the card counts as not sent: 480 kB take a tenth of a second.
    here.configure("tc", "qdisc add dev eth0 root tbf rate 40mbit burst 5kb limit 1mb");
    let addresses: Vec<String> = (10_000..10_400).map(|port| format!("192.0.2.2:{port}")).collect();
    let mut node = unicast_watch(&here, "node", &[&HOURS[..], &["--seeds", &addresses.join(",")]].concat());
    seeds.expect(["all have heard"]);
    assert_eq!(counted(&mut node, "send_errors"), 0);
}

#[test]
fn with_multicast_and_seeds_each_peer_is_listed_once() {
    let test = "with_multicast_and_seeds_each_peer_is_listed_once";
    let Some(world) = world(test) else { return };
    let (_router, hosts) = (router(&world), [near(&world, 1), near(&world, 2), far(&world, 3)]);
    let start = |host, name, seeds: &str| {
        watch_with(host, name, &[&BOTH[..], &["--unicast-port", PORT], &["--seeds", seeds]].concat())
    };
    // Each near one has the other for a seed, too.
    let mut a = start(&hosts[0], "a", "192.0.2.2:49002");
    let mut b = start(&hosts[1], "b", "192.0.2.1:49002");
    let mut c = start(&hosts[2], "c", "192.0.2.1:49002,192.0.2.2:49002");
    a.expect(["joined b 192.0.2.2", "joined c 198.51.100.3"]);
    b.expect(["joined a 192.0.2.1", "joined c 198.51.100.3"]);
    c.expect(["joined a 192.0.2.1", "joined b 192.0.2.2"]);
    // A life and more.
    expect_counted(&mut c, "looped_back", 25);
    assert_eq!(listing(&mut a), ["b 192.0.2.2 Multicast", "c 198.51.100.3 Unicast"]);
    assert_eq!(listing(&mut b), ["a 192.0.2.1 Multicast", "c 198.51.100.3 Unicast"]);
    assert_eq!(listing(&mut c), ["a 192.0.2.1 Unicast", "b 192.0.2.2 Unicast"]);
    for node in [&mut a, &mut b, &mut c] {
        node.never_printed("joined");
        node.never_printed("left");
    }
}

#[test]
fn a_firewall_that_lets_the_unicast_port_in_is_enough() {
    let test = "a_firewall_that_lets_the_unicast_port_in_is_enough";
    let Some(world) = world_with_firewall(test) else { return };
    let (_router, here, walled) = (router(&world), near(&world, 1), far(&world, 2));
    walled.firewall_rule("input", "udp dport != 49003 drop");
    let mut seed = seed_watch(&walled, "seed", &LONG_LIFE);
    let mut guest =
        unicast_watch(&here, "guest", &[&LONG_LIFE[..], &["--seeds", "198.51.100.2:49002"]].concat());
    expect_counted(&mut guest, "sent", 10);
    guest.never_printed("joined");
    walled.firewall_rule("input", "udp dport != 49002 drop");
    guest.expect(["joined seed 198.51.100.2"]);
    seed.expect(["joined guest 192.0.2.1"]);
    // A life and more.
    let before = counted(&mut guest, "received");
    expect_counted(&mut guest, "received", before + 25);
    guest.never_printed("left");
    seed.never_printed("left");
}

#[test]
fn a_node_queries_its_seeds_when_its_network_comes_up() {
    let test = "a_node_queries_its_seeds_when_its_network_comes_up";
    let Some(world) = world(test) else { return };
    let (_router, there) = (router(&world), far(&world, 2));
    let here = world.host_without_network(1);
    let mut seed = seed_watch(&there, "seed", &HOURS);
    // It asks three times by itself, and not again.
    let mut early = unicast_watch(&here, "early", &[&HOURS[..], &["--seeds", "198.51.100.2:49002"]].concat());
    expect_counted(&mut early, "send_errors", 3);
    here.insert_card();
    here.ip("link set eth0 up");
    route_near(&here);
    early.expect(["joined seed 198.51.100.2"]);
    seed.expect(["joined early 192.0.2.1"]);
}

#[test]
fn no_two_nodes_of_a_host_share_a_unicast_port() {
    let test = "no_two_nodes_of_a_host_share_a_unicast_port";
    let Some(world) = world(test) else { return };
    let (_router, host, there) = (router(&world), near(&world, 1), far(&world, 2));
    let start = |name, port| watch_with(&host, name, &[&BOTH[..], &["--unicast-port", port]].concat());
    let mut nodes = [start("a", "49002"), start("b", "49003"), start("c", "49004")];
    nodes[0].expect(["joined b 192.0.2.1", "joined c 192.0.2.1"]);
    let seeds = "192.0.2.1:49002,192.0.2.1:49003,192.0.2.1:49004";
    let mut guest = unicast_watch(&there, "guest", &["--seeds", seeds]);
    guest.expect(["joined a 192.0.2.1", "joined b 192.0.2.1", "joined c 192.0.2.1"]);
    for node in &mut nodes {
        node.expect(["joined guest 198.51.100.2"]);
    }

    let watch = support::example("watch");
    let mut late = host.command(watch.to_str().expect("it is UTF-8"));
    let output = support::output_of(late.args(["--unicast-port", "49003"]));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "watch: UDP port 49003 (unicast_port) is in use; end that program, or choose another port, for one node of a host \
         can have it\n"
    );
    assert!(!output.status.success());
}

#[test]
fn a_missing_seed_costs_one_datagram_per_interval() {
    let test = "a_missing_seed_costs_one_datagram_per_interval";
    let Some(world) = world(test) else { return };
    let (_router, here, _there) = (router(&world), near(&world, 1), far(&world, 2));
    // Of no host, of a port where nobody is, and of a network that the router does not know.
    let seeds = "198.51.100.77:49002,198.51.100.2:49002,203.0.113.9:49002";
    // In a cluster it does not speak the legacy beacon: one datagram an interval goes to the group, and comes back.
    let options = ["--seeds", seeds, "--cluster", "c"];
    let mut node = watch_with(&here, "node", &options);
    let started = counted(&mut node, "looped_back");
    expect_counted(&mut node, "looped_back", started + 10);

    let figures = |node: &mut _| ["looped_back", "sent", "send_errors"].map(|counter| counted(node, counter));
    let check = |node: &mut _| {
        let [own, sent, failed] = figures(node);
        expect_counted(node, "looped_back", own + 20);
        let now = figures(node);
        let (own, tried) = (now[0] - own, now[1] - sent + now[2] - failed);
        // An interval more or less falls between the figures.
        assert!(tried.abs_diff(4 * own) <= 8, "{tried} datagrams with {own} to the group, for 3 seeds");
        assert_eq!(state(node), "Running");
        assert_eq!(listing(node), [] as [&str; 0]);
        now[2] - failed
    };
    check(&mut node);
    // Now the host itself knows no way to any of them.
    here.ip("route del default");
    let failed = check(&mut node);
    assert!(failed >= 3 * 15, "{failed} could not be sent");
    node.never_printed("joined");
}

#[test]
fn seeds_are_replaced_while_a_node_runs() {
    let test = "seeds_are_replaced_while_a_node_runs";
    let Some(world) = world(test) else { return };
    let (_router, here) = (router(&world), near(&world, 1));
    let hosts = [2, 3].map(|number| far(&world, number));
    let file = support::scratch().join(test);
    let give = |seeds: &str| fs::write(&file, seeds).expect("the scratch folder can be written");
    give("");
    // Nobody says anything by himself any more.
    let with_file = ["--seed-file", file.to_str().expect("it is UTF-8")];
    let mut node = unicast_watch(&here, "node", &[&HOURS[..], &with_file].concat());
    let mut first = seed_watch(&hosts[0], "first", &HOURS);
    let mut second = seed_watch(&hosts[1], "second", &HOURS);
    for (seed, address) in [(&mut first, "198.51.100.2"), (&mut second, "198.51.100.3")] {
        // It has read the file by then.
        node.expect_to_take(Signal::SIGHUP);
        give(&format!("{address}:{PORT}\n"));
        seed.never_printed("joined");
        node.signal(Signal::SIGHUP);
        node.expect(["took new seeds"]);
        seed.expect(["joined node 192.0.2.1"]);
    }
    node.expect(["joined first 198.51.100.2", "joined second 198.51.100.3"]);
    node.never_printed("left");
}

#[test]
fn all_peers_of_a_hub_learn_a_long_value_before_the_interval() {
    let test = "all_peers_of_a_hub_learn_a_long_value_before_the_interval";
    let Some(world) = world(test) else { return };
    let (here, there) = (world.host(1), world.host(2));
    let mut hub = hub(&here, PORT);
    hub.expect(["started"]);
    let options = [&HOURS[..], &["--seeds", "192.0.2.1:49002"]].concat();
    let names: Vec<String> = (1..=60).map(|number| format!("guest-{number}")).collect();
    let mut guests: Vec<Program> = names.iter().map(|name| unicast_watch(&there, name, &options)).collect();
    hub.expect(["joined 60"]);
    guests.iter_mut().for_each(|guest| guest.expect(["joined hub 192.0.2.1"]));
    hub.signal(Signal::SIGUSR1);
    guests.iter_mut().for_each(|guest| guest.expect(["updated hub 192.0.2.1"]));
}

#[test]
fn the_last_of_a_subnet_of_seeds_is_found_though_all_others_are_off() {
    let test = "the_last_of_a_subnet_of_seeds_is_found_though_all_others_are_off";
    let Some(world) = world(test) else { return };
    let [here, there, beside] = [1, 250, 2].map(|number| world.host(number));
    let mut seed = seed_watch(&there, "seed", &HOURS);
    let mut neighbour = rust_watch(&beside, "neighbour");
    let seeds: Vec<String> = (3..=250).map(|number| format!("192.0.2.{number}:{PORT}")).collect();
    // Each query to a host that is off waits for ARP, as does nothing else.
    let mut node = watch_with(&here, "node", &[&BOTH[..], &["--seeds", &seeds.join(",")]].concat());
    node.expect(["joined seed 192.0.2.250", "joined neighbour 192.0.2.2"]);
    seed.expect(["joined node 192.0.2.1"]);
    expect_counted(&mut node, "looped_back", 30);
    assert_eq!(counted(&mut node, "send_errors"), 0);
    node.never_printed("left");
    neighbour.expect(["joined node 192.0.2.1"]);
    neighbour.never_printed("left");
}
