//! `Interface`: a network interface of the host, with its addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use peers_proto::{Family, Network};

/// An interface that is up and can multicast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    pub name: String,
    pub index: u32,
    /// Its IPv4 address to send from, if it has any.
    pub v4: Option<Ipv4Addr>,
    /// Its usable link-local IPv6 address to send from, if it has any. An interface without one, such as loopback, has no
    /// route for multicast.
    pub v6: Option<Ipv6Addr>,
    /// All its usable addresses with their networks, in the system's order.
    pub addresses: Vec<Network>,
    pub is_loopback: bool,
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match (self.v4, self.v6) {
            (Some(v4), Some(v6)) => write!(f, " ({v4}, {v6})"),
            (Some(v4), None) => write!(f, " ({v4})"),
            (None, Some(v6)) => write!(f, " ({v6})"),
            (None, None) => Ok(()),
        }
    }
}

impl Interface {
    /// Returns an interface without addresses.
    pub fn new(name: String, index: u32, is_loopback: bool) -> Self {
        Interface { name, index, v4: None, v6: None, addresses: Vec::new(), is_loopback }
    }

    /// Adds a usable address, and chooses the addresses to send from.
    pub fn add_address(&mut self, address: IpAddr, prefix_len: u8) {
        self.addresses.push(Network { address, prefix_len });
        self.choose_sources();
    }

    /// Leaves out the addresses of a family that is not used.
    pub fn drop_family(&mut self, family: Family) {
        self.addresses.retain(|network| Family::of(network.address) != family);
        self.choose_sources();
    }

    /// Returns the interface as the protocol knows it.
    pub fn to_node(&self) -> peers_proto::Interface {
        let Interface { index, is_loopback, ref addresses, .. } = *self;
        peers_proto::Interface { index, is_loopback, addresses: addresses.clone() }
    }

    /// Returns the address to send from by a family.
    pub fn source(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::V4 => self.v4.map(IpAddr::V4),
            Family::V6 => self.v6.map(IpAddr::V6),
        }
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

    fn choose_sources(&mut self) {
        let node = self.to_node();
        self.v4 = match node.source(Family::V4) {
            Some(IpAddr::V4(address)) => Some(address),
            _ => None,
        };
        self.v6 = match node.source(Family::V6) {
            Some(IpAddr::V6(address)) => Some(address).filter(Ipv6Addr::is_unicast_link_local),
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(networks: &[(&str, u8)]) -> Interface {
        let mut interface = Interface::new("eth0".into(), 2, false);
        for (address, prefix_len) in networks {
            interface.add_address(address.parse().expect("an address"), *prefix_len);
        }
        interface
    }

    #[test]
    fn addresses_in_a_network_of_the_interface_are_on_link() {
        let on = |networks: &[(&str, u8)], address: &str| {
            interface(networks).is_on_link(address.parse().expect("an address"))
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
        let mut both =
            interface(&[("169.254.7.7", 16), ("192.168.2.200", 24), ("2001:db8::7", 64), ("fe80::7", 64)]);
        assert_eq!((both.v4, both.v6), ("192.168.2.200".parse().ok(), "fe80::7".parse().ok()));
        both.drop_family(Family::V4);
        assert_eq!((both.v4, both.addresses.len()), (None, 2));
        let alone = interface(&[("169.254.7.7", 16), ("2001:db8::7", 64)]);
        assert_eq!((alone.v4, alone.v6), ("169.254.7.7".parse().ok(), None));
    }
}
