//! Lists the interfaces, by the names that Windows shows its users ("Ethernet", "Wi-Fi").

use std::io;
use std::net::Ipv4Addr;

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
            let (name, is_loopback) = (entry.name.clone(), entry.is_loopback());
            usable.push(Interface { name, index, v4: None, networks: Vec::new(), v6: None, is_loopback });
            usable.len() - 1
        });
        note_address(&mut usable[at], &entry.addr);
    }
    Ok(usable)
}

fn note_address(interface: &mut Interface, address: &IfAddr) {
    match address {
        IfAddr::V4(v4) => {
            interface.v4.get_or_insert(v4.ip);
            interface.networks.push((v4.ip, mask_of(v4.prefixlen)));
        }
        IfAddr::V6(v6) if v6.ip.is_unicast_link_local() => {
            interface.v6.get_or_insert(v6.ip);
        }
        // An interface without a link-local address, such as loopback, has no route for multicast.
        IfAddr::V6(_) => {}
    }
}

/// Returns the mask of a prefix. The mask of `if_addrs` is wrong for an interface with several prefixes.
fn mask_of(prefix_len: u8) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - u32::from(prefix_len.min(32))).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_as_many_ones_as_the_prefix_is_long() {
        let masks = [0, 8, 25, 32].map(|len| mask_of(len).to_string());
        assert_eq!(masks, ["0.0.0.0", "255.0.0.0", "255.255.255.128", "255.255.255.255"]);
    }

    #[test]
    fn the_loopback_is_there_with_its_network() {
        let interfaces = usable().expect("interfaces can be listed");
        let loopback = interfaces.iter().find(|interface| interface.is_loopback).expect("each host has one");
        assert_eq!(loopback.v4, Some(Ipv4Addr::LOCALHOST));
        assert_eq!(loopback.networks, [(Ipv4Addr::LOCALHOST, Ipv4Addr::new(255, 0, 0, 0))]);
        assert!(names().expect("interfaces can be listed").contains(&loopback.name));
    }
}
