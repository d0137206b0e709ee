//! What the benches of the inside share: the registries that are compared, and a node that hears announcements.

pub mod announcements;
pub mod contenders;

use std::time::Duration;

/// How long an entry lives that is not renewed.
pub const EXPIRY: Duration = Duration::from_secs(35);

/// So long a value that an entry has 100 bytes, with an id of 16.
pub const VALUE: [u8; 84] = [7; 84];

/// The numbers of `count` entries in an order that is the same in every run.
pub fn shuffled(count: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    fastrand::Rng::with_seed(1).shuffle(&mut numbers);
    numbers
}

/// A row that is not measured by criterion, for benches/inside/collect.py.
pub fn print_row(group: &str, system: &str, size: usize, order: &str, unit: &str, median: f64) {
    println!(
        r#"{{"group":"{group}","system":"{system}","size":{size},"order":"{order}","unit":"{unit}","median":{median:.1}}}"#
    );
}
