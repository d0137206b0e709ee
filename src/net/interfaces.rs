//! Which network interfaces there are, and which of them a node uses.

use std::io;
use std::net::SocketAddr;

use crate::error::{Error, ErrorKind};
use crate::sys;
use crate::sys::interface::Interface;

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
    fn a_pattern_may_match_nothing_yet() {
        let selection = Selection::parse(Some("nosuch*")).expect("a pattern need not match");
        let groups = ["239.2.3.4:49001".parse().unwrap(), "[ff12::ef02:304]:49001".parse().unwrap()];
        assert_eq!(selection.current(&groups).expect("interfaces can be listed"), []);
    }
}
