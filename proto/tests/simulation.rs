//! Nodes on a network in virtual time: they find each other, stay, leave and come back, whatever the network does. The
//! same promises at full size are in the tests of the package `peers-simulator`.
//!
//! One seed decides each run, and the run prints it. `PEERS_SEED=7 cargo test -p peers-proto simulation` takes that seed
//! alone. `cargo bench -p peers-proto --bench simulation` prints figures.

mod chaos;
mod cluster;
#[cfg(feature = "swim")]
mod clusters;
