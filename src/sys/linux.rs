//! Parts that only Linux has.

pub mod datagram;
pub mod errors;
pub mod multicast_joins;
pub mod options;
pub mod process;
pub mod routes;
pub mod tentative;
pub mod timer;
