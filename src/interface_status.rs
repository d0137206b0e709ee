//! `InterfaceStatus`: whether a node uses an interface, and if not, why.

use std::net::IpAddr;

use peers_proto::Family;

/// An interface of the host and an address family: whether the node uses it, and if not, why; and what it has counted there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceStatus {
    /// Name of the interface.
    pub name: String,
    /// Index of the interface.
    pub index: u32,
    /// Address family.
    pub family: Family,
    /// Kind of the interface ("loopback", "bridge", "wlan", "wireguard"); empty for a plain network card.
    pub kind: String,
    /// The address that the node sends from, or would send from.
    pub address: Option<IpAddr>,
    /// Whether the node uses it, and if not, why.
    pub usage: Usage,
    /// The usage in words; empty if the node uses the interface.
    pub why: String,
    /// Datagrams sent to the group through it.
    pub sent: u64,
    /// Received through it: the node's own datagrams, which the system loops back.
    pub looped_back: u64,
    /// Datagrams received through it, of every kind.
    pub received: u64,
    /// The last system call that failed for it, with its error; empty if none did.
    pub last_error: String,
}

/// Whether a node uses an interface by an address family, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Usage {
    /// The node sends and receives through it.
    Used,
    /// The option `interfaces` does not name it.
    NotNamed,
    /// The node does not use the address family.
    FamilyOff,
    /// It is down.
    Down,
    /// It has no carrier: nothing is connected to it.
    NoCarrier,
    /// It is a port of a bridge, a bond or a team, or is in a VRF: another interface takes over its datagrams.
    Port,
    /// It does not support multicast.
    NoMulticast,
    /// It has no address of the family: for IPv6, no link-local one.
    NoAddress,
    /// It is loopback, and the node uses another interface.
    Loopback,
}
