//! Promises about a cluster of known size: all know all, and nobody is believed gone who is there.

use std::time::Duration;

use peers_simulator::{Conditions, World, for_each_seed};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const INTERVAL: Duration = Duration::from_secs(15);

#[test]
fn two_that_start_at_once_know_each_other() {
    for_each_seed(20, |seed| World::settled(seed, 2).check_truth());
}

#[test]
fn a_hundred_that_start_at_once_know_each_other() {
    for_each_seed(1, |seed| World::settled(seed, 100).check_truth());
}

#[test]
fn fifty_that_start_at_once_know_each_other_whatever_is_lost() {
    for_each_seed(3, |seed| {
        let mut world = World::new(seed);
        world.conditions = Conditions::losing(0.05);
        world.start_many(50, true);
        let known = world.run_until(2 * SECOND, |world| world.all_know_all(50));
        assert!(known.is_some(), "after 2 s not all know all");
    });
}

fn lose_nobody(count: usize, loss: f64, time: Duration) {
    for_each_seed(1, |seed| World::settled(seed, count).lose_nobody(loss, time));
}

#[test]
fn two_lose_nobody_in_a_day_at_one_percent_loss() {
    lose_nobody(2, 0.01, 24 * HOUR);
}

#[test]
fn two_lose_nobody_in_a_day_at_five_percent_loss() {
    lose_nobody(2, 0.05, 24 * HOUR);
}

#[test]
fn twenty_lose_nobody_in_an_hour_at_five_percent_loss() {
    lose_nobody(20, 0.05, HOUR);
}

#[test]
fn after_a_partition_heals_all_know_all_within_an_interval() {
    for_each_seed(1, |seed| {
        let mut world = World::settled(seed, 40);
        world.partition((0..40).map(|host| host % 2).collect());
        world.run_for(120 * SECOND);
        assert!(
            world.alive().iter().all(|serial| world.listed_by(*serial) == 19),
            "the halves lost each other"
        );
        world.heal();
        let healed = world.now();
        let known = world.run_until(healed + INTERVAL + SECOND, |world| world.all_know_all(40));
        assert!(known.is_some(), "one interval after the partition healed not all know all");
        world.finish_arrivals();
        world.check_lists();
        world.check_truth();
    });
}

#[test]
fn node_that_slept_for_an_hour_probes_before_any_peer_leaves() {
    for_each_seed(3, |seed| {
        let mut world = World::settled(seed, 20);
        world.conditions = Conditions::losing(0.05);
        let pause = INTERVAL.mul_f64(world.rng.f64());
        world.run_for(pause);
        world.suspend(0);
        world.run_for(HOUR);
        assert_eq!(world.listed_by(0), 0, "the others have not waited for it");
        let with_backlog = world.rng.bool();
        world.resume(0, with_backlog);
        let known = world.run_until(world.now() + 2 * SECOND, |world| world.all_know_all(20));
        assert!(known.is_some(), "2 s after it went on not all know all");
        world.run_for(2 * INTERVAL);
        assert_eq!(world.false_leaves, 0, "false leaves");
        world.check_lists();
    });
}
