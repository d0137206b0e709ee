//! How it shows beyond the link that a peer has left, and that one has come back.

use std::fs;

use nix::sys::signal::Signal;

use crate::keys::key_file;
use crate::nodes::{HOURS, state, world};
use crate::routed::{far, near, route_far, route_near, router, seed_watch, unicast_watch};

const SEED: [&str; 2] = ["--seeds", "192.0.2.1:49002"];

#[test]
fn a_goodbye_crosses_the_router_both_ways() {
    let Some(world) = world("a_goodbye_crosses_the_router_both_ways") else { return };
    let (_router, here, there, yonder) = (router(&world), near(&world, 1), far(&world, 2), far(&world, 3));
    let mut seed = seed_watch(&here, "seed", &HOURS);
    let guest = |host, name| unicast_watch(host, name, &[&HOURS[..], &SEED].concat());
    let (leaver, mut stayer) = (guest(&there, "leaver"), guest(&yonder, "stayer"));
    seed.expect(["joined leaver 198.51.100.2", "joined stayer 198.51.100.3"]);
    stayer.expect(["joined seed 192.0.2.1"]);
    leaver.signal(Signal::SIGTERM);
    seed.expect(["left leaver (goodbye)"]);
    seed.signal(Signal::SIGTERM);
    stayer.expect(["left seed (goodbye)"]);
}

#[test]
fn a_peer_whose_seed_was_dropped_leaves_at_its_expiry() {
    let test = "a_peer_whose_seed_was_dropped_leaves_at_its_expiry";
    let Some(world) = world(test) else { return };
    let (_router, here, there, yonder) = (router(&world), near(&world, 1), far(&world, 2), far(&world, 3));
    let file = support::scratch().join(test);
    let give = |seeds: &str| fs::write(&file, seeds).expect("the scratch folder can be written");
    give("198.51.100.2:49002,198.51.100.3:49002");
    let mut dropped = seed_watch(&there, "dropped", &[]);
    let mut kept = seed_watch(&yonder, "kept", &[]);
    let with_file = ["--seed-file", file.to_str().expect("it is UTF-8")];
    let mut node = unicast_watch(&here, "node", &with_file);
    node.expect(["joined dropped 198.51.100.2", "joined kept 198.51.100.3"]);
    dropped.expect(["joined node 192.0.2.1"]);
    kept.expect(["joined node 192.0.2.1"]);
    node.expect_to_take(Signal::SIGHUP);
    give("198.51.100.3:49002");
    node.signal(Signal::SIGHUP);
    node.expect(["took new seeds", "left dropped (expired)"]);
    dropped.expect(["left node (expired)"]);
    node.never_printed("left kept");
    kept.never_printed("left");
}

#[test]
fn a_killed_process_beyond_a_router_leaves_before_its_expiry() {
    let test = "a_killed_process_beyond_a_router_leaves_before_its_expiry";
    let Some(world) = world(test) else { return };
    let (_router, here, there, yonder) = (router(&world), near(&world, 1), far(&world, 2), far(&world, 3));
    let life = ["--interval", "2000", "--expiry", "4000"];
    let mut seed = seed_watch(&here, "seed", &life);
    let guest = |host, name| unicast_watch(host, name, &[&life[..], &SEED].concat());
    let (victim, mut stayer) = (guest(&there, "victim"), guest(&yonder, "stayer"));
    seed.expect(["joined victim 198.51.100.2", "joined stayer 198.51.100.3"]);
    stayer.expect(["joined seed 192.0.2.1"]);
    victim.kill();
    // Not "expired".
    seed.expect(["left victim (unreachable)"]);
    seed.never_printed("left");
    seed.kill();
    stayer.expect(["left seed (unreachable)"]);
}

#[test]
fn a_host_whose_link_goes_down_expires_and_comes_back_with_it() {
    let test = "a_host_whose_link_goes_down_expires_and_comes_back_with_it";
    let Some(world) = world(test) else { return };
    let (_router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    let mut seed = seed_watch(&here, "seed", &[]);
    let mut guest = unicast_watch(&there, "guest", &SEED);
    for (host, route, isolated) in [(&there, route_far as fn(&_), 1), (&here, route_near, 0)] {
        seed.expect(["joined guest 198.51.100.2"]);
        guest.expect(["joined seed 192.0.2.1"]);
        host.ip("link set eth0 down");
        seed.expect(["left guest (expired)"]);
        guest.expect(["left seed (expired)"]);
        // What cannot be reached is no trouble of the other's.
        let states = [state(&mut seed), state(&mut guest)];
        assert!(states[isolated].starts_with("Degraded NoInterface "), "{states:?}");
        assert_eq!(states[1 - isolated], "Running");
        host.ip("link set eth0 up");
        route(host);
    }
    seed.expect(["joined guest 198.51.100.2"]);
    guest.expect(["joined seed 192.0.2.1"]);
}

#[test]
fn a_seed_killed_and_started_again_at_its_port_is_never_two() {
    let test = "a_seed_killed_and_started_again_at_its_port_is_never_two";
    let Some(world) = world(test) else { return };
    let (_router, here, there) = (router(&world), near(&world, 1), far(&world, 2));
    let file = key_file(test, &[1]);
    for key in [&[][..], &["--key-file", &file]] {
        // Nobody is asked, and nobody expires, as long as the test runs.
        let patient = [&["--expiry", "600000"], key].concat();
        let mut guest = unicast_watch(&there, "guest", &[&patient[..], &SEED].concat());
        for _ in 0..3 {
            let mut seed = seed_watch(&here, "seed", &patient);
            guest.expect(["joined seed 192.0.2.1"]);
            seed.expect(["joined guest 198.51.100.2"]);
            seed.kill();
        }
        guest.expect(["left seed (unreachable)"]);
        assert_eq!(guest.most_listed("seed"), 1);
    }
}
