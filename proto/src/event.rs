//! What a [`Node`](crate::Node) returns: datagrams to send, events, and the peers they are about.

pub mod queue;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::interfaces::Family;

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Its bytes.
    pub payload: Arc<[u8]>,
    /// Its destination.
    pub to: Destination,
    /// The own address to send from, if the node prefers one.
    pub source: Option<IpAddr>,
    /// True if the datagram must not leave the link (RFC 5082): the event loop sends it with a TTL or hop limit of 255, and
    /// past the routing table (`MSG_DONTROUTE`). Datagrams to a group have the TTL of their socket.
    pub only_on_link: bool,
}

/// How a datagram was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The source address. A link-local one has its scope id.
    pub from: SocketAddr,
    /// Index of the interface; 0 if it is not known.
    pub interface: u32,
    /// The socket.
    pub arrival: Arrival,
    /// TTL or hop limit; `None` if the system does not report it. The event loop then drops unicast datagrams from outside
    /// the networks of its interfaces itself, if the node is one of a single link.
    pub hops: Option<u8>,
}

/// Which socket of a node received a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The socket of the group, as at all nodes.
    Group,
    /// The node's own socket: the datagram was sent to this node alone.
    Unicast,
}

/// Destination of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The group, through every interface in use, by IPv4 and by IPv6.
    Group,
    /// The group, through every interface in use, by IPv4 alone: the legacy program has no IPv6.
    GroupV4,
    /// The group, through one interface by one family.
    Interface {
        /// Index of the interface.
        index: u32,
        /// The family.
        family: Family,
    },
    /// One socket.
    Peer {
        /// Its address. A link-local one has its scope id.
        address: SocketAddr,
        /// Index of the interface to send from; 0 if any will do.
        interface: u32,
    },
}

/// A change of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A peer is listed that was not listed before.
    Joined(Peer),
    /// A listed peer has another value, address, port, source or id.
    Updated(Peer),
    /// A peer is no longer listed.
    Left(Peer, LeaveReason),
    /// Events were dropped, because they were not taken and their queue was full. The list has the current state.
    Resync,
}

/// Why a peer left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// It sent a goodbye.
    Goodbye,
    /// It was not received or registered again within its lifetime, and did not answer probes.
    Expired,
    /// Two probes in a row were answered by ICMP port or host unreachable reports.
    Unreachable,
    /// The program unregistered it.
    Unregistered,
}

/// A peer as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name: 1 to 255 bytes, no control characters.
    pub name: String,
    /// Its value; empty if it has none.
    pub value: Vec<u8>,
    /// The address it was received from; `None` for one that was only registered. It stays the same for as long as the
    /// peer is received from it, even if it is received from others as well.
    pub address: Option<IpAddr>,
    /// Index of the interface it was received through: the scope of a link-local address. 0 if that is unknown, or if it
    /// was only registered.
    pub interface: u32,
    /// All addresses: the one above first, then those that messages came from or an echo proved, then mere claims. Empty if
    /// there is no address.
    pub addresses: Vec<PeerAddress>,
    /// Number of addresses before the mere claims.
    pub addresses_validated: usize,
    /// Port of its service; 0 if it announces none.
    pub port: u16,
    /// Its instance id; `None` if unknown, as of legacy peers.
    pub id: Option<[u8; 16]>,
    /// How it is known.
    pub source: Source,
    /// Time since it was last received or registered.
    pub age: Duration,
    /// Time until it expires unless it is renewed; zero for one that left.
    pub expires_in: Duration,
}

/// A [`Peer`], borrowed from the registry. Its fields are those of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // see `Peer`
pub struct PeerView<'a> {
    pub name: &'a str,
    pub value: &'a [u8],
    pub address: Option<IpAddr>,
    pub interface: u32,
    /// The addresses after the first.
    pub further_addresses: &'a [PeerAddress],
    pub addresses_validated: usize,
    pub port: u16,
    pub id: Option<[u8; 16]>,
    pub source: Source,
    pub age: Duration,
    pub expires_in: Duration,
}

/// An address of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress {
    /// The address.
    pub address: IpAddr,
    /// Index of the interface it is reached through: the scope of a link-local address. 0 if it is not known.
    pub interface: u32,
}

impl PeerView<'_> {
    /// Returns all addresses; see [`Peer::addresses`].
    pub fn addresses(&self) -> impl Iterator<Item = PeerAddress> {
        let first = self.address.map(|address| PeerAddress { address, interface: self.interface });
        first.into_iter().chain(self.further_addresses.iter().copied())
    }

    /// Returns a copy.
    pub fn to_peer(&self) -> Peer {
        Peer {
            name: self.name.to_owned(),
            value: self.value.to_owned(),
            address: self.address,
            interface: self.interface,
            addresses: self.addresses().collect(),
            addresses_validated: self.addresses_validated,
            port: self.port,
            id: self.id,
            source: self.source,
            age: self.age,
            expires_in: self.expires_in,
        }
    }
}

impl Peer {
    /// Returns a view of it.
    pub fn view(&self) -> PeerView<'_> {
        PeerView {
            name: &self.name,
            value: &self.value,
            address: self.address,
            interface: self.interface,
            further_addresses: self.addresses.get(1..).unwrap_or_default(),
            addresses_validated: self.addresses_validated,
            port: self.port,
            id: self.id,
            source: self.source,
            age: self.age,
            expires_in: self.expires_in,
        }
    }
}

/// How a peer became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// By a message of the native protocol to the group.
    Multicast,
    /// By a message of the native protocol to this node alone, and not yet by multicast: it is a seed, or has this node as a
    /// seed.
    Unicast,
    /// As a member of the cluster, by the SWIM protocol.
    Gossip,
    /// By a legacy beacon.
    Legacy,
    /// By [`Node::register`](crate::Node::register).
    Registered,
    /// It is the node itself.
    Own,
}
