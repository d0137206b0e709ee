//! Promises about nodes that multicast does not reach: a full mesh by seeds, and clusters by SWIM.

use std::time::Duration;

use peers_proto::Mode;

use peers_simulator::{World, for_each_seed};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const EXPIRY: Duration = Duration::from_secs(35);

#[test]
fn a_full_mesh_of_seeds_knows_all() {
    for_each_seed(1, |seed| {
        let mut world = World::settled_cluster(seed, 20, Mode::Seeds, 20, 0.0);
        world.run_for(10 * MINUTE);
        assert_eq!(world.false_leaves, 0);
        world.check_lists();
        world.check_truth();
    });
}

#[test]
fn members_of_a_cluster_know_all_by_one_seed() {
    for_each_seed(1, |seed| {
        let mut world = World::settled_cluster(seed, 20, Mode::Swim, 1, 0.0);
        world.run_for(10 * MINUTE);
        assert_eq!(world.false_leaves, 0);
        world.check_lists();
        world.check_truth();
    });
}

#[test]
fn three_members_lose_nobody_in_an_hour_at_five_percent_loss() {
    for_each_seed(1, |seed| {
        let mut world = World::settled_cluster(seed, 3, Mode::Swim, 1, 0.05);
        world.lose_nobody(0.05, HOUR);
    });
}

#[test]
fn all_members_know_within_the_expiry_that_one_was_killed() {
    for_each_seed(1, |seed| {
        let mut world = World::settled_cluster(seed, 30, Mode::Swim, 3, 0.05);
        world.run_for(MINUTE);
        // One who was a seed, and one who was none.
        world.check_kills(&[0, 15], EXPIRY);
    });
}

#[test]
fn fifty_members_know_all_20_s_after_a_mass_start() {
    for_each_seed(1, |seed| World::settled_cluster(seed, 50, Mode::Swim, 3, 0.0).check_truth());
}
