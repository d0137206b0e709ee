//! The interfaces of the host, usable or not, and their addresses.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use crate::sys::call_error::CallError;
use peers_proto::{Family, Network};

/// A network interface with its usable addresses: those of the protocol, and a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    pub name: String,
    node: peers_proto::Interface,
}

/// An interface of the host, and what decides whether a node uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostInterface {
    pub interface: Interface,
    pub is_up: bool,
    /// A cable or a radio link connects it.
    pub is_running: bool,
    pub has_multicast: bool,
    /// A default route leads through it.
    pub is_default: bool,
    /// "bridge", "wireguard" and so on, as the system calls it; empty for a plain network card.
    pub kind: String,
    /// `None` if it has its datagrams for itself.
    pub port: Option<Port>,
}

/// The other interface that takes over the datagrams of a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    /// "bridge", "bond", "team", "vrf" and so on.
    pub kind: String,
    /// Name of the other interface.
    pub of: String,
}

/// The interfaces of the host at one moment.
pub(crate) struct Listing {
    pub interfaces: Vec<HostInterface>,
    /// The call that failed, if kinds and ports are not known for certain.
    pub refused: Option<CallError>,
}

impl Interface {
    /// Returns an interface without addresses.
    pub fn new(name: String, index: u32, is_loopback: bool) -> Self {
        Interface { name, node: peers_proto::Interface { index, is_loopback, addresses: Vec::new() } }
    }

    #[cfg(test)]
    pub fn with_addresses(networks: &[(&str, u8)]) -> Self {
        let mut interface = Interface::new("eth0".into(), 2, false);
        for (address, prefix_len) in networks {
            interface.add_address(address.parse().expect("an address"), *prefix_len);
        }
        interface
    }

    /// Adds a usable address.
    pub fn add_address(&mut self, address: IpAddr, prefix_len: u8) {
        self.node.addresses.push(Network { address, prefix_len });
    }

    /// Leaves out the addresses of a family that is not used.
    pub fn drop_family(&mut self, family: Family) {
        self.node.addresses.retain(|network| Family::of(network.address) != family);
    }

    /// Returns the interface as the protocol knows it.
    pub fn to_node(&self) -> peers_proto::Interface {
        self.node.clone()
    }

    /// Returns the address to send from by a family. That of IPv6 is link-local: an interface without one, such as loopback, has no
    /// route for multicast.
    pub fn source(&self, family: Family) -> Option<IpAddr> {
        self.node.source(family).filter(|address| match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(address) => address.is_unicast_link_local(),
        })
    }

    /// True if the address is on-link by the networks of the interface: reached without a router.
    pub fn is_on_link(&self, address: IpAddr) -> bool {
        // A prefix of all bits is that of a point-to-point link. Its other end may have any address.
        let is_point_to_point = |network: &Network| network.prefix_len == 32 && network.address.is_ipv4();
        let reaches =
            |network: &Network| network.contains(address) || address.is_ipv4() && is_point_to_point(network);
        let is_link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
        is_link_local || self.addresses.iter().any(reaches)
    }
}

impl Deref for Interface {
    type Target = peers_proto::Interface;

    fn deref(&self) -> &Self::Target {
        &self.node
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<String> = [Family::V4, Family::V6]
            .into_iter()
            .filter_map(|family| Some(self.source(family)?.to_string()))
            .collect();
        match &*sources {
            [] => f.write_str(&self.name),
            _ => write!(f, "{} ({})", self.name, sources.join(", ")),
        }
    }
}

impl HostInterface {
    pub fn name(&self) -> &str {
        &self.interface.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_network_of_the_interface_are_on_link() {
        let on = |networks: &[(&str, u8)], address: &str| {
            Interface::with_addresses(networks).is_on_link(address.parse().expect("an address"))
        };
        let lan = [("192.0.2.1", 25), ("198.51.100.1", 24), ("2001:db8:7::1", 64)];
        assert!(on(&lan, "192.0.2.127") && on(&lan, "198.51.100.9"));
        assert!(!on(&lan, "192.0.2.128") && !on(&lan, "203.0.113.1"));
        assert!(on(&[("192.0.2.1", 32)], "203.0.113.1"), "at the other end of a point-to-point link");
        assert!(!on(&[("192.0.2.1", 32)], "2001:db8::1"));
        assert!(on(&lan, "fe80::1") && on(&lan, "2001:db8:7::2") && !on(&lan, "2001:db8::1"));
    }

    #[test]
    fn source_is_no_automatic_ipv4_and_a_link_local_ipv6_address() {
        let sources = |interface: &Interface| (interface.source(Family::V4), interface.source(Family::V6));
        let mut both = Interface::with_addresses(&[
            ("169.254.7.7", 16),
            ("192.168.2.200", 24),
            ("2001:db8::7", 64),
            ("fe80::7", 64),
        ]);
        assert_eq!(sources(&both), ("192.168.2.200".parse().ok(), "fe80::7".parse().ok()));
        both.drop_family(Family::V4);
        assert_eq!((sources(&both).0, both.addresses.len()), (None, 2));
        let alone = Interface::with_addresses(&[("169.254.7.7", 16), ("2001:db8::7", 64)]);
        assert_eq!(sources(&alone), ("169.254.7.7".parse().ok(), None));
    }
}
