//! `Interfaces`: the own addresses, what they say of the addresses of others, and from which of them a message is sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::Addresses;

/// An interface of the host that the node uses, with its addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// The index that the system gives it.
    pub index: u32,
    /// True for the loopback interface.
    pub is_loopback: bool,
    /// Its addresses, in the system's order.
    pub addresses: Vec<Network>,
}

/// An address of an interface, and the network that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// Number of leading bits that all addresses of the network have in common.
    pub prefix_len: u8,
}

/// An address family of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Returns the family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

impl Network {
    /// Returns true for an address of the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let bits = u32::from(own) ^ u32::from(other);
                bits.leading_zeros() >= u32::from(self.prefix_len.min(32))
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let bits = u128::from(own) ^ u128::from(other);
                bits.leading_zeros() >= u32::from(self.prefix_len.min(128))
            }
            _ => false,
        }
    }

    /// True for the broadcast address of the network. One of 31 or 32 bits has none (RFC 3021).
    fn is_broadcast(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) if self.prefix_len < 31 => {
                let host_bits = u32::MAX >> self.prefix_len;
                self.contains(address.into()) && u32::from(address) & host_bits == host_bits
            }
            _ => false,
        }
    }
}

impl Interface {
    /// Returns the address from which messages leave through this interface by a family: for IPv4 the first one that is not
    /// link-local, or else the first; for IPv6 the link-local one, because the group is of link-local scope.
    pub fn source(&self, family: Family) -> Option<IpAddr> {
        let addresses = || self.addresses.iter().map(|network| network.address);
        let of_family = || addresses().filter(|address| Family::of(*address) == family);
        let is_preferred = |address: &IpAddr| is_link_local(*address) == (family == Family::V6);
        of_family().find(is_preferred).or_else(|| of_family().next())
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|network| network.contains(address))
    }
}

/// The interfaces in use. Without any, nothing is known of own addresses.
#[derive(Default)]
pub(crate) struct Interfaces {
    list: Vec<Interface>,
    /// Own addresses before the last change: datagrams from them may still loop back.
    former: Vec<IpAddr>,
}

impl Interfaces {
    /// Replaces the interfaces; true if there is a difference.
    pub fn set(&mut self, interfaces: &[Interface]) -> bool {
        if self.list == interfaces {
            return false;
        }
        self.former = self.own().collect();
        self.list = interfaces.to_vec();
        true
    }

    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the own addresses, those that are link-local last.
    pub fn own(&self) -> impl Iterator<Item = IpAddr> {
        self.own_by_interface().into_iter().map(|(_, address)| address)
    }

    /// Returns the own addresses with the indexes of their interfaces, those that are link-local last.
    pub fn own_by_interface(&self) -> Vec<(u32, IpAddr)> {
        let mut own = Vec::new();
        for Interface { index, addresses, .. } in &self.list {
            own.extend(addresses.iter().map(|network| (*index, network.address)));
        }
        own.sort_by_key(|(_, address)| is_link_local(*address));
        own
    }

    /// True for an own address, or one that was own before the last change.
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.own().any(|own| own == address) || self.former.contains(&address)
    }

    /// Returns the address from which messages leave through an interface by a family, if that is known.
    pub fn source(&self, index: u32, family: Family) -> Option<IpAddr> {
        self.get(index)?.source(family)
    }

    /// Returns the addresses of an interface other than the source of its messages of a family, those that are link-local
    /// last.
    pub fn beside_source(&self, index: u32, family: Family) -> Addresses {
        let Some(interface) = self.get(index) else { return Addresses::default() };
        let source = interface.source(family);
        let mut others: Vec<IpAddr> = interface.addresses.iter().map(|network| network.address).collect();
        others.retain(|other| Some(*other) != source && is_unicast(*other) && !other.is_loopback());
        others.sort_by_key(|other| is_link_local(*other));
        others.into_iter().collect()
    }

    /// True for a source address that no host can have: it is dropped.
    pub fn is_impossible_source(&self, address: IpAddr, index: u32) -> bool {
        !is_unicast(address)
            || self
                .list
                .iter()
                .flat_map(|interface| &interface.addresses)
                .any(|own| own.is_broadcast(address))
            || address.is_loopback() && self.get(index).is_some_and(|interface| !interface.is_loopback)
    }

    /// True for a further address that a sender may claim in a message through this interface. Addresses in the network of
    /// another interface are claimed by hosts of that network alone: two interfaces may have networks of the same addresses.
    pub fn is_acceptable_claim(&self, address: IpAddr, index: u32) -> bool {
        let is_there = |interface: &Interface| interface.contains(address);
        let is_elsewhere = !is_link_local(address)
            && !self.get(index).is_some_and(is_there)
            && self.list.iter().filter(|interface| interface.index != index).any(is_there);
        !address.is_loopback()
            && !self.is_impossible_source(address, index)
            && !self.is_own(address)
            && !is_elsewhere
    }

    /// True for an address in a network of this interface: a datagram to it takes no router.
    pub fn is_on_link(&self, address: IpAddr, index: u32) -> bool {
        self.get(index).is_some_and(|interface| interface.contains(address))
    }

    fn get(&self, index: u32) -> Option<&Interface> {
        self.list.iter().find(|interface| interface.index == index)
    }
}

/// True for an address of one link (169.254.0.0/16 and fe80::/10).
pub(crate) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_reserved = address.octets()[0] == 0 || address.octets()[0] >= 240;
            !(address.is_multicast() || address == Ipv4Addr::BROADCAST || is_reserved)
        }
        IpAddr::V6(address) => !(address.is_multicast() || address == Ipv6Addr::UNSPECIFIED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(index: u32, networks: &[(&str, u8)]) -> Interface {
        let network =
            |(address, prefix_len): &(&str, u8)| Network { address: ip(address), prefix_len: *prefix_len };
        Interface { index, is_loopback: index == 1, addresses: networks.iter().map(network).collect() }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("it is an address")
    }

    /// Loopback, a host with an automatic address beside its configured one, and a second network.
    fn interfaces() -> Interfaces {
        let mut interfaces = Interfaces::default();
        assert!(interfaces.set(&[
            interface(1, &[("127.0.0.1", 8), ("::1", 128)]),
            interface(
                2,
                &[
                    ("169.254.7.7", 16),
                    ("192.168.2.200", 24),
                    ("2001:db8::7", 64),
                    ("fe80::7", 64),
                    ("fe80::8", 64)
                ]
            ),
            interface(3, &[("10.0.0.1", 8)]),
        ]));
        interfaces
    }

    #[test]
    fn sources_that_no_host_can_have_are_impossible() {
        let interfaces = interfaces();
        for source in [
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "239.2.3.4",
            "::",
            "ff02::1",
            "192.168.2.255",
            "10.255.255.255",
        ] {
            assert!(interfaces.is_impossible_source(ip(source), 2), "{source}");
        }
        for source in ["192.168.2.7", "10.255.255.254", "8.8.8.8", "fe80::9", "2001:db8::9"] {
            assert!(!interfaces.is_impossible_source(ip(source), 2), "{source}");
        }
        for (source, index, is_impossible) in
            [("127.0.0.1", 1, false), ("127.0.0.1", 2, true), ("::1", 3, true)]
        {
            assert_eq!(
                interfaces.is_impossible_source(ip(source), index),
                is_impossible,
                "{source} by {index}"
            );
        }
        let mut point_to_point = Interfaces::default();
        point_to_point.set(&[interface(2, &[("192.0.2.0", 31)])]);
        assert!(!point_to_point.is_impossible_source(ip("192.0.2.1"), 2));
    }

    #[test]
    fn claims_that_lead_elsewhere_are_not_accepted() {
        let interfaces = interfaces();
        for claim in
            ["127.0.0.1", "::1", "239.2.3.4", "ff02::1", "192.168.2.200", "fe80::8", "10.3.2.1", "0.0.0.0"]
        {
            assert!(!interfaces.is_acceptable_claim(ip(claim), 2), "{claim}");
        }
        for claim in ["192.168.2.7", "169.254.1.1", "172.16.0.1", "2001:db8::9", "fe80::9"] {
            assert!(interfaces.is_acceptable_claim(ip(claim), 2), "{claim}");
        }
        let mut twice = Interfaces::default();
        twice.set(&[interface(2, &[("10.0.0.1", 8)]), interface(3, &[("10.0.0.2", 8)])]);
        assert!(twice.is_acceptable_claim(ip("10.0.0.9"), 3), "two interfaces of one network");
    }
}
