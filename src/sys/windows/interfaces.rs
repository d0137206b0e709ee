//! Lists the interfaces, by the names that Windows shows its users ("Ethernet", "Wi-Fi").

use std::net::IpAddr;

use if_addrs::{IfAddr, get_if_addrs};

use crate::sys::call_error::{CallError, Named};
use crate::sys::interface::{HostInterface, Interface, Listing};

/// Returns the interfaces that have an address, in the system's order. A join shows later whether one can multicast.
pub fn all() -> Result<Listing, CallError> {
    let mut interfaces: Vec<HostInterface> = Vec::new();
    // An entry for each address.
    for entry in get_if_addrs().named("GetAdaptersAddresses")? {
        let Some(index) = entry.index else { continue };
        let known = interfaces.iter().position(|known| known.interface.index == index);
        let at = known.unwrap_or_else(|| {
            interfaces.push(host_interface(&entry, index));
            interfaces.len() - 1
        });
        let (address, prefix_len) = network_of(&entry.addr);
        interfaces[at].interface.add_address(address, prefix_len);
    }
    Ok(Listing { interfaces, refused: None })
}

fn host_interface(entry: &if_addrs::Interface, index: u32) -> HostInterface {
    HostInterface {
        interface: Interface::new(entry.name.clone(), index, entry.is_loopback()),
        is_up: entry.is_oper_up(),
        is_running: true,
        has_multicast: true,
        is_default: false,
        kind: String::new(),
        port: None,
    }
}

/// Returns an address with the length of its prefix. The mask of `if_addrs` is wrong for an interface with several prefixes.
fn network_of(address: &IfAddr) -> (IpAddr, u8) {
    match address {
        IfAddr::V4(v4) => (v4.ip.into(), v4.prefixlen),
        IfAddr::V6(v6) => (v6.ip.into(), v6.prefixlen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_there_with_its_network() {
        let listing = all().expect("interfaces can be listed");
        let is_loopback = |known: &&HostInterface| known.interface.is_loopback;
        let loopback = &listing.interfaces.iter().find(is_loopback).expect("each host has one").interface;
        assert_eq!(loopback.source(peers_proto::Family::V4), Some(std::net::Ipv4Addr::LOCALHOST.into()));
        assert!(loopback.is_on_link("127.1.2.3".parse().unwrap()), "{loopback:?}");
    }
}
