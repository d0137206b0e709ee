//! The choice of interfaces, and peers that are reached by several.

use nix::sys::signal::Signal;

use crate::nodes::{LONG_LIFE, c_watch, ear, rust_watch, watch_with, world, world_with_firewall};

#[test]
fn only_interfaces_that_match_a_star_are_used() {
    let Some(world) = world("only_interfaces_that_match_a_star_are_used") else {
        return;
    };
    world.add_link("outside");
    let (chooser, inside) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    chooser.add_card("wan0", "outside", "198.51.100");
    let outside = world.host_with_ipv6(3, "nodad");
    outside.unplug();
    outside.add_card("eth0", "outside", "198.51.100");
    let (mut near, mut far) = (ear(&inside, "192.0.2.2"), ear(&outside, "198.51.100.3"));
    near.expect(["listening"]);
    far.expect(["listening"]);

    let mut choosy = watch_with(&chooser, "choosy", &["--interfaces", "e*h*"]);
    let mut friend = watch_with(&inside, "friend", &["--ipv4-only"]);
    let mut stranger = rust_watch(&outside, "stranger");
    choosy.expect(["joined friend 192.0.2.2"]);
    friend.expect(["joined choosy 192.0.2.1"]);
    // By then it has said by IPv6, too, what it says.
    near.expect(["v4 announce choosy 5", "v6 announce choosy 5"]);
    far.expect(["v4 announce stranger 5"]);
    for family in ["v4", "v6"] {
        far.never_printed(&format!("{family} query choosy"));
        far.never_printed(&format!("{family} announce choosy"));
    }
    for group in ["239.2.3.4", "ff12::ef02:304"] {
        assert!(chooser.groups("eth0").contains(group), "{}", chooser.groups("eth0"));
        assert!(!chooser.groups("wan0").contains(group), "{}", chooser.groups("wan0"));
    }
    choosy.never_printed("joined stranger");
    stranger.never_printed("joined");
}

#[test]
fn an_interface_that_was_not_chosen_is_left_alone() {
    let Some(world) = world("an_interface_that_was_not_chosen_is_left_alone") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut watcher = rust_watch(&right, "watcher");
    let [mut shy, mut timid] = ["shy", "timid"].map(|name| watch_with(&left, name, &["--interfaces", "lo"]));
    shy.expect(["joined timid 127.0.0.1"]);
    timid.expect(["joined shy 127.0.0.1"]);
    // Those two have announced themselves by now. What the watcher hears after this, it would have heard of them too.
    let mut loud = c_watch(&left, "loud");
    watcher.expect(["joined loud 192.0.2.1"]);
    loud.expect(["joined watcher 192.0.2.2"]);
    watcher.never_printed("joined shy");
    watcher.never_printed("joined timid");
    loud.never_printed("joined shy");
    shy.never_printed("joined loud");
}

#[test]
fn a_peer_on_two_links_keeps_its_address_until_that_link_fails() {
    let test = "a_peer_on_two_links_keeps_its_address_until_that_link_fails";
    let Some(world) = world(test) else { return };
    world.add_link("second");
    let (left, right) = (world.host(1), world.host(2));
    left.add_card("eth1", "second", "198.51.100");
    right.add_card("eth1", "second", "198.51.100");
    // So long that the entry can be moved before it runs out. The watcher's own expiry bounds that of a peer without an echo.
    let mut watcher = watch_with(&right, "watcher", &LONG_LIFE);
    let _double = watch_with(&left, "double", &LONG_LIFE);
    // By one of the two links: the kernel hands over the sockets' datagrams in any order.
    let first = watcher.line("joined double ");

    // While this one lives on in its entry, the other announces itself more than ten times.
    let ghost = watch_with(&left, "ghost", &LONG_LIFE);
    watcher.line("joined ghost ");
    ghost.signal(Signal::SIGSTOP);
    watcher.expect(["left ghost (expired)"]);
    let (card, other) = match &*first {
        "192.0.2.1" => ("eth0", "198.51.100.1"),
        _ => ("eth1", "192.0.2.1"),
    };
    for line in ["joined double", &format!("updated double {other}"), "left double"] {
        watcher.never_printed(line);
    }

    left.ip(&format!("link delete {card}"));
    watcher.expect([&*format!("updated double {other}")]);
    watcher.never_printed("left double");
    watcher.never_printed("joined double");
}

#[test]
fn a_peer_on_two_links_keeps_its_address_in_both_families() {
    let test = "a_peer_on_two_links_keeps_its_address_in_both_families";
    let Some(world) = world_with_firewall(test) else { return };
    world.add_link("second");
    let hosts = [1, 2].map(|number| world.host_with_ipv6(number, "nodad"));
    for host in &hosts {
        host.add_card("eth1", "second", "198.51.100");
    }
    let [left, right] = &hosts;
    let mut ear = ear(right, "192.0.2.2");
    ear.expect(["listening"]);
    let mut watcher = watch_with(right, "watcher", &LONG_LIFE);
    let _double = watch_with(left, "double", &LONG_LIFE);
    // By one of the four ways, whichever was taken in first.
    let mut addresses = vec![watcher.address_of("double")];
    // From here on each way is the first to bring an announcement now and then.
    right.firewall_rule("input", "udp dport 49001 numgen random mod 2 == 0 drop");
    let ghost = watch_with(left, "ghost", &LONG_LIFE);
    ear.expect(["v4 announce ghost 2", "v6 announce ghost 2"]);
    ghost.signal(Signal::SIGSTOP);
    watcher.expect(["left ghost (expired)"]);
    // At the start one that is not validated gives way to one that is, and a link-local one to one of a network.
    addresses.extend(watcher.take("updated double "));
    addresses.dedup();
    assert!(addresses.len() <= 3, "it moves to and fro: {addresses:?}");
    watcher.never_printed("left double");
    let last = addresses.last().expect("it has joined");
    assert!(!last.starts_with("fe80"), "{addresses:?}");
    watcher.expect_listed("double", &[last]);
}
