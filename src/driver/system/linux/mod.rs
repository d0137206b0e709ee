//! What only Linux has.

mod alarm;
pub mod errors;
pub mod memberships;
mod notifier;
pub mod options;
pub mod process;
pub mod routes;
pub mod tentative;

pub use alarm::Alarm;
pub use notifier::Notifier;
