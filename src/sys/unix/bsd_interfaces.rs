//! Lists the interfaces of macOS and FreeBSD, by getifaddrs.

use std::net::{IpAddr, Ipv6Addr};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

use crate::sys::call_error::{CallError, Named};
use crate::sys::interface::{HostInterface, Interface, Listing};

/// Returns all interfaces, up or not, in the system's order.
pub fn all() -> Result<Listing, CallError> {
    let mut interfaces: Vec<HostInterface> = Vec::new();
    // The system lists the addresses of an interface behind its link.
    for entry in getifaddrs().named("getifaddrs")? {
        let link = entry.address.as_ref().and_then(|address| address.as_link_addr());
        if let Some(link) = link {
            interfaces.push(host_interface(entry.interface_name, link.ifindex() as u32, entry.flags));
            continue;
        }
        let known = interfaces.iter_mut().find(|known| known.name() == entry.interface_name);
        if let (Some(known), Some((address, prefix_len))) = (known, network_of(&entry)) {
            known.interface.add_address(address, prefix_len);
        }
    }
    Ok(Listing { interfaces, refused: None })
}

fn host_interface(name: String, index: u32, flags: InterfaceFlags) -> HostInterface {
    HostInterface {
        interface: Interface::new(name, index, flags.contains(InterfaceFlags::IFF_LOOPBACK)),
        is_up: flags.contains(InterfaceFlags::IFF_UP),
        is_running: flags.contains(InterfaceFlags::IFF_RUNNING),
        has_multicast: flags.contains(InterfaceFlags::IFF_MULTICAST),
        is_default: false,
        kind: String::new(),
        port: None,
    }
}

/// Returns the IP address of an entry, and the length of its prefix.
fn network_of(entry: &InterfaceAddress) -> Option<(IpAddr, u8)> {
    let (address, mask) = (entry.address.as_ref()?, entry.netmask.as_ref());
    if let Some(v4) = address.as_sockaddr_in() {
        let mask = mask.and_then(|mask| mask.as_sockaddr_in()).map(|mask| mask.ip().to_bits());
        return Some((v4.ip().into(), mask.unwrap_or(u32::MAX).leading_ones() as u8));
    }
    let v6 = address.as_sockaddr_in6()?.ip();
    let mask = mask.and_then(|mask| mask.as_sockaddr_in6()).map(|mask| mask.ip().to_bits());
    Some((without_zone(v6).into(), mask.unwrap_or(u128::MAX).leading_ones() as u8))
}

/// Returns the address without the index of the interface, which macOS writes into the second word of a link-local one.
fn without_zone(address: Ipv6Addr) -> Ipv6Addr {
    match address.segments() {
        [first, _, rest @ ..] if address.is_unicast_link_local() => {
            let [c, d, e, f, g, h] = rest;
            [first, 0, c, d, e, f, g, h].into()
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_local_address_loses_the_index_of_its_interface() {
        let without_zone = |text: &str| without_zone(text.parse().unwrap()).to_string();
        assert_eq!(without_zone("fe80:4::7"), "fe80::7");
        assert_eq!(without_zone("2001:db8::7"), "2001:db8::7");
    }

    #[test]
    fn the_loopback_is_there_with_its_network() {
        let listing = all().expect("interfaces can be listed");
        let is_loopback = |known: &&HostInterface| known.interface.is_loopback;
        let loopback = listing.interfaces.iter().find(is_loopback).expect("each host has one");
        assert!(loopback.interface.is_on_link("127.1.2.3".parse().unwrap()), "{loopback:?}");
    }
}
