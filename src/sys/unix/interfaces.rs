//! Lists the interfaces, by getifaddrs.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use nix::ifaddrs::getifaddrs;
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
        let Some(address) = entry.address else { continue };
        if let Some(link) = address.as_link_addr() {
            if can_multicast(entry.flags) {
                let is_loopback = entry.flags.contains(InterfaceFlags::IFF_LOOPBACK);
                let (name, index) = (entry.interface_name, link.ifindex() as u32);
                usable.push(Interface { name, index, v4: None, networks: Vec::new(), v6: None, is_loopback });
            }
            continue;
        }
        // An IPv4 address may have a label: the interface's name, a colon and more.
        let name = entry.interface_name.split(':').next();
        let Some(interface) = usable.iter_mut().find(|interface| Some(&*interface.name) == name) else {
            continue;
        };
        if let Some(v4) = address.as_sockaddr_in() {
            interface.v4.get_or_insert(v4.ip());
            let mask = entry.netmask.as_ref().and_then(|mask| mask.as_sockaddr_in()).map(|mask| mask.ip());
            interface.networks.push((v4.ip(), mask.unwrap_or(Ipv4Addr::BROADCAST)));
        } else if let Some(v6) = address.as_sockaddr_in6().map(|v6| v6.ip()) {
            // An interface without a link-local address, such as loopback, has no route for multicast.
            if v6.is_unicast_link_local() && !tentative.contains(&(interface.index, v6)) {
                interface.v6.get_or_insert(v6);
            }
        }
    }
    Ok(usable)
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
}
