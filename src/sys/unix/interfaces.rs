//! Lists the interfaces, by getifaddrs.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv6Addr};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

use crate::sys::interface::Interface;

/// Returns the names of all interfaces, up or not, in the system's order.
pub fn names() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in getifaddrs()? {
        if !names.contains(&entry.interface_name) {
            names.push(entry.interface_name);
        }
    }
    Ok(names)
}

/// Returns the interfaces that are up, have an address, and can multicast. Loopback is one of them: on Linux it can multicast
/// without the flag for it.
pub fn usable() -> io::Result<Vec<Interface>> {
    let tentative = tentative_addresses();
    let mut usable: Vec<Interface> = Vec::new();
    // The system lists the interfaces first, and then the addresses.
    for entry in getifaddrs()? {
        let link = entry.address.as_ref().and_then(|address| address.as_link_addr());
        if let Some(link) = link {
            if can_multicast(entry.flags) {
                let is_loopback = entry.flags.contains(InterfaceFlags::IFF_LOOPBACK);
                usable.push(Interface::new(entry.interface_name, link.ifindex() as u32, is_loopback));
            }
            continue;
        }
        // An IPv4 address may have a label: the interface's name, a colon and more.
        let name = entry.interface_name.split(':').next();
        let Some(interface) = usable.iter_mut().find(|interface| Some(&*interface.name) == name) else {
            continue;
        };
        match network_of(&entry) {
            Some((IpAddr::V6(v6), _)) if tentative.contains(&(interface.index, v6)) => {}
            Some((address, prefix_len)) => interface.add_address(address, prefix_len),
            None => {}
        }
    }
    Ok(usable)
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

fn can_multicast(flags: InterfaceFlags) -> bool {
    flags.contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING)
        && flags.intersects(InterfaceFlags::IFF_LOOPBACK | InterfaceFlags::IFF_MULTICAST)
}

/// Returns the IPv6 addresses that cannot be used: duplicate address detection (RFC 4862, section 5.4) still runs, or has found a
/// duplicate. Each has the index of its interface. Only Linux lists them; elsewhere a send from one fails.
fn tentative_addresses() -> Vec<(u32, Ipv6Addr)> {
    // Of this thread: it may be in another network namespace than the process.
    let table = fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap_or_default();
    table.lines().filter_map(tentative_of).collect()
}

/// Reads a line: address, index, length of the prefix, scope and flags in hexadecimal; and the interface's name.
fn tentative_of(line: &str) -> Option<(u32, Ipv6Addr)> {
    /// IFA_F_DADFAILED and IFA_F_TENTATIVE of Linux.
    const UNUSABLE: u32 = 0x08 | 0x40;
    let mut words = line.split_whitespace();
    let address = Ipv6Addr::from_bits(u128::from_str_radix(words.next()?, 16).ok()?);
    let index = u32::from_str_radix(words.next()?, 16).ok()?;
    let flags = u32::from_str_radix(words.nth(2)?, 16).ok()?;
    (flags & UNUSABLE != 0).then_some((index, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tentative_address_has_a_flag() {
        let line = |flags| format!("fe8000000000000000fc00fffe000001 0a 40 20 {flags}     eth0");
        let address = "fe80::fc:ff:fe00:1".parse().unwrap();
        assert_eq!(tentative_of(&line("c0")), Some((10, address)));
        assert_eq!(tentative_of(&line("88")), Some((10, address)));
        assert_eq!(tentative_of(&line("80")), None);
    }

    #[test]
    fn a_link_local_address_loses_the_index_of_its_interface() {
        let without_zone = |text: &str| without_zone(text.parse().unwrap()).to_string();
        assert_eq!(without_zone("fe80:4::7"), "fe80::7");
        assert_eq!(without_zone("2001:db8::7"), "2001:db8::7");
    }

    #[test]
    fn the_loopback_is_there_with_its_network() {
        let interfaces = usable().expect("interfaces can be listed");
        // In a sandbox without any network it may be down.
        for loopback in interfaces.iter().filter(|interface| interface.is_loopback) {
            assert!(loopback.is_on_link("127.1.2.3".parse().unwrap()), "{loopback:?}");
        }
    }
}
