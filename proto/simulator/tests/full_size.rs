//! The promises of `proto/tests/simulation` at full size: minutes of processor time, so `cargo test` of the workspace's
//! default members leaves them out and `just test-all` runs them.

use std::time::Duration;

use peers_proto::Mode;
use peers_simulator::{Conditions, World, chaos, for_each_seed};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const INTERVAL: Duration = Duration::from_secs(15);
const EXPIRY: Duration = Duration::from_secs(35);

#[test]
fn whatever_happens_every_list_is_right_when_it_is_over() {
    for_each_seed(200, |seed| {
        chaos::run(seed);
    });
}

#[test]
fn a_thousand_that_start_at_once_know_each_other() {
    for_each_seed(1, |seed| World::settled(seed, 1000).check_truth());
}

#[test]
fn hundred_nodes_that_start_at_once_know_all_despite_loss() {
    for_each_seed(5, |seed| {
        let mut world = World::new(seed);
        world.conditions = Conditions::losing(0.05);
        world.start_many(100, true);
        let known = world.run_until(2 * SECOND, |world| world.all_know_all(100));
        assert!(known.is_some(), "after 2 s not all know all");
    });
}

#[test]
fn a_hundred_lose_nobody_in_an_hour_at_one_percent_loss() {
    for_each_seed(1, |seed| World::settled(seed, 100).lose_nobody(0.01, HOUR));
}

#[test]
fn a_hundred_lose_nobody_in_an_hour_at_five_percent_loss() {
    for_each_seed(1, |seed| World::settled(seed, 100).lose_nobody(0.05, HOUR));
}

#[test]
fn hundred_nodes_know_all_an_interval_after_a_partition() {
    for_each_seed(1, |seed| {
        let mut world = World::settled(seed, 100);
        world.partition((0..100).map(|host| host % 2).collect());
        world.run_for(2 * MINUTE);
        world.heal();
        let healed = world.now();
        let known = world.run_until(healed + INTERVAL + SECOND, |world| world.all_know_all(100));
        assert!(known.is_some(), "one interval after the partition healed not all know all");
    });
}

#[test]
fn three_members_lose_nobody_in_a_day_at_five_percent_loss() {
    members_lose_nobody(3, 0.05, 24 * HOUR);
}

#[test]
fn a_hundred_members_lose_nobody_in_an_hour_at_one_percent_loss() {
    members_lose_nobody(100, 0.01, HOUR);
}

#[test]
fn hundred_members_have_no_false_leave_in_an_hour_at_5_percent() {
    members_lose_nobody(100, 0.05, HOUR);
}

fn members_lose_nobody(count: usize, loss: f64, time: Duration) {
    for_each_seed(1, |seed| {
        World::settled_cluster(seed, count, Mode::Swim, 1, loss).lose_nobody(loss, time);
    });
}

#[test]
fn hundred_members_see_a_kill_within_the_expiry() {
    for_each_seed(3, |seed| {
        let mut world = World::settled_cluster(seed, 100, Mode::Swim, 3, 0.05);
        world.run_for(MINUTE);
        // A seed, and a node that is none.
        world.check_kills(&[0, 50], EXPIRY);
    });
}

#[test]
fn three_hundred_members_know_all_20_s_after_a_mass_start() {
    for_each_seed(1, |seed| World::settled_cluster(seed, 300, Mode::Swim, 3, 0.0).check_truth());
}

#[test]
fn a_goodbye_in_a_large_cluster_goes_to_256_members_at_once() {
    for_each_seed(1, |seed| {
        let mut world = World::settled_cluster(seed, 300, Mode::Swim, 3, 0.0);
        let before = world.traffic.native().datagrams;
        world.stop(150);
        assert_eq!(world.traffic.native().datagrams - before, 256);
        let end = world.now() + SECOND / 20;
        assert!(world.run_until(end, |world| world.listed_by(150) == 0).is_some());
    });
}
