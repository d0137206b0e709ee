//! Which network interfaces there are, and which of them a node uses.

use std::fmt;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::error::{Error, ErrorKind};

/// An interface that multicast can go through now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    pub name: String,
    pub index: u32,
    /// Its first IPv4 address, if it has any: the one to send from.
    pub v4: Option<Ipv4Addr>,
    /// Its first usable link-local IPv6 address, if it has any.
    pub v6: Option<Ipv6Addr>,
    pub is_loopback: bool,
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match (self.v4, self.v6) {
            (Some(v4), Some(v6)) => write!(f, " ({v4}, {v6})"),
            (Some(v4), None) => write!(f, " ({v4})"),
            (None, Some(v6)) => write!(f, " ({v6})"),
            (None, None) => Ok(()),
        }
    }
}

/// The names a user chose, `*` standing for any characters; none for the usual choice.
#[derive(Debug, Clone)]
pub(super) struct Selection(Option<Vec<String>>);

impl Selection {
    /// Reads a list such as `eth*,wlan0`. An error if a name without `*` is not there.
    pub fn parse(list: Option<&str>) -> Result<Self, Error> {
        let Some(list) = list else { return Ok(Selection(None)) };
        let patterns: Vec<String> = list.split(',').map(|pattern| pattern.trim().to_owned()).collect();
        if patterns.iter().any(String::is_empty) {
            let detail =
                format!("interfaces {list:?} has an empty name; it is a list such as \"eth*,wlan0\"");
            return Err(Error::new(ErrorKind::Invalid, detail));
        }
        let existing = names().map_err(|error| Error::system("listing the network interfaces", &error))?;
        match patterns.iter().find(|pattern| !pattern.contains('*') && !existing.contains(pattern)) {
            None => Ok(Selection(Some(patterns))),
            Some(missing) => Err(Error::new(
                ErrorKind::UnknownInterface,
                format!("interface '{missing}' does not exist; there are: {}", existing.join(", ")),
            )),
        }
    }

    /// The interfaces to use now for `groups`: those chosen; or else all but loopback, and loopback if that leaves
    /// none. Each has an address of the family of one of the groups.
    pub fn current(&self, groups: &[SocketAddr]) -> io::Result<Vec<Interface>> {
        let mut usable = usable()?;
        for interface in &mut usable {
            interface.v4 = interface.v4.filter(|_| groups.iter().any(SocketAddr::is_ipv4));
            interface.v6 = interface.v6.filter(|_| groups.iter().any(SocketAddr::is_ipv6));
        }
        usable.retain(|interface| interface.v4.is_some() || interface.v6.is_some());
        match &self.0 {
            Some(patterns) => {
                usable.retain(|interface| patterns.iter().any(|pattern| matches(pattern, &interface.name)));
            }
            None if usable.iter().any(|interface| !interface.is_loopback) => {
                usable.retain(|interface| !interface.is_loopback);
            }
            None => {}
        }
        Ok(usable)
    }
}

/// The names of all interfaces, up or not, in the system's order.
fn names() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in getifaddrs()? {
        if !names.contains(&entry.interface_name) {
            names.push(entry.interface_name);
        }
    }
    Ok(names)
}

/// The interfaces that are up, have an address, and can multicast or are loopback (which can, on Linux, though it does
/// not say so).
fn usable() -> io::Result<Vec<Interface>> {
    let tentative = tentative();
    let mut usable: Vec<Interface> = Vec::new();
    // The system tells of each interface first, and then of each address.
    for entry in getifaddrs()? {
        let Some(address) = entry.address else { continue };
        if let Some(link) = address.as_link_addr() {
            if can_multicast(entry.flags) {
                let is_loopback = entry.flags.contains(InterfaceFlags::IFF_LOOPBACK);
                let (name, index) = (entry.interface_name, link.ifindex() as u32);
                usable.push(Interface { name, index, v4: None, v6: None, is_loopback });
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
        } else if let Some(v6) = address.as_sockaddr_in6().map(|v6| v6.ip()) {
            // Without one, as loopback is, an interface has no route for multicast either.
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

/// The IPv6 addresses that cannot be used yet, because the system still asks whether somebody else has them, or not at
/// all, because somebody does; each with the index of its interface. None where the system does not tell.
fn tentative() -> Vec<(u32, Ipv6Addr)> {
    // Of this thread, which may be in another network namespace than the rest of the process.
    let table = fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap_or_default();
    table.lines().filter_map(tentative_of).collect()
}

/// Reads a line: address, index, length of the prefix, scope and flags in hexadecimal; and the interface's name.
fn tentative_of(line: &str) -> Option<(u32, Ipv6Addr)> {
    let mut words = line.split_whitespace();
    let address = Ipv6Addr::from_bits(u128::from_str_radix(words.next()?, 16).ok()?);
    let index = u32::from_str_radix(words.next()?, 16).ok()?;
    let flags = u32::from_str_radix(words.nth(2)?, 16).ok()?;
    (flags & (libc::IFA_F_TENTATIVE | libc::IFA_F_DADFAILED) != 0).then_some((index, address))
}

/// True if `name` fits `pattern`, in which each `*` stands for any characters, none included.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name) in
            [("eth0", "eth0"), ("eth*", "eth0"), ("eth*", "eth"), ("*", "lo"), ("*n*0", "wlan0")]
        {
            assert!(matches(pattern, name), "{pattern} should match {name}");
        }
        for (pattern, name) in
            [("eth0", "eth01"), ("eth*", "wlan0"), ("e*1", "eth0"), ("", "lo"), ("*n*1", "wlan0")]
        {
            assert!(!matches(pattern, name), "{pattern} should not match {name}");
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_named_beside_those_that_are() {
        let error = Selection::parse(Some("lo,nosuch7")).expect_err("there is no such interface");
        assert_eq!(error.kind(), ErrorKind::UnknownInterface);
        assert!(error.to_string().starts_with("interface 'nosuch7' does not exist; there are: "), "{error}");
        assert!(error.to_string().contains("lo"), "{error}");
    }

    #[test]
    fn a_pattern_may_match_nothing_yet() {
        let selection = Selection::parse(Some("nosuch*")).expect("a pattern need not match");
        let groups = ["239.2.3.4:49001".parse().unwrap(), "[ff12::ef02:304]:49001".parse().unwrap()];
        assert_eq!(selection.current(&groups).expect("interfaces can be listed"), []);
    }

    #[test]
    fn an_address_that_is_not_usable_yet_is_told_by_its_flags() {
        let line = |flags| format!("fe8000000000000000fc00fffe000001 0a 40 20 {flags}     eth0");
        let address = "fe80::fc:ff:fe00:1".parse().unwrap();
        assert_eq!(tentative_of(&line("c0")), Some((10, address)));
        assert_eq!(tentative_of(&line("88")), Some((10, address)));
        assert_eq!(tentative_of(&line("80")), None);
    }
}
