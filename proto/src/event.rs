//! What a [`Node`](crate::Node) puts out: datagrams to send and events to tell, and the peer an event is about.

pub mod queue;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The bytes of the datagram.
    pub payload: Arc<[u8]>,
    /// Where to.
    pub to: Destination,
}

/// By which of its sockets a node heard a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// By that of the group, as everybody did.
    Group,
    /// By its own, as nobody else did.
    Unicast,
}

/// Where a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To the group, through every interface in use: by IPv4 and by IPv6.
    Group,
    /// To the group, through every interface in use, by IPv4 alone: the legacy program has no IPv6.
    GroupV4,
    /// To one socket.
    Peer {
        /// Its address. A link-local one has its scope id.
        address: SocketAddr,
        /// Index of the interface it was heard through; 0 when unknown.
        interface: u32,
    },
}

/// A change of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A peer was heard, or registered, that was not listed before.
    Joined(Peer),
    /// A listed peer has another value, address, port, source or id.
    Updated(Peer),
    /// A peer is no longer listed.
    Left(Peer, LeaveReason),
    /// Events were lost, because nobody took them and their queue was full. The list has the state as it is.
    Resync,
}

/// Why a peer left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// It said that it ends.
    Goodbye,
    /// It was not heard, nor registered again, for its expiry time, and did not answer when it was asked.
    Expired,
    /// Two probes in a row were answered with ICMP port or host unreachable.
    Unreachable,
}

/// A peer as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name: 1 to 255 bytes, no control characters.
    pub name: String,
    /// Its value; empty if it has none.
    pub value: Vec<u8>,
    /// The address it was heard from; `None` for one that was only registered. It stays the same for as long as the
    /// peer is heard from it, even if it is heard from others as well.
    pub address: Option<IpAddr>,
    /// Index of the interface it was heard through: the scope of a link-local address. 0 when that is unknown or it
    /// was only registered.
    pub interface: u32,
    /// The port at which it offers its service; 0 when it announces none.
    pub port: u16,
    /// The random id of this run of it; `None` when unknown, as with legacy nodes.
    pub id: Option<[u8; 16]>,
    /// What last told of it.
    pub source: Source,
    /// Time since it was last heard or registered.
    pub age: Duration,
    /// Time until it is gone unless it is heard again; zero for one that left.
    pub expires_in: Duration,
}

/// A [`Peer`], lent by the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerView<'a> {
    /// See [`Peer::name`].
    pub name: &'a str,
    /// See [`Peer::value`].
    pub value: &'a [u8],
    /// See [`Peer::address`].
    pub address: Option<IpAddr>,
    /// See [`Peer::interface`].
    pub interface: u32,
    /// See [`Peer::port`].
    pub port: u16,
    /// See [`Peer::id`].
    pub id: Option<[u8; 16]>,
    /// See [`Peer::source`].
    pub source: Source,
    /// See [`Peer::age`].
    pub age: Duration,
    /// See [`Peer::expires_in`].
    pub expires_in: Duration,
}

impl PeerView<'_> {
    /// A copy that lasts.
    pub fn to_peer(&self) -> Peer {
        Peer {
            name: self.name.to_owned(),
            value: self.value.to_owned(),
            address: self.address,
            interface: self.interface,
            port: self.port,
            id: self.id,
            source: self.source,
            age: self.age,
            expires_in: self.expires_in,
        }
    }
}

impl Peer {
    /// Lends it.
    pub fn view(&self) -> PeerView<'_> {
        PeerView {
            name: &self.name,
            value: &self.value,
            address: self.address,
            interface: self.interface,
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
    /// Heard by a message of the native protocol.
    Multicast,
    /// Heard by a message of the native protocol that came to this node alone, and not yet by multicast: it is a seed, or has
    /// this node for one.
    Unicast,
    /// A member of the cluster, as the SWIM protocol has it.
    Gossip,
    /// A legacy beacon.
    Legacy,
    /// Put there by `register`.
    Registered,
}
