//! The transport: the sockets of a node, its interfaces, and a network inside the process for tests.

pub(crate) mod interfaces;
mod link;
pub(crate) mod memory;
pub(crate) mod report;
pub(crate) mod sent_to;
pub(crate) mod socket_config;
pub(crate) mod socket_pair;
pub(crate) mod sockets;
pub(crate) mod transport;
