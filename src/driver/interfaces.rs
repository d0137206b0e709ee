//! Which network interfaces there are, and which of them a node uses.

use std::io;
use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};

use crate::error::{Error, ErrorKind};

/// An interface that multicast can go through now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    pub name: String,
    pub index: u32,
    /// Its first IPv4 address: the one to send from.
    pub address: Ipv4Addr,
    is_loopback: bool,
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

    /// The interfaces to use now: those chosen; or else all but loopback, and loopback if that leaves none.
    pub fn current(&self) -> io::Result<Vec<Interface>> {
        let mut usable = usable()?;
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

/// The interfaces that are up, have an IPv4 address, and can multicast or are loopback (which can, on Linux, though
/// it does not say so).
fn usable() -> io::Result<Vec<Interface>> {
    let mut usable: Vec<Interface> = Vec::new();
    for entry in getifaddrs()? {
        let flags = entry.flags;
        let is_up = flags.contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING);
        let is_loopback = flags.contains(InterfaceFlags::IFF_LOOPBACK);
        let address = entry.address.as_ref().and_then(|address| address.as_sockaddr_in()).map(|v4| v4.ip());
        let known = usable.iter().any(|interface| interface.name == entry.interface_name);
        if !is_up || known || !(is_loopback || flags.contains(InterfaceFlags::IFF_MULTICAST)) {
            continue;
        }
        // One that vanishes between the two calls is no longer usable.
        let index = if_nametoindex(entry.interface_name.as_str()).ok();
        if let (Some(address), Some(index)) = (address, index) {
            usable.push(Interface { name: entry.interface_name, index, address, is_loopback });
        }
    }
    Ok(usable)
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
        assert_eq!(selection.current().expect("interfaces can be listed"), []);
    }
}
