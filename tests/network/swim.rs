//! Clusters of real processes: two subnets, and a router between that forwards no multicast.

use nix::sys::signal::Signal;

use crate::keys::key_file;
use crate::nodes::{counted, listing, watch_with, world};
use crate::routed::{PORT, far, near, router};
use support::program::Program;
use support::world::Host;

/// Units of 400 ms: a member that a busy machine does not run for one of them is not held dead.
const LIFE: [&str; 2] = ["--expiry", "14000"];

/// So many on each side.
const HALF: u8 = 10;

fn member(host: &Host<'_>, name: &str, options: &[&str]) -> Program {
    let common = ["--mode", "swim", "--seeds", "192.0.2.1:49002", "--unicast-port", PORT];
    watch_with(host, name, &[&LIFE[..], &common, options].concat())
}

/// Waits until each has told that all others have joined.
fn expect_all_joined(members: &mut [Program], names: &[String]) {
    for (own, member) in members.iter_mut().enumerate() {
        for (other, name) in names.iter().enumerate().filter(|(other, _)| *other != own) {
            member.expect([&*format!("joined {name} {}", address(other))]);
        }
    }
}

/// Where the member of that index is: the first ten are near ones.
fn address(index: usize) -> String {
    let number = index + 1;
    if number <= usize::from(HALF) { format!("192.0.2.{number}") } else { format!("198.51.100.{number}") }
}

#[test]
fn one_seed_joins_the_members_of_two_subnets() {
    let test = "one_seed_joins_the_members_of_two_subnets";
    let Some(world) = world(test) else { return };
    let _router = router(&world);
    let near_hosts = (1..=HALF).map(|number| near(&world, number));
    let far_hosts = (HALF + 1..=2 * HALF).map(|number| far(&world, number));
    let hosts: Vec<Host<'_>> = near_hosts.chain(far_hosts).collect();
    let names: Vec<String> = (1..=hosts.len()).map(|number| format!("m{number:02}")).collect();
    // So long that no member is taken for dead because twenty of them and a busy machine answer late.
    let start = |index: usize| member(&hosts[index], &names[index], &["--expiry", "28000"]);
    let mut members: Vec<Program> = (0..hosts.len()).map(start).collect();
    expect_all_joined(&mut members, &names);

    // One says goodbye, and another one is killed.
    let (leaver, victim) = (members.remove(12), members.remove(4));
    leaver.signal(Signal::SIGTERM);
    victim.kill();
    for member in &mut members {
        member.expect([&*format!("left {} (goodbye)", names[12])]);
    }
    for member in &mut members {
        member.expect([&*format!("left {} (expired)", names[4])]);
    }

    // One is killed and comes back with the port that it had.
    let again = members.pop().expect("there is a last one");
    again.kill();
    let last = names.len() - 1;
    let mut again = start(last);
    for member in &mut members {
        member.expect([&*format!("joined {} {}", names[last], address(last))]);
        // By the newcomer itself, or by who has heard of it sooner.
        let reason = member.line(&format!("left {} (", names[last]));
        assert!(["unreachable)", "expired)"].contains(&&*reason), "{reason}");
    }
    for (index, name) in names.iter().enumerate().filter(|(index, _)| ![4, 12, last].contains(index)) {
        again.expect([&*format!("joined {name} {}", address(index))]);
    }
    members.push(again);

    let there = |index: &usize| ![4, 12].contains(index);
    for (own, member) in (0..names.len()).filter(there).zip(&mut members) {
        let others = (0..names.len()).filter(there).filter(|other| *other != own);
        let expected: Vec<String> =
            others.map(|other| format!("{} {} Gossip", names[other], address(other))).collect();
        assert_eq!(listing(member), expected);
        member.never_printed("joined");
        member.never_printed("left");
    }
}

#[test]
fn nodes_with_the_key_form_a_cluster_of_their_own() {
    let test = "nodes_with_the_key_form_a_cluster_of_their_own";
    let Some(world) = world(test) else { return };
    let (_router, here, also) = (router(&world), near(&world, 1), near(&world, 2));
    let hosts = [3, 4, 5].map(|number| far(&world, number));
    let (ours, theirs) = (key_file(&format!("{test}-1"), &[1]), key_file(&format!("{test}-2"), &[2]));
    let with_ours = ["--key-file", &ours];
    let mut alpha = member(&here, "alpha", &with_ours);
    let mut beta = member(&also, "beta", &with_ours);
    let mut gamma = member(&hosts[0], "gamma", &with_ours);
    alpha.expect(["joined beta 192.0.2.2", "joined gamma 198.51.100.3"]);
    beta.expect(["joined alpha 192.0.2.1", "joined gamma 198.51.100.3"]);
    gamma.expect(["joined alpha 192.0.2.1", "joined beta 192.0.2.2"]);
    assert_eq!(counted(&mut alpha, "wrong_key"), 0);

    let mut other = member(&hosts[1], "other", &["--key-file", &theirs]);
    let mut open = member(&hosts[2], "open", &[]);
    crate::nodes::expect_counted(&mut alpha, "wrong_key", 20);
    for stranger in [&mut other, &mut open] {
        assert_eq!(listing(stranger), [] as [&str; 0]);
    }
    gamma.signal(Signal::SIGTERM);
    alpha.expect(["left gamma (goodbye)"]);
    beta.expect(["left gamma (goodbye)"]);
    assert_eq!(listing(&mut alpha), ["beta 192.0.2.2 Gossip"]);
    alpha.never_printed("joined");
}
