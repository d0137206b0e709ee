//! A peer's address as a user needs it: as text, and as something to connect to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use crate::core::{Peer, PeerView};
use crate::driver::host;

impl Peer {
    /// Its address as text: "192.0.2.7"; for a link-local IPv6 address with its zone (RFC 4007, section 11), the name of
    /// the interface, or its index where it has no name any more: "fe80::1%eth0". `None` for a peer without an address.
    pub fn address_text(&self) -> Option<String> {
        let mut text = String::new();
        self.address?;
        Zones::default().write_address(&mut text, &self.view());
        Some(text)
    }

    /// Its address with the port of its service, which is 0 if it announces none, and the scope of a link-local IPv6
    /// address. `None` for a peer without an address.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        Some(match self.address? {
            IpAddr::V6(address) if address.is_unicast_link_local() => {
                SocketAddrV6::new(address, self.port, 0, self.interface).into()
            }
            address => (address, self.port).into(),
        })
    }
}

/// Names of interfaces, each looked up once.
#[derive(Default)]
pub(crate) struct Zones(BTreeMap<u32, String>);

impl Zones {
    /// Writes a peer's address as [`Peer::address_text`] has it, or nothing.
    pub fn write_address(&mut self, text: &mut String, peer: &PeerView<'_>) {
        match peer.address {
            Some(IpAddr::V4(address)) => write_v4(text, address),
            Some(IpAddr::V6(address)) => {
                write!(text, "{address}").expect("writing to a String does not fail");
                if address.is_unicast_link_local() && peer.interface != 0 {
                    text.push('%');
                    text.push_str(self.name_of(peer.interface));
                }
            }
            None => {}
        }
    }

    fn name_of(&mut self, index: u32) -> &str {
        self.0.entry(index).or_insert_with(|| host::zone_of(index).unwrap_or_else(|| index.to_string()))
    }
}

/// As the standard library writes it, in a tenth of the time: most of a list's was this.
fn write_v4(text: &mut String, address: Ipv4Addr) {
    let mut bytes = [b'.'; "255.255.255.255".len()];
    let mut len = 0;
    for (at, octet) in address.octets().into_iter().enumerate() {
        // The dot is there.
        len += usize::from(at > 0);
        for (digit, is_shown) in
            [(octet / 100, octet >= 100), (octet / 10 % 10, octet >= 10), (octet % 10, true)]
        {
            if is_shown {
                bytes[len] = b'0' + digit;
                len += 1;
            }
        }
    }
    text.push_str(str::from_utf8(&bytes[..len]).expect("digits and dots are ASCII"));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::Source;

    fn peer(address: Option<&str>, interface: u32) -> Peer {
        Peer {
            name: "peer".into(),
            value: Vec::new(),
            address: address.map(|address| address.parse().expect("it is an address")),
            interface,
            port: 80,
            id: None,
            source: Source::Beacon,
            age: Duration::ZERO,
            expires_in: Duration::ZERO,
        }
    }

    #[test]
    fn a_link_local_address_has_its_zone_and_no_other_has() {
        // The first is everywhere the loopback. On Windows it has no name.
        let loopback = format!("fe80::7%{}", host::zone_of(1).unwrap_or("1".into()));
        let cases = [
            (Some("192.0.2.7"), 2, Some("192.0.2.7"), Some("192.0.2.7:80")),
            (Some("2001:db8::7"), 2, Some("2001:db8::7"), Some("[2001:db8::7]:80")),
            (Some("fe80::7"), 1, Some(&*loopback), Some("[fe80::7%1]:80")),
            (Some("fe80::7"), 4_000_000, Some("fe80::7%4000000"), Some("[fe80::7%4000000]:80")),
            (Some("fe80::7"), 0, Some("fe80::7"), Some("[fe80::7]:80")),
            (None, 0, None, None),
        ];
        for (address, interface, text, socket) in cases {
            let peer = peer(address, interface);
            assert_eq!(peer.address_text().as_deref(), text);
            assert_eq!(peer.socket_address().map(|address| address.to_string()).as_deref(), socket);
        }
    }
}
