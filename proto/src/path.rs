//! `Path`: by which way a peer was heard, and can be reached.

pub mod validation;

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use crate::event::Destination;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    /// The socket it sends from.
    pub address: SocketAddr,
    /// Index of the interface it was heard through; 0 when unknown.
    pub interface: u32,
}

impl Path {
    /// The way of a datagram that came `from` there, through the interface of that index.
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

    /// True if a user would see the same address.
    pub fn has_same_address(&self, other: &Path) -> bool {
        let zone = |path: &Path| match path.address {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(address) => address.scope_id(),
        };
        (self.ip(), zone(self)) == (other.ip(), zone(other))
    }
}

/// The address without what may differ from datagram to datagram of one sender: the flow label, and a scope where there
/// is only one (RFC 4007, section 4).
pub(crate) fn normal(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => {
            let scope = if v6.ip().is_unicast_link_local() { v6.scope_id() } else { 0 };
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, scope).into()
        }
        SocketAddr::V4(_) => address,
    }
}
