//! Promises about nodes that multicast does not reach: a full mesh by seeds, and clusters whose members SWIM tells.

use std::time::Duration;

use peers::core::Mode;

use crate::scenario::for_each_seed;
use crate::simulator::{Conditions, World};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

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
