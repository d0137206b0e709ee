//! Hosts, the links that they are on, and what keeps them apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

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

pub fn address(host: HostNumber, link: Link, port: u16) -> SocketAddr {
    let [.., high, low] = (host + 1).to_be_bytes();
    match link {
        IPV6_LINK => {
            let ip = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from_be_bytes([high, low]));
            SocketAddrV6::new(ip, port, 0, interface(link)).into()
        }
        link => (Ipv4Addr::new(10, link as u8, high, low), port).into(),
    }
}

/// A host, with one address on each of its links.
pub struct Host {
    pub links: Vec<Link>,
    /// Links that it is on but neither hears nor reaches.
    pub down: Vec<Link>,
    /// When a link of it was last down.
    pub last_down: Option<Duration>,
    /// True if it does not answer for ports that nobody has: off, or behind a firewall.
    pub silent: bool,
}

impl Host {
    pub fn is_on(&self, link: Link) -> bool {
        self.links.contains(&link) && !self.down.contains(&link)
    }

    /// The link on which `host`, this one, has that address.
    pub fn link_of(&self, host: HostNumber, ip: IpAddr) -> Option<Link> {
        self.links.iter().copied().find(|link| address(host, *link, 0).ip() == ip)
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
