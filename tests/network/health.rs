//! What health says is wrong.

use crate::nodes::{expect_counted, expect_state, health, rust_watch, state, world, world_with_firewall};
use crate::routed::{seed_watch, unicast_watch};

#[test]
fn sends_that_fail_are_told_by_health_and_tried_again() {
    let Some(world) = world_with_firewall("sends_that_fail_are_told_by_health_and_tried_again") else {
        return;
    };
    let host = world.host(1);
    let mut health = health(&host);
    health.expect(["running none "]);
    host.firewall("output", "drop");
    health.expect(["degraded permission sending through eth0: operation not permitted (os error 1)"]);
    host.firewall("output", "accept");
    health.expect(["running none "]);
}

#[test]
fn the_watchdog_reopens_sockets_until_something_arrives() {
    let Some(world) = world_with_firewall("the_watchdog_reopens_sockets_until_something_arrives") else {
        return;
    };
    let host = world.host(1);
    let mut health = health(&host);
    health.expect(["running none "]);
    host.firewall("input", "drop");
    let silent = "degraded not_receiving nothing is received, not even the node's own announcements; a firewall may drop udp multicast";
    health.expect([silent, "reopened"]);
    health.expect(["reopened"]);
    host.firewall("input", "accept");
    health.expect(["running none "]);
}

#[test]
fn health_shows_no_interface_until_one_comes_up() {
    let Some(world) = world("health_shows_no_interface_until_one_comes_up") else {
        return;
    };
    let host = world.host_without_network(1);
    host.ip("link set lo down");
    let mut health = health(&host);
    health.expect([
        "degraded no_interface no interface that may be used is up with an ipv4 or link-local ipv6 address",
    ]);
    host.plug_in();
    health.expect(["running none "]);
}

#[test]
fn a_send_that_fails_is_told_in_the_systems_words() {
    let test = "a_send_that_fails_is_told_in_the_systems_words";
    let Some(world) = world(test).filter(|_| support::has_tool("tc", test)) else { return };
    let host = world.host(1);
    let mut health = health(&host);
    health.expect(["running none "]);
    // No datagram is as short as what may be sent at a time.
    host.configure("tc", "qdisc add dev eth0 root tbf rate 8kbit burst 10 limit 10");
    health.expect(["degraded send_fails sending through eth0: no buffer space available (os error 105)"]);
    host.configure("tc", "qdisc del dev eth0 root");
    health.expect(["running none "]);
}

#[test]
fn a_limit_of_joins_shows_until_it_is_raised() {
    let Some(world) = world("a_limit_of_joins_shows_until_it_is_raised") else {
        return;
    };
    let (host, other) = (world.host(1), world.host(2));
    // Each socket has a limit of its own; this one permits none.
    host.sysctl("net.ipv4.igmp_max_memberships=0");
    let mut watcher = rust_watch(&other, "watcher");
    let mut health = health(&host);
    health.expect([
        "degraded multicast_join joined the group on 0 of 1 interfaces: no buffer space available (os error 105); \
         the system's limit is net.ipv4.igmp_max_memberships",
    ]);
    host.sysctl("net.ipv4.igmp_max_memberships=20");
    health.expect(["running none ", "joined watcher 192.0.2.2"]);
    watcher.expect(["joined patient 192.0.2.1"]);
}

#[test]
fn without_multicast_health_shows_a_local_firewall_alone() {
    let test = "without_multicast_health_shows_a_local_firewall_alone";
    let Some(world) = world_with_firewall(test) else { return };
    let (host, there) = (world.host(1), world.host(2));
    let _seed = seed_watch(&there, "seed", &[]);
    let mut node = unicast_watch(&host, "node", &["--seeds", "192.0.2.2:49002"]);
    node.expect(["joined seed 192.0.2.2"]);
    assert_eq!(state(&mut node), "Running");
    host.firewall_rule("output", "udp dport 49002 drop");
    let refused = "Degraded Permission sending to seeds and peers: Operation not permitted (os error 1)";
    expect_state(&mut node, refused);
    host.firewall_rule("output", "udp dport 49002 accept");
    expect_state(&mut node, "Running");

    host.ip("route del default");
    let mut far = unicast_watch(&host, "far", &["--seeds", "198.51.100.2:49002"]);
    expect_counted(&mut far, "send_errors", 10);
    assert_eq!(state(&mut far), "Running");
}

#[test]
fn without_multicast_health_shows_a_missing_network() {
    let test = "without_multicast_health_shows_a_missing_network";
    let Some(world) = world(test) else { return };
    let host = world.host_without_network(1);
    let mut node = unicast_watch(&host, "node", &["--seeds", "192.0.2.2:49002"]);
    let isolated = "Degraded NoInterface nothing could be sent, and no interface that may be used is up but loopback: \
                    Network is unreachable (os error 101)";
    expect_state(&mut node, isolated);
    host.plug_in();
    expect_state(&mut node, "Running");
}

#[test]
fn a_system_without_ipv6_works_and_says_nothing() {
    let Some(world) = world("a_system_without_ipv6_works_and_says_nothing") else { return };
    let (host, other) = (world.host(1), world.host_with_ipv6(2, "nodad"));
    let mut watcher = rust_watch(&other, "watcher");
    let mut health = health(&host);
    health.expect(["running none ", "joined watcher 192.0.2.2"]);
    watcher.expect(["joined patient 192.0.2.1"]);
    health.never_printed("degraded");
}
