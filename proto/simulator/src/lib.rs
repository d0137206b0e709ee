//! A network of [`peers_proto::Node`]s in virtual time, after the manner of deterministic simulation testing: one seed
//! decides every id, loss, delay and reordering, so that a run that fails can be had again, exactly.
//!
//! - [`World`] has the processes, the queue of what happens next, and the clock that it moves.
//! - [`Conditions`] and `Partition` are the network between them.
//! - `View` follows the events of one process and says what is wrong with them.
//! - `Traffic` counts what was sent.

mod actions;
mod adversary;
pub mod chaos;
mod checks;
mod conditions;
mod delivery;
mod driving;
mod process;
mod promises;
mod registrations;
mod seeds;
mod topology;
mod trace;
mod traffic;
mod view;
mod world;

pub use adversary::Forgery;
pub use conditions::Conditions;
pub use process::{Program, Serial};
pub use seeds::for_each_seed;
pub use topology::{Firewall, HostNumber};
pub use trace::Trace;
pub use traffic::Count;
pub use world::World;
