//! What only Linux has.

pub mod datagram;
pub mod errors;
pub mod multicast_joins;
pub mod options;
mod poller;
pub mod process;
pub mod routes;
pub mod tentative;
mod timer;
mod waker;

pub use poller::Poller;
pub use timer::DeadlineTimer;
pub use waker::Waker;
