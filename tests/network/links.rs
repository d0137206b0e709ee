//! Kinds of interfaces: which ones a node uses, and what health says of the others.

use crate::nodes::{
    LONG_LIFE, counted, ear, expect_counted, expect_interface, expect_state, interface, rust_watch, state,
    watch_with, world, world_with_firewall,
};
use support::program::Program;
use support::world::Host;

/// N2 of the cases. Both ends have addresses of different networks.
#[test]
fn peers_at_both_ends_of_a_link_with_far_addresses_list_each_other() {
    let Some(world) = world("peers_at_both_ends_of_a_link_with_far_addresses_list_each_other") else {
        return;
    };
    let (left, right) = (world.host(1), world.host(2));
    for (host, own, far) in [(&left, "10.1.0.1", "10.2.0.1"), (&right, "10.2.0.1", "10.1.0.1")] {
        host.ip("addr flush dev eth0");
        host.ip(&format!("addr add {own} peer {far}/24 dev eth0"));
    }
    let (mut one, mut other) = (rust_watch(&left, "one"), rust_watch(&right, "other"));
    one.expect(["joined other 10.2.0.1"]);
    other.expect(["joined one 10.1.0.1"]);
}

/// N3 of the cases.
#[test]
fn ports_of_a_bridge_are_used_only_if_they_are_named() {
    let Some(world) = world("ports_of_a_bridge_are_used_only_if_they_are_named") else { return };
    let host = world.host_with_ipv6(1, "nodad");
    host.add_bridge("br0", 20);
    let mut node = watch_with(&host, "node", &[]);
    expect_interface(&mut node, "br0", 6, "Used");
    expect_interface(&mut node, "eth0", 4, "Used");
    for number in [1, 20] {
        let line = interface(&mut node, &format!("br0p{number}"), 6);
        assert!(line.starts_with("Port sent=0 "), "{line}");
        assert!(line.ends_with("it is a port of the bridge br0, which is used in its place"), "{line}");
    }
    let mut named = watch_with(&host, "named", &["--interfaces", "br0p1,br0*"]);
    expect_interface(&mut named, "br0p1", 6, "Used");
    expect_interface(&mut named, "br0p2", 6, "Port");
    assert!(interface(&mut named, "eth0", 4).starts_with("NotNamed "));
}

/// N4 of the cases: the port keeps its address, and answers no neighbour solicitation.
#[test]
fn an_interface_that_becomes_a_port_is_left_for_its_bridge() {
    let Some(world) = world("an_interface_that_becomes_a_port_is_left_for_its_bridge") else { return };
    let (host, other) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    // Their lives are longer than a busy machine takes for the bridge.
    let life = ["--ipv6-only", "--expiry", "20000"];
    let mut watcher = watch_with(&other, "watcher", &life);
    let mut node = watch_with(&host, "node", &life);
    watcher.expect(["joined node fe80::1%eth0"]);
    host.ip("link add br0 type bridge mcast_snooping 0");
    host.ip("link set br0 addrgenmode none");
    host.ip("addr add fe80::b/64 dev br0 nodad");
    host.ip("link set eth0 master br0");
    host.ip("link set br0 up");
    watcher.expect(["updated node fe80::b%eth0"]);
    expect_interface(&mut node, "eth0", 6, "Port");
    watcher.never_printed("left node");
}

/// N5 of the cases.
#[test]
fn health_names_an_interface_through_which_nothing_is_received() {
    let test = "health_names_an_interface_through_which_nothing_is_received";
    let Some(world) = world_with_firewall(test) else { return };
    world.add_link("second");
    let (host, other) = (world.host(1), world.host(2));
    host.add_card("eth1", "second", "198.51.100");
    let mut peer = rust_watch(&other, "peer");
    let mut node = rust_watch(&host, "node");
    node.expect(["joined peer 192.0.2.2"]);
    host.firewall_rule("input", "iif eth1 drop");
    expect_state(
        &mut node,
        "Degraded NotReceiving nothing is received through eth1 by IPv4, not even the node's own announcements; \
         a firewall may drop UDP multicast",
    );
    let line = interface(&mut node, "eth1", 4);
    assert!(line.starts_with("Used sent=") && !line.contains("sent=0"), "{line}");
    host.configure("nft", "flush ruleset");
    expect_state(&mut node, "Running");
    peer.never_printed("left node");
}

/// N9 and N10 of the cases.
#[test]
fn on_loopback_alone_a_node_is_degraded_and_lists_local_peers() {
    let Some(world) = world("on_loopback_alone_a_node_is_degraded_and_lists_local_peers") else { return };
    let host = world.host_without_network(1);
    let (mut node, mut friend) = (rust_watch(&host, "node"), rust_watch(&host, "friend"));
    node.expect(["joined friend 127.0.0.1"]);
    friend.expect(["joined node 127.0.0.1"]);
    let alone = "Degraded NoInterface loopback alone is used: no other interface is up with an IPv4 or link-local IPv6 address";
    expect_state(&mut node, alone);
    host.insert_card();
    host.ip("link set eth0 multicast off");
    host.ip("link set eth0 up");
    expect_state(&mut node, &format!("{alone}; eth0: it has no MULTICAST flag"));
    expect_interface(&mut node, "eth0", 4, "NoMulticast");
    host.ip("link set eth0 multicast on");
    expect_state(&mut node, "Running");
    // By name it is chosen, and nothing is wrong.
    let mut named = watch_with(&host, "named", &["--interfaces", "lo"]);
    assert_eq!(state(&mut named), "Running");
}

/// N14 of the cases: Linux permits a socket 20 joins.
#[test]
fn many_interfaces_are_joined_by_several_sockets() {
    let Some(world) = world("many_interfaces_are_joined_by_several_sockets") else { return };
    let (host, other) = (world.host(1), world.host(2));
    for number in 1..=30 {
        host.add_pair(&format!("d{number}"));
        host.ip(&format!("addr add 10.0.{number}.1/24 dev d{number}"));
    }
    let mut node = rust_watch(&host, "node");
    let mut watcher = rust_watch(&other, "watcher");
    watcher.expect(["joined node 192.0.2.1"]);
    node.expect(["joined watcher 192.0.2.2"]);
    assert_eq!(state(&mut node), "Running");
    for card in ["eth0", "d1", "d30"] {
        assert!(host.groups(card).contains("239.2.3.4"), "{}", host.groups(card));
    }
}

#[test]
fn the_interface_of_the_default_route_is_joined_first() {
    let Some(world) = world("the_interface_of_the_default_route_is_joined_first") else { return };
    let host = world.host(1);
    for number in 1..=3 {
        host.add_pair(&format!("a{number}"));
        host.ip(&format!("addr add 10.0.{number}.1/24 dev a{number}"));
    }
    let mut node = watch_with(&host, "node", &["--ipv4-only"]);
    let first = crate::nodes::interfaces(&mut node).remove(0);
    assert!(first.starts_with("eth0 4 Used "), "{first}");
}

#[test]
fn addresses_of_32_bits_and_with_labels_are_used() {
    let Some(world) = world("addresses_of_32_bits_and_with_labels_are_used") else { return };
    let (host, other) = (world.host(1), world.host(2));
    host.ip("addr flush dev eth0");
    host.ip("addr add 192.0.2.1/32 dev eth0 label eth0:1");
    host.ip("route add 192.0.2.0/24 dev eth0");
    let mut watcher = rust_watch(&other, "watcher");
    let mut node = rust_watch(&host, "node");
    watcher.expect(["joined node 192.0.2.1"]);
    node.expect(["joined watcher 192.0.2.2"]);
    let names = crate::nodes::interfaces(&mut node);
    assert!(names.iter().all(|line| !line.starts_with("eth0:1")), "{names:?}");
}

#[test]
fn an_interface_in_a_vrf_or_of_wireguard_says_why_it_is_not_used() {
    let test = "an_interface_in_a_vrf_or_of_wireguard_says_why_it_is_not_used";
    let Some(world) = world(test) else { return };
    let host = world.host(1);
    let mut listener = ear(&host, "192.0.2.1");
    listener.expect(["listening"]);
    let mut expected = Vec::new();
    host.add_pair("d1");
    host.ip("addr add 10.0.1.1/24 dev d1");
    // Some kernels are built without them. The unit test of `net/interfaces` has each line of the table.
    if host.try_ip("link add vrf1 type vrf table 100") {
        host.ip("link set vrf1 up");
        host.ip("link set d1 master vrf1");
        expected.push(("d1", "Port", "it is in the VRF vrf1; name it if the program runs there"));
    }
    if host.try_ip("link add wg0 type wireguard") {
        host.ip("addr add 10.0.2.1/24 dev wg0");
        host.ip("link set wg0 up");
        expected.push(("wg0", "NoMulticast", "WireGuard carries no multicast"));
    }
    let mut node = rust_watch(&host, "node");
    for (name, usage, why) in expected {
        let line = interface(&mut node, name, 4);
        assert!(line.starts_with(usage) && line.ends_with(why), "{line}");
    }
}

/// Keys of the two ends of a tunnel: private and public.
const TUNNEL_KEYS: [[&str; 2]; 2] = [
    ["oDOVBflf0wezab90Tcn/GUaX7I1Apbvtk8cqepqcuGk=", "KbheLas9EKca75CUV21AplD4yMzGclgisRN8Q3FejRw="],
    ["cO30FxkaBQewIP7pNnflheeXjj6AwWdui/Rnkq0IPms=", "cefcYoYNZe06t/D0E3ECEInVKqD7iKwqJdX8c+CEU00="],
];

/// The end of a WireGuard tunnel on one of two hosts, at 10.9.0.`number`. The peer may send it the group's datagrams, too, if
/// `carries_group`.
fn tunnel(host: &Host<'_>, number: usize, carries_group: bool) -> Program {
    let other = 3 - number;
    let group = if carries_group { ",239.2.3.4/32" } else { "" };
    let mut command = host.command("sh");
    command.arg(support::root().join("tests/network/tunnel.sh"));
    command.args([TUNNEL_KEYS[number - 1][0], TUNNEL_KEYS[other - 1][1], &format!("10.9.0.{number}/24")]);
    let mut end =
        Program::start(command.args([&format!("192.0.2.{other}"), &format!("10.9.0.{other}/32{group}")]));
    end.expect(["up"]);
    end
}

/// WireGuard without the kernel's module is a TUN device, which has the MULTICAST flag.
#[test]
fn peers_find_each_other_through_a_wireguard_tunnel() {
    let test = "peers_find_each_other_through_a_wireguard_tunnel";
    let Some(world) = world(test).filter(|_| support::has_tool("wireguard-go", test)) else { return };
    let (left, right) = (world.host(1), world.host(2));
    let _ends = (tunnel(&left, 1, true), tunnel(&right, 2, true));
    let by_tunnel = [&LONG_LIFE[..], &["--interfaces", "wg0"]].concat();
    let (mut one, mut two) = (watch_with(&left, "one", &by_tunnel), watch_with(&right, "two", &by_tunnel));
    one.expect(["joined two 10.9.0.2"]);
    two.expect(["joined one 10.9.0.1"]);
    expect_interface(&mut one, "wg0", 4, "Used");
    assert_eq!(state(&mut one), "Running");
    // What comes of a peer is the budget of the probes to it, until one is answered.
    let received = counted(&mut one, "received");
    expect_counted(&mut one, "received", received + 30);
    two.kill();
    one.expect(["left two (unreachable)"]);
}

/// WireGuard drops a datagram for an address that its configuration gives to no peer.
#[test]
fn seeds_find_each_other_through_a_tunnel_without_multicast() {
    let test = "seeds_find_each_other_through_a_tunnel_without_multicast";
    let Some(world) = world(test).filter(|_| support::has_tool("wireguard-go", test)) else { return };
    let (left, right) = (world.host(1), world.host(2));
    let _ends = (tunnel(&left, 1, false), tunnel(&right, 2, false));
    let by_tunnel = [&LONG_LIFE[..], &["--interfaces", "wg0", "--mode", "both"]].concat();
    let mut one = watch_with(&left, "one", &[&by_tunnel[..], &["--unicast-port", "49002"]].concat());
    let mut two = watch_with(&right, "two", &[&by_tunnel[..], &["--seeds", "10.9.0.1:49002"]].concat());
    let mut stranger = watch_with(&right, "stranger", &by_tunnel);
    stranger.expect(["joined two 10.9.0.2"]);
    one.expect(["joined two 10.9.0.2"]);
    two.expect(["joined one 10.9.0.1", "joined stranger 10.9.0.2"]);
    one.never_printed("joined stranger");
}
