//! Promises about nodes that multicast does not reach: a full mesh by seeds, and clusters whose members SWIM tells.

use std::time::Duration;

use peers_proto::Mode;

use crate::scenario::for_each_seed;
use peers_simulator::{Conditions, World};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const EXPIRY: Duration = Duration::from_secs(35);

/// A cluster of one mode in which all know all, after all were started at once with so many seeds.
fn settled(seed: u64, count: usize, mode: Mode, seeds: usize, loss: f64) -> World {
    let mut world = World::new(seed);
    world.conditions = Conditions::losing(loss);
    world.start_cluster(count, mode, seeds);
    let known = world.run_until(20 * SECOND, |world| world.all_know_all(count));
    assert!(known.is_some(), "after 20 s not all know all");
    world
}

#[test]
fn a_full_mesh_of_seeds_knows_all() {
    for_each_seed(1, |seed| {
        let mut world = settled(seed, 50, Mode::Seeds, 50, 0.0);
        world.run_for(10 * MINUTE);
        assert_eq!(world.false_leaves, 0);
        world.check_lists();
        world.check_truth();
    });
}

#[test]
fn members_of_a_cluster_know_all_by_one_seed() {
    for_each_seed(3, |seed| {
        let mut world = settled(seed, 20, Mode::Swim, 1, 0.0);
        world.run_for(10 * MINUTE);
        assert_eq!(world.false_leaves, 0);
        world.check_lists();
        world.check_truth();
    });
}

#[test]
fn three_members_lose_nobody_in_a_day_at_five_percent_loss() {
    lose_nobody(3, 0.05, 24 * HOUR);
}

#[test]
fn a_hundred_members_lose_nobody_in_an_hour_at_one_percent_loss() {
    lose_nobody(100, 0.01, HOUR);
}

#[test]
fn a_hundred_members_lose_nobody_in_an_hour_at_five_percent_loss() {
    lose_nobody(100, 0.05, HOUR);
}

fn lose_nobody(count: usize, loss: f64, time: Duration) {
    for_each_seed(1, |seed| {
        let mut world = settled(seed, count, Mode::Swim, 1, loss);
        world.run_for(time);
        assert_eq!(world.false_leaves, 0, "false leaves at a loss of {loss}");
        world.check_lists();
        world.check_truth();
    });
}

#[test]
fn all_members_know_within_the_expiry_that_one_was_killed() {
    for_each_seed(3, |seed| {
        let mut world = settled(seed, 100, Mode::Swim, 3, 0.05);
        world.run_for(MINUTE);
        // One who was a seed, and one who was none.
        for victim in [0, 50] {
            world.kill(victim);
            let left = world.alive().len();
            let killed = world.now();
            let known = world.run_until(killed + EXPIRY, |world| {
                world.all_know_all(left)
                    && world.alive().iter().all(|serial| world.listed_by(*serial) == left - 1)
            });
            assert!(known.is_some(), "not all know it after the expiry");
        }
        assert_eq!(world.false_leaves, 0);
        world.check_lists();
    });
}

#[test]
fn three_hundred_members_that_start_at_once_know_all_within_twenty_seconds() {
    for_each_seed(1, |seed| settled(seed, 300, Mode::Swim, 3, 0.0).check_truth());
}
