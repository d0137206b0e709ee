//! The interfaces of this host, as a node sees them.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use peers::{Config, Family, InterfaceStatus, Usage};

use crate::failure::Failure;
use crate::node::Node;

/// The state of an interface: that of both families.
pub struct Interface {
    pub name: String,
    /// "bridge", "wlan" and so on; empty for a plain network card.
    pub kind: String,
    /// Of each family that the node may use.
    pub families: Vec<InterfaceStatus>,
    /// Why it is not used; `None` if it is.
    pub obstacle: Option<String>,
}

impl Interface {
    fn new(families: &[InterfaceStatus]) -> Interface {
        let is_on = |status: &&InterfaceStatus| status.usage != Usage::FamilyOff;
        let families: Vec<InterfaceStatus> = match families.iter().any(|status| is_on(&status)) {
            true => families.iter().filter(is_on).cloned().collect(),
            false => families.to_vec(),
        };
        let is_used = families.iter().any(|status| status.usage == Usage::Used);
        // An interface without an address may have a better reason in the other family.
        let worst = families.iter().find(|status| status.usage != Usage::NoAddress).unwrap_or(&families[0]);
        Interface {
            name: worst.name.clone(),
            kind: worst.kind.clone(),
            obstacle: (!is_used).then(|| obstacle(worst)),
            families,
        }
    }

    /// True if the options name it, or name none.
    pub fn is_chosen(&self) -> bool {
        self.families.iter().all(|status| status.usage != Usage::NotNamed)
    }

    /// Returns its addresses as text.
    pub fn addresses(&self) -> Vec<String> {
        self.families.iter().filter_map(|status| Some(status.address?.to_string())).collect()
    }

    /// Returns true for IPv4 and false for IPv6, for each version that is used.
    pub fn versions(&self) -> impl Iterator<Item = bool> {
        let used = self.families.iter().filter(|status| status.usage == Usage::Used);
        used.map(|status| status.family == Family::V4)
    }

    /// Returns the versions in words.
    pub fn versions_in_words(&self) -> String {
        self.versions().map(|is_v4| if is_v4 { "IPv4" } else { "IPv6" }).collect::<Vec<_>>().join(" and ")
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut about = self.addresses();
        // A pair of cards is what a container has for its network card.
        if !matches!(&*self.kind, "" | "loopback" | "veth") {
            about.insert(0, self.kind.clone());
        }
        match about.is_empty() {
            true => write!(f, "{} (no address)", self.name),
            false => write!(f, "{} ({})", self.name, about.join(", ")),
        }
    }
}

/// Returns why an interface is not used, in the words of the command's options.
fn obstacle(status: &InterfaceStatus) -> String {
    match status.usage {
        Usage::NotNamed => "--interface does not name it".into(),
        Usage::Loopback => "loopback is used if there is no other, or if --interface names it".into(),
        _ => status.why.clone(),
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

/// Returns all interfaces as a node sees them, those in use first, each with the reason if it is not used.
pub fn all(node: &Node) -> Vec<Interface> {
    let statuses = node.interfaces();
    let mut all: Vec<_> =
        statuses.chunk_by(|one, next| one.index == next.index).map(Interface::new).collect();
    all.sort_by_key(|interface| interface.obstacle.is_some());
    all
}

/// Returns the addresses that nodes of this host send from.
pub fn own_addresses(interfaces: &[Interface]) -> HashSet<IpAddr> {
    let statuses = interfaces.iter().flat_map(|interface| &interface.families);
    statuses.filter_map(|status| status.address).collect()
}
