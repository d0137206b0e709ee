//! `Path`: the address that a peer sends from, and the interface that it is reached through.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use crate::event::{Destination, PeerAddress};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    /// The socket address, with the zone if it is link-local.
    pub address: SocketAddr,
    /// Index of the interface; 0 if it is not known.
    pub interface: u32,
}

/// What the echo in a message proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Nothing: there is no echo, or it is one of another node's nonce.
    None,
    /// The sender has received a query of this node.
    Query,
    /// The sender has received a probe of this node at this path.
    Probe(Path),
}

impl Path {
    /// Returns the path of a datagram.
    pub fn new(from: SocketAddr, interface: u32) -> Self {
        Path { address: normal(from), interface }
    }

    /// Returns the path to another IP address of the same socket.
    pub fn at(&self, ip: IpAddr) -> Self {
        let address = match ip {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => {
                SocketAddrV6::new(v6, self.port(), 0, self.interface).into()
            }
            ip => SocketAddr::new(ip, self.port()),
        };
        Path { address, interface: self.interface }
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

    /// Returns what identifies the path among those of all peers: addresses of two links may be the same.
    pub fn key(&self) -> (SocketAddr, u32) {
        (self.address, self.interface)
    }

    /// Returns true if a user sees the same address.
    pub fn has_same_address(&self, other: &Path) -> bool {
        let zone = |path: &Path| match path.address {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(address) => address.scope_id(),
        };
        (self.ip(), zone(self)) == (other.ip(), zone(other))
    }

    /// Returns the address that a list shows.
    pub fn listed(&self) -> PeerAddress {
        PeerAddress { address: self.ip(), interface: self.interface }
    }
}

/// Returns the address without the flow label, and without a scope where there is only one (RFC 4007, section 4). Both may
/// differ from datagram to datagram of one sender.
pub(crate) fn normal(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => {
            let scope = if v6.ip().is_unicast_link_local() { v6.scope_id() } else { 0 };
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, scope).into()
        }
        SocketAddr::V4(_) => address,
    }
}
