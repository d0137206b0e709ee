//! Which network interfaces there are, and which of them a node uses.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::error::{Error, ErrorKind};
use crate::sys;

/// An interface that multicast can go through now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    pub name: String,
    pub index: u32,
    /// Its first IPv4 address, if it has any: the one to send from.
    pub v4: Option<Ipv4Addr>,
    /// The networks of all its IPv4 addresses: address and mask.
    pub networks: Vec<(Ipv4Addr, Ipv4Addr)>,
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

impl Interface {
    /// True if somebody at this address sends through this link, and not by way of a router.
    pub fn is_on_link(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.networks.iter().any(|(own, mask)| {
                // A mask of all bits is that of a link between two: whoever is there is at its other end.
                *mask == Ipv4Addr::BROADCAST
                    || own.to_bits() & mask.to_bits() == address.to_bits() & mask.to_bits()
            }),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        }
    }
}

/// The names a user chose, `*` standing for any characters; none for the usual choice.
#[derive(Debug, Clone)]
pub(crate) struct Selection(Option<Vec<String>>);

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
        let existing = sys::interfaces::names()
            .map_err(|error| Error::system("listing the network interfaces", &error))?;
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
        let mut usable = sys::interfaces::usable()?;
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
        let there = sys::interfaces::names().expect("interfaces can be listed").remove(0);
        let list = format!("{there},nosuch7");
        let error = Selection::parse(Some(&list)).expect_err("there is no such interface");
        assert_eq!(error.kind(), ErrorKind::UnknownInterface);
        assert!(error.to_string().starts_with("interface 'nosuch7' does not exist; there are: "), "{error}");
        assert!(error.to_string().contains(&there), "{error}");
    }

    #[test]
    fn who_is_in_a_network_of_the_interface_is_on_its_link() {
        let on = |networks: &[(&str, &str)], address: &str| {
            let parse = |text: &&str| text.parse().expect("an address");
            let networks = networks.iter().map(|(own, mask)| (parse(own), parse(mask))).collect();
            let interface =
                Interface { name: "eth0".into(), index: 2, v4: None, networks, v6: None, is_loopback: false };
            interface.is_on_link(address.parse().expect("an address"))
        };
        let lan = [("192.0.2.1", "255.255.255.128"), ("198.51.100.1", "255.255.255.0")];
        assert!(on(&lan, "192.0.2.127") && on(&lan, "198.51.100.9"));
        assert!(!on(&lan, "192.0.2.128") && !on(&lan, "203.0.113.1"));
        assert!(on(&[("192.0.2.1", "255.255.255.255")], "203.0.113.1"), "at the other end of a link of two");
        assert!(on(&lan, "fe80::1") && !on(&lan, "2001:db8::1"));
    }

    #[test]
    fn a_pattern_may_match_nothing_yet() {
        let selection = Selection::parse(Some("nosuch*")).expect("a pattern need not match");
        let groups = ["239.2.3.4:49001".parse().unwrap(), "[ff12::ef02:304]:49001".parse().unwrap()];
        assert_eq!(selection.current(&groups).expect("interfaces can be listed"), []);
    }
}
