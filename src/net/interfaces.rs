//! `Selection`: the interfaces that a node uses, of those that the host has, and why it does not use each other one.

use crate::error::{Error, ErrorKind, quoted};
use crate::interface_status::{InterfaceStatus, Usage};
use crate::sys;
use crate::sys::interface::{HostInterface, Interface};
use peers_proto::Family;

/// The names that the user chose, in which `*` stands for any characters; `None` for the default choice.
#[derive(Debug, Clone)]
pub(crate) struct Selection(Option<Vec<String>>);

/// What a node does with the interfaces of the host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Those to use, each with the addresses of the families in use. An interface with a default route comes first.
    pub used: Vec<Interface>,
    /// Each interface and family of the host.
    pub all: Vec<InterfaceStatus>,
    /// By default all others are used, and there is none.
    pub is_loopback_alone: bool,
}

impl Selection {
    /// Reads a list such as `eth*,wlan0`. An error if there is no interface with a name without `*`.
    pub fn parse(list: Option<&str>) -> Result<Self, Error> {
        let Some(list) = list else { return Ok(Selection(None)) };
        let patterns: Vec<String> = list.split(',').map(|pattern| pattern.trim().to_owned()).collect();
        if patterns.iter().any(String::is_empty) {
            let detail =
                format!("interfaces {} has an empty name; it is a list such as \"eth*,wlan0\"", quoted(list));
            return Err(Error::new(ErrorKind::Invalid, detail));
        }
        let listing = sys::interfaces::all().map_err(|failed| {
            Error::system(format!("listing the network interfaces by {}", failed.call), &failed.error)
        })?;
        let existing: Vec<&str> = listing.interfaces.iter().map(HostInterface::name).collect();
        match patterns.iter().find(|pattern| !pattern.contains('*') && !existing.contains(&&***pattern)) {
            None => Ok(Selection(Some(patterns))),
            Some(missing) => Err(Error::new(
                ErrorKind::UnknownInterface,
                format!("interface {} does not exist; there are: {}", quoted(missing), existing.join(", ")),
            )),
        }
    }

    /// Decides which interfaces of the host to use by `families`, and why not each other one.
    pub fn choose(&self, host: &[HostInterface], families: &[Family]) -> Choice {
        let usage = |one: &HostInterface, family| self.usage(one, family, families);
        let is_usable = |one: &&HostInterface| {
            !one.interface.is_loopback && families.iter().any(|family| usage(one, *family) == Usage::Used)
        };
        let leaves_loopback = self.0.is_none() && host.iter().any(|one| is_usable(&one));
        let mut choice = Choice::default();
        // The sort is stable.
        let mut host: Vec<&HostInterface> = host.iter().collect();
        host.sort_by_key(|one| !one.is_default);
        for one in host {
            let (mut used, mut is_used) = (one.interface.clone(), false);
            for family in [Family::V4, Family::V6] {
                let usage = match usage(one, family) {
                    Usage::Used if leaves_loopback && one.interface.is_loopback => Usage::Loopback,
                    usage => usage,
                };
                if usage == Usage::FamilyOff {
                    used.drop_family(family);
                }
                is_used |= usage == Usage::Used;
                let kind = if one.interface.is_loopback { "loopback" } else { &one.kind };
                choice.all.push(status(&one.interface, family, kind, usage, words(one, family, usage)));
            }
            choice.used.extend(is_used.then_some(used));
        }
        let is_loopback = |used: &Interface| used.is_loopback;
        choice.is_loopback_alone = self.0.is_none() && choice.used.iter().all(is_loopback);
        choice
    }

    /// The table: the first line that fits an interface says why it is not used. With the default choice loopback is left out
    /// afterwards, if another interface is used.
    fn usage(&self, one: &HostInterface, family: Family, families: &[Family]) -> Usage {
        let table = [
            (!self.names(one.name()), Usage::NotNamed),
            (!families.contains(&family), Usage::FamilyOff),
            (!one.is_up, Usage::Down),
            (!one.is_running, Usage::NoCarrier),
            // Its datagrams arrive at the other interface. Programs on the port itself, such as a DHCP client, name it.
            (takes_over(one) && !self.names_exactly(one.name()), Usage::Port),
            // On Linux loopback can multicast without the flag.
            (!one.has_multicast && !one.interface.is_loopback, Usage::NoMulticast),
            (one.interface.source(family).is_none(), Usage::NoAddress),
        ];
        table.into_iter().find_map(|(fits, usage)| fits.then_some(usage)).unwrap_or(Usage::Used)
    }

    fn names(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| matches(pattern, name)))
    }

    /// True if the user wrote the whole name.
    fn names_exactly(&self, name: &str) -> bool {
        self.0.as_ref().is_some_and(|patterns| patterns.iter().any(|pattern| pattern == name))
    }
}

/// True if another interface receives the datagrams of this one: a socket that is bound to neither never sees them here.
fn takes_over(one: &HostInterface) -> bool {
    one.port.as_ref().is_some_and(|port| matches!(&*port.kind, "bridge" | "bond" | "team" | "vrf"))
}

/// Returns the status of an interface and a family, with nothing counted yet.
pub(crate) fn status(
    interface: &Interface,
    family: Family,
    kind: &str,
    usage: Usage,
    why: String,
) -> InterfaceStatus {
    InterfaceStatus {
        name: interface.name.clone(),
        index: interface.index,
        family,
        kind: kind.to_owned(),
        address: interface.source(family),
        usage,
        why,
        sent: 0,
        looped_back: 0,
        received: 0,
        last_error: String::new(),
    }
}

fn words(one: &HostInterface, family: Family, usage: Usage) -> String {
    let port = || one.port.as_ref().map_or(("", ""), |port| (&*port.kind, &*port.of));
    match usage {
        Usage::Used => String::new(),
        Usage::NotNamed => "the option interfaces does not name it".into(),
        Usage::FamilyOff => "the node does not use this family".into(),
        Usage::Down => "it is down".into(),
        Usage::NoCarrier => "it has no carrier: nothing is connected to it".into(),
        Usage::Port => match port() {
            ("vrf", of) => format!("it is in the VRF {of}; name it if the program runs there"),
            (kind, of) => format!("it is a port of the {kind} {of}, which is used in its place"),
        },
        Usage::NoMulticast if one.kind == "wireguard" => "WireGuard carries no multicast".into(),
        Usage::NoMulticast => "it has no MULTICAST flag".into(),
        Usage::NoAddress => match family {
            Family::V4 => "it has no IPv4 address".into(),
            Family::V6 => "it has no link-local IPv6 address".into(),
        },
        Usage::Loopback => {
            "loopback is used if there is no other, or if the option interfaces names it".into()
        }
    }
}

/// True if `name` matches `pattern`, in which each `*` stands for any number of characters. Each part between two stars is taken
/// where it comes first, so the time is linear in the number of stars.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, parts)) = pattern.split_once('*') else { return pattern == name };
    let (parts, tail) = parts.rsplit_once('*').unwrap_or(("", parts));
    let after = |rest: &str, part: &str| rest.find(part).map(|at| at + part.len());
    let rest = name.strip_prefix(head);
    let rest =
        parts.split('*').try_fold(rest.unwrap_or_default(), |rest, part| rest.get(after(rest, part)?..));
    rest.is_some_and(|rest| name.starts_with(head) && rest.ends_with(tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::interface::Port;

    const BOTH: [Family; 2] = [Family::V4, Family::V6];

    fn chosen(names: &str) -> Selection {
        Selection(Some(names.split(',').map(str::to_owned).collect()))
    }

    /// A network card that can be used by both families.
    fn card(name: &str) -> HostInterface {
        let mut interface = Interface::with_addresses(&[("192.0.2.1", 24), ("fe80::1", 64)]);
        interface.name = name.into();
        HostInterface {
            interface,
            is_up: true,
            is_running: true,
            has_multicast: true,
            is_default: false,
            kind: String::new(),
            port: None,
        }
    }

    fn loopback() -> HostInterface {
        let mut interface = Interface::new("lo".into(), 1, true);
        interface.add_address("127.0.0.1".parse().unwrap(), 8);
        HostInterface { interface, has_multicast: false, ..card("lo") }
    }

    fn port_of(kind: &str) -> HostInterface {
        HostInterface { port: Some(Port { kind: kind.into(), of: "br0".into() }), ..card("eth0") }
    }

    fn with_address(address: &str, prefix_len: u8) -> HostInterface {
        HostInterface { interface: Interface::with_addresses(&[(address, prefix_len)]), ..card("eth0") }
    }

    fn without_multicast(kind: &str) -> HostInterface {
        HostInterface { kind: kind.into(), has_multicast: false, ..card("eth0") }
    }

    #[test]
    fn each_kind_of_interface_is_used_or_has_its_reason() {
        use Usage::*;
        let (default, bare) = (Selection(None), Interface::with_addresses(&[]));
        let table = [
            ("a card", &default, card("eth0"), [Used, Used]),
            ("a bridge", &default, HostInterface { kind: "bridge".into(), ..card("br0") }, [Used, Used]),
            ("one that is down", &default, HostInterface { is_up: false, ..card("eth0") }, [Down, Down]),
            ("no carrier", &default, HostInterface { is_running: false, ..card("eth0") }, [NoCarrier; 2]),
            ("no MULTICAST flag", &default, without_multicast(""), [NoMulticast; 2]),
            ("WireGuard", &default, without_multicast("wireguard"), [NoMulticast; 2]),
            ("a port of a bridge", &default, port_of("bridge"), [Port, Port]),
            ("a port of a bond", &default, port_of("bond"), [Port, Port]),
            ("a port of a team", &default, port_of("team"), [Port, Port]),
            ("one in a VRF", &default, port_of("vrf"), [Port, Port]),
            ("a port of another kind", &default, port_of("hsr"), [Used, Used]),
            ("a port that is named", &chosen("wan0,eth0"), port_of("bridge"), [Used, Used]),
            ("a port that a star fits", &chosen("eth*"), port_of("bridge"), [Port, Port]),
            ("another name", &chosen("wan0"), card("eth0"), [NotNamed, NotNamed]),
            ("a star that fits", &chosen("e*0"), card("eth0"), [Used, Used]),
            ("no address", &default, HostInterface { interface: bare, ..card("eth0") }, [NoAddress; 2]),
            ("one address of 32 bits", &default, with_address("192.0.2.1", 32), [Used, NoAddress]),
            ("a global IPv6 address", &default, with_address("2001:db8::1", 64), [NoAddress; 2]),
            ("an automatic address", &default, with_address("169.254.1.1", 16), [Used, NoAddress]),
            ("loopback alone", &default, loopback(), [Used, NoAddress]),
            ("loopback that is named", &chosen("lo"), loopback(), [Used, NoAddress]),
        ];
        for (what, selection, interface, expected) in table {
            let choice = selection.choose(&[interface], &BOTH);
            let usages: Vec<Usage> = choice.all.iter().map(|status| status.usage).collect();
            assert_eq!(usages, expected, "{what}");
            assert_eq!(choice.used.len(), usize::from(expected.contains(&Used)), "{what}");
            for status in choice.all {
                assert_eq!(status.why.is_empty(), status.usage == Used, "{what}: {:?}", status.why);
            }
        }
    }

    /// With a try for each place of each star, this would take longer than the world has been there.
    #[test]
    fn the_time_of_a_match_does_not_grow_with_the_stars() {
        let name = "a".repeat(10_000);
        assert!(!matches(&"*a".repeat(100_000), &name));
        assert!(!matches(&format!("{}b", "*a".repeat(60)), &name));
        assert!(matches(&format!("{}*", "*a".repeat(60)), &name));
    }

    #[test]
    fn a_family_that_is_off_is_not_used() {
        let choice = Selection(None).choose(&[card("eth0")], &[Family::V6]);
        assert_eq!(
            choice.all.iter().map(|status| status.usage).collect::<Vec<_>>(),
            [Usage::FamilyOff, Usage::Used]
        );
        let sources = BOTH.map(|family| choice.used[0].source(family));
        assert_eq!(sources, [None, "fe80::1".parse().ok()]);
    }

    #[test]
    fn loopback_is_left_out_beside_another_interface() {
        let down = || HostInterface { is_up: false, ..card("eth0") };
        let of_loopback =
            |selection: &Selection, other| selection.choose(&[loopback(), other], &BOTH).all[0].usage;
        assert_eq!(of_loopback(&Selection(None), card("eth0")), Usage::Loopback);
        assert_eq!(of_loopback(&Selection(None), down()), Usage::Used);
        assert_eq!(of_loopback(&chosen("*"), card("eth0")), Usage::Used);
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for fits in ["eth0 eth0", "eth* eth0", "eth* eth", "* lo", "*n*0 wlan0", "a*ba abba"] {
            let (pattern, name) = fits.split_once(' ').expect("two words");
            assert!(matches(pattern, name), "{pattern} should match {name}");
        }
        for other in ["eth0 eth01", "eth* wlan0", "e*1 eth0", " lo", "*n*1 wlan0", "a*a a"] {
            let (pattern, name) = other.split_once(' ').expect("two words");
            assert!(!matches(pattern, name), "{pattern} should not match {name}");
        }
        let many = "*".repeat(100_000);
        assert!(matches(&many, "eth0") && !matches(&format!("{many}1"), "eth0"));
    }
}
