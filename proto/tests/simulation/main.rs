//! Nodes on a network in virtual time: they find each other, stay, leave and come back, whatever the network does.
//!
//! Each run is decided by one seed, which it prints. `PEERS_SEED=7 cargo test --test simulation` takes that seed alone;
//! `PEERS_RUNS=10000` makes the runs of the random scenarios that many. `cargo bench --bench simulation` prints figures.

mod chaos;
mod cluster;
mod clusters;
mod scenario;
