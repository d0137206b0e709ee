//! What only Linux has.

mod alarm;
pub mod datagram;
pub mod errors;
pub mod memberships;
mod notifier;
pub mod options;
pub mod process;
pub mod routes;
pub mod tentative;
mod watched;

pub use alarm::Alarm;
pub use notifier::Notifier;
pub use watched::Watched;
