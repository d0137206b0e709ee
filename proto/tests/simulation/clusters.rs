//! Promises about nodes that multicast does not reach: a full mesh by seeds, and clusters by SWIM.

use std::time::Duration;

use peers_proto::Mode;

use peers_simulator::{World, for_each_seed};

const SECOND: Duration = Duration::from_secs(1);
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
fn a_hundred_members_know_a_goodbye_3_s_later_despite_loss() {
    for_each_seed(1, |seed| {
        let mut world = World::settled_cluster(seed, 100, Mode::Swim, 3, 0.05);
        world.stop(50);
        let end = world.now() + 3 * SECOND;
        assert!(world.run_until(end, |world| world.listed_by(50) == 0).is_some());
    });
}

/// Cuts off some members for a time, at a loss beside. Returns which member saw which other one leave within a minute.
fn leaves_by_outage(seed: u64, count: usize, cut_off: &[usize], seconds: u64) -> Vec<(usize, usize)> {
    let mut world = World::settled_cluster(seed, count, Mode::Swim, count.min(3), 0.01);
    world.run_for(30 * SECOND);
    world.left.clear();
    world.cut_off(cut_off, Duration::from_secs(seconds));
    world.run_for(MINUTE);
    assert!(world.all_know_all(count), "a minute after the outage not all know all");
    std::mem::take(&mut world.left)
}

#[test]
fn an_outage_shorter_than_the_suspicion_ends_no_membership() {
    for_each_seed(3, |seed| {
        for (count, cut_off) in
            [(3, &[1][..]), (6, &[0, 1][..]), (6, &[0, 1, 2, 3, 4, 5][..]), (20, &[1][..])]
        {
            for seconds in [5, 17, 25] {
                let left = leaves_by_outage(seed, count, cut_off, seconds);
                assert!(left.is_empty(), "{cut_off:?} of {count} for {seconds} s: {left:?}");
            }
        }
    });
}

#[test]
fn a_long_outage_of_one_ends_no_other_membership() {
    for_each_seed(3, |seed| {
        let left = leaves_by_outage(seed, 12, &[1], 60);
        assert!(left.iter().any(|(_, gone)| *gone == 1), "it was gone for longer than the expiry");
        assert!(left.iter().all(|(viewer, gone)| *viewer == 1 || *gone == 1), "{left:?}");
    });
}

#[test]
fn a_member_that_did_not_run_declares_no_other_down() {
    for_each_seed(5, |seed| {
        let mut world = World::settled_cluster(seed, 5, Mode::Swim, 3, 0.01);
        world.left.clear();
        world.suspend(1);
        world.run_for(MINUTE);
        world.resume(1, true);
        world.run_for(MINUTE);
        assert!(world.left.iter().all(|(_, gone)| *gone == 1), "{:?}", world.left);
        assert!(world.all_know_all(5));
    });
}

#[test]
fn a_member_under_forged_claims_stays_listed() {
    for_each_seed(2, |seed| {
        let mut world = World::settled_cluster(seed, 6, Mode::Swim, 3, 0.01);
        world.left.clear();
        for second in 0..60 {
            let claims = [(0, 0, 2), (second, 0, 0), (u32::MAX, 0, 0), (0, u16::MAX, 1), (second, 0, 2)];
            for claim in claims {
                world.forge_claim(0, 2, 1, claim);
            }
            world.run_for(SECOND);
        }
        world.run_for(MINUTE);
        assert!(world.left.is_empty(), "{:?}", world.left);
        assert!(world.all_know_all(6));
    });
}
