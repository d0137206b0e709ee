//! Lists the interfaces, by the names that Windows shows its users ("Ethernet", "Wi-Fi").

use std::io;
use std::net::IpAddr;

use if_addrs::{IfAddr, get_if_addrs};

use crate::sys::interface::Interface;

/// Returns the names of all interfaces with an address, in the system's order.
pub fn names() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in get_if_addrs()? {
        if !names.contains(&entry.name) {
            names.push(entry.name);
        }
    }
    Ok(names)
}

/// Returns the interfaces that are up and have an address. A join shows later whether one can multicast.
pub fn usable() -> io::Result<Vec<Interface>> {
    let mut usable: Vec<Interface> = Vec::new();
    // An entry for each address.
    for entry in get_if_addrs()?.into_iter().filter(if_addrs::Interface::is_oper_up) {
        let Some(index) = entry.index else { continue };
        let at = usable.iter().position(|interface| interface.index == index).unwrap_or_else(|| {
            usable.push(Interface::new(entry.name.clone(), index, entry.is_loopback()));
            usable.len() - 1
        });
        let (address, prefix_len) = network_of(&entry.addr);
        usable[at].add_address(address, prefix_len);
    }
    Ok(usable)
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
        let interfaces = usable().expect("interfaces can be listed");
        let loopback = interfaces.iter().find(|interface| interface.is_loopback).expect("each host has one");
        assert_eq!(loopback.v4, Some(std::net::Ipv4Addr::LOCALHOST));
        assert!(loopback.is_on_link("127.1.2.3".parse().unwrap()), "{loopback:?}");
        assert!(names().expect("interfaces can be listed").contains(&loopback.name));
    }
}
