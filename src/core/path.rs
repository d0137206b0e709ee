//! `Path`: by which way a peer was heard, and can be reached.

use std::net::{IpAddr, SocketAddr};

use super::event::Destination;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    /// The socket it sends from.
    pub address: SocketAddr,
    /// Index of the interface it was heard through; 0 when unknown.
    pub interface: u32,
}

impl Path {
    pub fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn destination(&self) -> Destination {
        Destination::Peer { address: self.address, interface: self.interface }
    }
}
