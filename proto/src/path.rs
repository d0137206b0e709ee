//! `Path`: the address and interface by which a peer was received and is reached.

pub mod validation;

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use crate::event::Destination;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    /// The socket that the peer sends from.
    pub address: SocketAddr,
    /// Index of the interface that received it; 0 if unknown.
    pub interface: u32,
}

impl Path {
    /// Returns the path of a datagram from this address, received by the interface with this index.
    pub fn new(from: SocketAddr, interface: u32) -> Self {
        Path { address: normal(from), interface }
    }

    pub fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn destination(&self) -> Destination {
        Destination::Peer { address: self.address, interface: self.interface }
    }

    /// Returns true if a user sees the same address.
    pub fn has_same_address(&self, other: &Path) -> bool {
        let zone = |path: &Path| match path.address {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(address) => address.scope_id(),
        };
        (self.ip(), zone(self)) == (other.ip(), zone(other))
    }
}

/// Returns the address without the parts that differ between datagrams of one sender: the flow label, and a scope where
/// there is only one (RFC 4007, section 4).
pub(crate) fn normal(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => {
            let scope = if v6.ip().is_unicast_link_local() { v6.scope_id() } else { 0 };
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, scope).into()
        }
        SocketAddr::V4(_) => address,
    }
}
