//! `Selection`: the interfaces that a node uses, of those that the host has.

use std::io;
use std::net::SocketAddr;

use crate::error::{Error, ErrorKind};
use crate::sys;
use crate::sys::interface::Interface;

/// The names that the user chose, in which `*` stands for any characters; `None` for the default choice.
#[derive(Debug, Clone)]
pub(crate) struct Selection(Option<Vec<String>>);

impl Selection {
    /// Reads a list such as `eth*,wlan0`. An error if there is no interface with a name without `*`.
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

    /// The interfaces to use now for `groups`: those chosen; or else all but loopback, and loopback if there is no other. Each has
    /// an address of the family of a group.
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

/// True if `name` matches `pattern`, in which each `*` stands for any number of characters.
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
    fn an_unknown_name_is_named_beside_the_known_ones() {
        let there = sys::interfaces::names().expect("interfaces can be listed").remove(0);
        let list = format!("{there},nosuch7");
        let error = Selection::parse(Some(&list)).expect_err("there is no such interface");
        assert_eq!(error.kind(), ErrorKind::UnknownInterface);
        assert!(error.to_string().starts_with("interface 'nosuch7' does not exist; there are: "), "{error}");
        assert!(error.to_string().contains(&there), "{error}");
    }

    #[test]
    fn a_pattern_may_match_nothing_yet() {
        let selection = Selection::parse(Some("nosuch*")).expect("a pattern need not match");
        let groups = ["239.2.3.4:49001".parse().unwrap(), "[ff12::ef02:304]:49001".parse().unwrap()];
        assert_eq!(selection.current(&groups).expect("interfaces can be listed"), []);
    }
}
