//! The seeds of the runs.

use std::env;
use std::fmt::Debug;
use std::str::FromStr;

/// Runs with as many seeds; with that of `PEERS_SEED` alone if there is one.
pub fn for_each_seed(count: u64, run: impl Fn(u64)) {
    let run = |seed| {
        println!("seed {seed}");
        run(seed);
    };
    match from_environment("PEERS_SEED") {
        Some(seed) => run(seed),
        None => (1..=count).for_each(run),
    }
}

/// A variable of the environment.
fn from_environment<T: FromStr<Err: Debug>>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error:?}")))
}
