//! Random scenarios, a few of them.

use peers_simulator::{chaos, for_each_seed};

#[test]
fn whatever_happens_every_list_is_right_when_it_is_over() {
    for_each_seed(20, |seed| {
        chaos::run(seed);
    });
}

#[test]
fn a_seed_repeats_its_run_exactly() {
    for_each_seed(2, |seed| assert_eq!(chaos::run(seed), chaos::run(seed), "seed {seed}"));
    assert_ne!(chaos::run(1), chaos::run(2));
}
