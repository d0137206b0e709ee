//! `Interface`: a network interface of the host, with its addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An interface that is up and can multicast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    pub name: String,
    pub index: u32,
    /// Its first IPv4 address, if it has any: the one to send from.
    pub v4: Option<Ipv4Addr>,
    /// The networks of all its IPv4 addresses: address and mask.
    pub networks: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// Its first usable link-local IPv6 address, if it has any.
    pub v6: Option<Ipv6Addr>,
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
    /// True if the address is on-link: reached without a router.
    pub fn is_on_link(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.networks.iter().any(|(own, mask)| {
                // A mask of all bits is that of a point-to-point link. Its other end may have any address.
                *mask == Ipv4Addr::BROADCAST
                    || own.to_bits() & mask.to_bits() == address.to_bits() & mask.to_bits()
            }),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_a_network_of_the_interface_are_on_link() {
        let on = |networks: &[(&str, &str)], address: &str| {
            let parse = |text: &&str| text.parse().expect("an address");
            let networks = networks.iter().map(|(own, mask)| (parse(own), parse(mask))).collect();
            let interface =
                Interface { name: "eth0".into(), index: 2, v4: None, networks, v6: None, is_loopback: false };
            interface.is_on_link(address.parse().expect("an address"))
        };
        let lan = [("192.0.2.1", "255.255.255.128"), ("198.51.100.1", "255.255.255.0")];
        assert!(on(&lan, "192.0.2.127") && on(&lan, "198.51.100.9"));
        assert!(!on(&lan, "192.0.2.128") && !on(&lan, "203.0.113.1"));
        assert!(
            on(&[("192.0.2.1", "255.255.255.255")], "203.0.113.1"),
            "at the other end of a point-to-point link"
        );
        assert!(on(&lan, "fe80::1") && !on(&lan, "2001:db8::1"));
    }
}
