//! Hosts, the links that they are on, and what keeps them apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use peers_proto::{Interface, Network};

/// Number of a link: a broadcast domain of one address family.
pub type Link = usize;

/// Two of IPv4, each behind an interface of its own, and one of IPv6 behind the first interface.
pub const LINKS: usize = 3;
const IPV6_LINK: Link = 2;

/// Number of a host.
pub type HostNumber = usize;

pub fn is_ipv4(link: Link) -> bool {
    link != IPV6_LINK
}

pub fn interface(link: Link) -> u32 {
    match link {
        IPV6_LINK => 1,
        link => link as u32 + 1,
    }
}

/// A host, with one address on each of its links.
pub struct Host {
    pub number: HostNumber,
    pub links: Vec<Link>,
    /// How often its IPv4 addresses have changed.
    pub moves: u8,
    /// Links that it is on but neither hears nor reaches.
    pub down: Vec<Link>,
    /// When a link of it was last down, or its addresses changed.
    pub last_down: Option<Duration>,
    pub firewall: Firewall,
}

/// What a host does with unicast datagrams of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firewall {
    /// Takes them in, and answers for ports that nobody has.
    None,
    /// Takes them in, but does not answer for ports that nobody has, as one that is off.
    Stealth,
    /// Takes none in.
    Dropping,
    /// Takes none in, and answers that nobody is there.
    Rejecting,
}

impl Host {
    pub fn new(number: HostNumber, links: &[Link]) -> Self {
        let links = links.to_vec();
        Host { number, links, moves: 0, down: Vec::new(), last_down: None, firewall: Firewall::None }
    }

    /// The interfaces of its links, with their addresses.
    pub fn interfaces(&self) -> Vec<Interface> {
        let mut interfaces: Vec<Interface> = Vec::new();
        for link in &self.links {
            let address = self.address(*link, 0).ip();
            let network = Network { address, prefix_len: if address.is_ipv4() { 16 } else { 64 } };
            let index = interface(*link);
            match interfaces.iter_mut().find(|interface| interface.index == index) {
                Some(interface) => interface.addresses.push(network),
                None => interfaces.push(Interface { index, is_loopback: false, addresses: vec![network] }),
            }
        }
        interfaces
    }

    /// The socket address of that port.
    pub fn address(&self, link: Link, port: u16) -> SocketAddr {
        let [.., high, low] = (self.number + 1).to_be_bytes();
        match link {
            IPV6_LINK => {
                let ip = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from_be_bytes([high, low]));
                SocketAddrV6::new(ip, port, 0, interface(link)).into()
            }
            link => (Ipv4Addr::new(10, link as u8 + 2 * self.moves, high, low), port).into(),
        }
    }

    pub fn is_on(&self, link: Link) -> bool {
        self.links.contains(&link) && !self.down.contains(&link)
    }

    pub fn has_address(&self, ip: IpAddr) -> bool {
        self.links.iter().any(|link| self.address(*link, 0).ip() == ip)
    }
}

/// A time in which hosts of different sides did not hear each other.
pub struct Partition {
    sides: Vec<u8>,
    pub healed: Option<Duration>,
}

impl Partition {
    pub fn new(sides: Vec<u8>) -> Self {
        Partition { sides, healed: None }
    }

    pub fn separates(&self, one: HostNumber, other: HostNumber) -> bool {
        self.side(one) != self.side(other)
    }

    /// A host that came later is on side 0.
    fn side(&self, host: HostNumber) -> u8 {
        self.sides.get(host).copied().unwrap_or_default()
    }
}
