//! The interfaces of this host, and why each is or is not used. The library does not report that, so its rules are repeated
//! here; this file goes when it does.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use peers::Config;

use crate::failure::Failure;
use crate::node::Node;

/// The state of an interface.
pub struct Interface {
    pub name: String,
    /// "bridge", "wlan" and so on, as the system calls it; empty for a plain one.
    pub kind: String,
    /// Its first IPv4 address.
    v4: Option<IpAddr>,
    /// Its first link-local IPv6 address.
    v6: Option<IpAddr>,
    /// True if the options name it, or name none.
    pub is_chosen: bool,
    /// Why it is not used; `None` if it is.
    pub obstacle: Option<String>,
}

impl Interface {
    /// Returns its addresses as text.
    pub fn addresses(&self) -> Vec<String> {
        self.v4.iter().chain(&self.v6).map(IpAddr::to_string).collect()
    }

    /// Returns true for IPv4 and false for IPv6, for each version that it has an address of.
    pub fn versions(&self) -> impl Iterator<Item = bool> {
        self.v4.map(|_| true).into_iter().chain(self.v6.map(|_| false))
    }

    /// Returns the versions in words.
    pub fn families(&self) -> &'static str {
        match (self.v4, self.v6) {
            (Some(_), Some(_)) => "IPv4 and IPv6",
            (None, Some(_)) => "IPv6",
            _ => "IPv4",
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut about = self.addresses();
        if !self.kind.is_empty() {
            about.insert(0, self.kind.clone());
        }
        match about.is_empty() {
            true => write!(f, "{} (no address)", self.name),
            false => write!(f, "{} ({})", self.name, about.join(", ")),
        }
    }
}

/// Returns an error for a named interface that does not exist.
pub fn check(config: &Config) -> Result<(), Failure> {
    if config.interfaces.is_none() {
        return Ok(());
    }
    // In a cluster of its own, which the programs on the network do not list.
    let cluster = config.name.clone().unwrap_or_default();
    match Node::start(Config { cluster, seeds: Vec::new(), unicast_port: 0, ..config.clone() }) {
        Err(Failure::WrongValue { flag, detail }) => Err(Failure::WrongValue { flag, detail }),
        _ => Ok(()),
    }
}

/// Returns all interfaces in the system's order, each with the reason if a node with this configuration does not use it.
#[cfg(unix)]
pub fn all(config: &Config) -> Vec<Interface> {
    use nix::net::if_::InterfaceFlags as Flags;

    let mut all: Vec<(Interface, Flags)> = Vec::new();
    for entry in nix::ifaddrs::getifaddrs().into_iter().flatten() {
        // An IPv4 address may have a label: the interface's name, a colon and more.
        let name = entry.interface_name.split(':').next().unwrap_or_default();
        if !all.iter().any(|(interface, _)| interface.name == name) {
            let interface = Interface {
                name: name.to_owned(),
                kind: kind(name),
                v4: None,
                v6: None,
                is_chosen: is_chosen(config, name),
                obstacle: None,
            };
            all.push((interface, entry.flags));
        }
        let Some((interface, _)) = all.iter_mut().find(|(interface, _)| interface.name == name) else {
            continue;
        };
        let Some(address) = entry.address else { continue };
        if let Some(v4) = address.as_sockaddr_in().filter(|_| config.group_v4.is_some()) {
            interface.v4.get_or_insert(v4.ip().into());
        } else if let Some(v6) = address.as_sockaddr_in6().filter(|_| config.group_v6.is_some())
            && v6.ip().is_unicast_link_local()
        {
            interface.v6.get_or_insert(v6.ip().into());
        }
    }
    for (interface, flags) in &mut all {
        interface.obstacle = obstacle(interface, *flags).map(str::to_owned);
    }
    let is_loopback = |flags: Flags| flags.contains(Flags::IFF_LOOPBACK);
    let is_another_used = all.iter().any(|(one, flags)| one.obstacle.is_none() && !is_loopback(*flags));
    let is_left_out = |flags| config.interfaces.is_none() && is_another_used && is_loopback(flags);
    let why = "loopback is used if there is no other, or if --interface names it";
    let decide = |(interface, flags): (Interface, Flags)| match is_left_out(flags) {
        true => Interface { obstacle: interface.obstacle.or(Some(why.to_owned())), ..interface },
        false => interface,
    };
    all.into_iter().map(decide).collect()
}

/// Returns why no multicast goes through an interface now.
#[cfg(unix)]
fn obstacle(interface: &Interface, flags: nix::net::if_::InterfaceFlags) -> Option<&'static str> {
    use nix::net::if_::InterfaceFlags as Flags;

    if !interface.is_chosen {
        Some("--interface does not name it")
    } else if !flags.contains(Flags::IFF_UP) {
        Some("it is down")
    } else if !flags.contains(Flags::IFF_RUNNING) {
        Some("it is up, but has no carrier: nothing is connected to it")
    } else if !flags.intersects(Flags::IFF_MULTICAST | Flags::IFF_LOOPBACK) {
        Some("it does not support multicast")
    } else if interface.v4.is_none() && interface.v6.is_none() {
        Some("it has neither an IPv4 address nor a link-local IPv6 address that the options allow")
    } else {
        None
    }
}

/// Returns the name of Linux for a device of this type.
#[cfg(unix)]
fn kind(name: &str) -> String {
    let device = std::path::Path::new("/sys/class/net").join(name);
    if device.join("tun_flags").exists() {
        return "tunnel".to_owned();
    }
    let description = std::fs::read_to_string(device.join("uevent")).unwrap_or_default();
    description.lines().find_map(|line| line.strip_prefix("DEVTYPE=")).unwrap_or_default().to_owned()
}

/// Returns the addresses of this host.
#[cfg(unix)]
pub fn own_addresses() -> HashSet<IpAddr> {
    let addresses = nix::ifaddrs::getifaddrs().into_iter().flatten().filter_map(|entry| entry.address);
    addresses
        .filter_map(|address| {
            let v4 = address.as_sockaddr_in().map(|v4| v4.ip().into());
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
        })
        .collect()
}

/// Returns none on Windows, where the report has the node's own count alone.
#[cfg(windows)]
pub fn all(_config: &Config) -> Vec<Interface> {
    Vec::new()
}

#[cfg(windows)]
pub fn own_addresses() -> HashSet<IpAddr> {
    HashSet::new()
}

/// Returns true if the options name the interface, or name none.
fn is_chosen(config: &Config, name: &str) -> bool {
    let Some(names) = &config.interfaces else { return true };
    names.split(',').any(|pattern| matches(pattern.trim(), name))
}

/// Returns true if `name` fits `pattern`, in which each `*` stands for any characters, none included.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use nix::net::if_::InterfaceFlags as Flags;

    #[test]
    fn each_obstacle_is_named() {
        let interface = |v4: Option<&str>, is_chosen| Interface {
            name: "eth7".into(),
            kind: String::new(),
            v4: v4.map(|address| address.parse().expect("an address")),
            v6: None,
            is_chosen,
            obstacle: None,
        };
        let up = Flags::IFF_UP | Flags::IFF_RUNNING | Flags::IFF_MULTICAST;
        let with_address = interface(Some("192.0.2.1"), true);
        let of = |flags| obstacle(&with_address, flags).unwrap_or_default();
        assert_eq!(of(up), "");
        assert_eq!(of(up - Flags::IFF_UP), "it is down");
        assert!(of(up - Flags::IFF_RUNNING).contains("no carrier"));
        assert!(of(up - Flags::IFF_MULTICAST).contains("does not support multicast"));
        assert_eq!(of((up - Flags::IFF_MULTICAST) | Flags::IFF_LOOPBACK), "");
        assert!(obstacle(&interface(None, true), up).expect("an obstacle").contains("neither an IPv4"));
        assert_eq!(obstacle(&interface(None, false), up), Some("--interface does not name it"));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in
            [("eth*", "eth0", true), ("*n*0", "wlan0", true), ("eth0", "eth01", false)]
        {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
