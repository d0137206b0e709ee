//! The address of a peer, as text and as something to connect to.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use crate::event::{Peer, PeerAddress};

impl PeerAddress {
    /// Returns the address as text: "192.0.2.7". A link-local IPv6 address has its zone (RFC 4007, section 11), which
    /// `zone_name` makes of the index of the interface: "fe80::1%eth0". If `zone_name` gives `None`, the index is the zone.
    pub fn text(&self, zone_name: impl FnOnce(u32) -> Option<String>) -> String {
        let mut text = String::new();
        self.write(&mut text, zone_name);
        text
    }

    /// Appends to `text` what [`text`](Self::text) returns.
    pub fn write(&self, text: &mut String, zone_name: impl FnOnce(u32) -> Option<String>) {
        match self.address {
            IpAddr::V4(address) => write_v4(text, address),
            IpAddr::V6(address) => {
                write!(text, "{address}").expect("writing to a String does not fail");
                if address.is_unicast_link_local() && self.interface != 0 {
                    let zone = zone_name(self.interface).unwrap_or_else(|| self.interface.to_string());
                    text.push('%');
                    text.push_str(&zone);
                }
            }
        }
    }

    /// Returns the address with a port. A link-local IPv6 address has its scope id.
    pub fn with_port(&self, port: u16) -> SocketAddr {
        match self.address {
            IpAddr::V6(address) if address.is_unicast_link_local() => {
                SocketAddrV6::new(address, port, 0, self.interface).into()
            }
            address => (address, port).into(),
        }
    }
}

impl Peer {
    /// Returns the address as [`PeerAddress::text`] does; `None` for a peer without an address.
    pub fn address_text(&self, zone_name: impl FnOnce(u32) -> Option<String>) -> Option<String> {
        Some(self.first_address()?.text(zone_name))
    }

    /// Returns the address with the port of the peer's service, which is 0 if the peer announces none. A link-local IPv6
    /// address has its scope id.
    ///
    /// `None` for a peer without an address.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        Some(self.first_address()?.with_port(self.port))
    }

    /// Returns all addresses as [`socket_address`](Self::socket_address) does the first: those to try one after the other.
    pub fn socket_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().map(|address| address.with_port(self.port))
    }

    fn first_address(&self) -> Option<PeerAddress> {
        self.view().addresses().next()
    }
}

/// Writes what the standard library writes, in a tenth of the time. It was most of the time of a list.
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
