//! Lists the interfaces of Linux: IPv4 addresses by ioctl and IPv6 addresses from /proc, which a sandbox without netlink has, too;
//! kinds of links by netlink, or else from /sys.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::sys::call_error::{CallError, Named};
use crate::sys::interface::{HostInterface, Interface, Listing};
use crate::sys::proc_net;
use crate::sys::unix::links;

/// Returns all interfaces, up or not, in the system's order.
pub fn all() -> Result<Listing, CallError> {
    let socket = any_socket().named("socket(AF_INET)")?;
    let v4 = v4_addresses(&socket).named("ioctl(SIOCGIFCONF)")?;
    let v6 = match proc_net::read("if_inet6") {
        // A system without IPv6 has no such table.
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        table => table.named("open(/proc/net/if_inet6)")?,
    };
    let v6: Vec<V6Address> = v6.lines().filter_map(V6Address::parse).collect();
    let mut names = names();
    let base = |(label, _): &(String, Ipv4Addr)| base_of(label).to_owned();
    names.extend(v4.iter().map(base).chain(v6.iter().map(|one| one.name.clone())));
    let mut interfaces: Vec<HostInterface> = Vec::new();
    for name in names {
        if interfaces.iter().all(|known| *known.name() != name) {
            interfaces.extend(interface(&socket, name)?);
        }
    }
    for (label, address) in v4 {
        if let Some(known) = interfaces.iter_mut().find(|known| known.name() == base_of(&label)) {
            known.interface.add_address(address.into(), prefix_len(&socket, &label, address)?);
        }
    }
    for V6Address { address, prefix_len, index, .. } in v6.into_iter().filter(|one| one.is_usable) {
        if let Some(known) = interfaces.iter_mut().find(|known| known.interface.index == index) {
            known.interface.add_address(address.into(), prefix_len);
        }
    }
    mark_default_routes(&mut interfaces);
    let refused = note_links(&mut interfaces).err();
    Ok(Listing { interfaces, refused })
}

/// Opens a socket to make requests by. A system without IPv4 has one of IPv6.
fn any_socket() -> io::Result<Socket> {
    let open = |domain| Socket::new(domain, Type::DGRAM, Some(Protocol::UDP));
    open(Domain::IPV4).or_else(|error| open(Domain::IPV6).map_err(|_| error))
}

/// Returns the names of all interfaces, those without an address too, if the system lists them.
fn names() -> Vec<String> {
    let table = proc_net::read("dev").unwrap_or_default();
    // Two lines of headings; then a name and a colon.
    let names = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

/// The interface of an IPv4 address with a label: the interface's name, or that, a colon and more.
fn base_of(label: &str) -> &str {
    label.split(':').next().unwrap_or(label)
}

/// Returns an interface; `None` if it has gone meanwhile.
fn interface(socket: &Socket, name: String) -> Result<Option<HostInterface>, CallError> {
    let ask = |code| unless_gone(request(socket, code, &name, None));
    let index = ask(libc::SIOCGIFINDEX as _).named("ioctl(SIOCGIFINDEX)")?;
    let flags = ask(libc::SIOCGIFFLAGS as _).named("ioctl(SIOCGIFFLAGS)")?;
    let (Some(index), Some(flags)) = (index, flags) else { return Ok(None) };
    // SAFETY: the requests have written these fields.
    let (index, flags) = unsafe { (index.ifr_ifru.ifru_ifindex, i32::from(flags.ifr_ifru.ifru_flags)) };
    let has = |flags: i32, flag: i32| flags & flag != 0;
    Ok(Some(HostInterface {
        interface: Interface::new(name, index as u32, has(flags, libc::IFF_LOOPBACK)),
        is_up: has(flags, libc::IFF_UP),
        is_running: has(flags, libc::IFF_RUNNING),
        has_multicast: has(flags, libc::IFF_MULTICAST),
        is_default: false,
        kind: String::new(),
        port: None,
    }))
}

/// Returns each IPv4 address with its label.
fn v4_addresses(socket: &Socket) -> io::Result<Vec<(String, Ipv4Addr)>> {
    let mut room = 64;
    loop {
        // SAFETY: zero is a value of each field.
        let mut requests = vec![unsafe { std::mem::zeroed::<libc::ifreq>() }; room];
        let bytes = std::mem::size_of_val(&*requests);
        let mut list = libc::ifconf {
            ifc_len: bytes as libc::c_int,
            ifc_ifcu: libc::__c_anonymous_ifc_ifcu { ifcu_req: requests.as_mut_ptr() },
        };
        // SAFETY: the list has the pointer and the length of one vector, which outlives the call.
        check(unsafe { libc::ioctl(descriptor(socket), libc::SIOCGIFCONF as _, &raw mut list) })?;
        let count = list.ifc_len as usize / size_of::<libc::ifreq>();
        if count < room {
            return Ok(requests[..count].iter().filter_map(labelled).collect());
        }
        // There may be more than there was room for.
        room *= 2;
    }
}

fn labelled(request: &libc::ifreq) -> Option<(String, Ipv4Addr)> {
    let label = request.ifr_name.map(|byte| byte as u8);
    let label = label.split(|byte| *byte == 0).next()?;
    Some((String::from_utf8_lossy(label).into_owned(), v4_of(request)?))
}

/// Returns the length of the prefix of an IPv4 address. All bits stand for a far end, which may have any address.
fn prefix_len(socket: &Socket, label: &str, address: Ipv4Addr) -> Result<u8, CallError> {
    let ask = |code| -> io::Result<Option<Ipv4Addr>> {
        Ok(unless_gone(request(socket, code, label, Some(address)))?.as_ref().and_then(v4_of))
    };
    // Without an answer there is no far end.
    let far = ask(libc::SIOCGIFDSTADDR as _).ok().flatten();
    let is_far = far.is_some_and(|far| far != address && far != Ipv4Addr::UNSPECIFIED);
    let mask = ask(libc::SIOCGIFNETMASK as _).named("ioctl(SIOCGIFNETMASK)")?.filter(|_| !is_far);
    Ok(mask.map_or(32, |mask| mask.to_bits().leading_ones() as u8))
}

/// Makes `None` of the error for an interface or an address that was removed since it was listed. An IPv6 socket tells nothing of
/// IPv4 addresses, which are of no use without IPv4.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result.as_ref().map_err(io::Error::raw_os_error) {
        Err(Some(libc::ENODEV | libc::ENXIO | libc::EADDRNOTAVAIL | libc::ENOTTY)) => Ok(None),
        _ => result.map(Some),
    }
}

/// Makes a request about the interface of a name; with an address, about that address of it.
fn request(
    socket: &Socket,
    code: libc::Ioctl,
    name: &str,
    address: Option<Ipv4Addr>,
) -> io::Result<libc::ifreq> {
    // SAFETY: zero is a value of each field.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let room = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name[..room].iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    if let Some(address) = address {
        let address = libc::sockaddr_in {
            sin_family: libc::AF_INET as _,
            sin_port: 0,
            sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) },
            sin_zero: [0; 8],
        };
        // SAFETY: both have the same size, and each value of one is a value of the other.
        request.ifr_ifru.ifru_addr =
            unsafe { std::mem::transmute::<libc::sockaddr_in, libc::sockaddr>(address) };
    }
    // SAFETY: the request is of the type that each of these codes takes, and outlives the call.
    check(unsafe { libc::ioctl(descriptor(socket), code, &raw mut request) })?;
    Ok(request)
}

/// Returns the IPv4 address in an answer, if it is one.
fn v4_of(request: &libc::ifreq) -> Option<Ipv4Addr> {
    // SAFETY: the whole request was initialised, and each value is one of an address.
    let address = unsafe { request.ifr_ifru.ifru_addr };
    let [_, _, a, b, c, d, ..] = address.sa_data;
    let is_v4 = i32::from(address.sa_family) == libc::AF_INET;
    is_v4.then(|| Ipv4Addr::from([a, b, c, d].map(|byte| byte as u8)))
}

fn descriptor(socket: &Socket) -> libc::c_int {
    std::os::fd::AsRawFd::as_raw_fd(socket)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A line of `/proc/net/if_inet6`.
struct V6Address {
    address: Ipv6Addr,
    prefix_len: u8,
    index: u32,
    /// Duplicate address detection (RFC 4862, section 5.4) is over, and has found no duplicate.
    is_usable: bool,
    name: String,
}

impl V6Address {
    /// Reads a line: address, index, length of the prefix, scope and flags in hexadecimal; and the interface's name.
    fn parse(line: &str) -> Option<Self> {
        /// IFA_F_DADFAILED and IFA_F_TENTATIVE of Linux.
        const UNUSABLE: u32 = 0x08 | 0x40;
        let mut words = line.split_whitespace();
        let address = Ipv6Addr::from_bits(u128::from_str_radix(words.next()?, 16).ok()?);
        let index = u32::from_str_radix(words.next()?, 16).ok()?;
        let prefix_len = u8::from_str_radix(words.next()?, 16).ok()?;
        let flags = u32::from_str_radix(words.nth(1)?, 16).ok()?;
        let (is_usable, name) = (flags & UNUSABLE == 0, words.next()?.to_owned());
        Some(V6Address { address, prefix_len, index, is_usable, name })
    }
}

/// Marks the interfaces that a default route leads through.
fn mark_default_routes(interfaces: &mut [HostInterface]) {
    let (v4, v6) =
        (proc_net::read("route").unwrap_or_default(), proc_net::read("ipv6_route").unwrap_or_default());
    let names: Vec<&str> =
        v4.lines().filter_map(default_v4).chain(v6.lines().filter_map(default_v6)).collect();
    for interface in interfaces {
        // The table has routes of loopback that refuse all destinations.
        interface.is_default = !interface.interface.is_loopback && names.contains(&interface.name());
    }
}

/// The interface of a line of `/proc/net/route` for all destinations: name, destination, gateway, flags, and on to the mask.
fn default_v4(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    (words.get(1) == Some(&"00000000") && words.get(7) == Some(&"00000000")).then(|| words[0])
}

/// The interface, the last word, of a line of `/proc/net/ipv6_route` for all destinations: destination, length of its prefix.
fn default_v6(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let is_any = words.next()?.bytes().all(|digit| digit == b'0') && words.next()? == "00";
    words.next_back().filter(|_| is_any)
}

/// Adds the kinds of the links, and their masters.
///
/// # Errors
/// The reason for which they are from /sys, which may be another network namespace's.
fn note_links(interfaces: &mut [HostInterface]) -> Result<(), CallError> {
    let listed = links::by_netlink();
    for interface in interfaces {
        let link = match &listed {
            Ok(links) => {
                links.iter().find(|link| link.index == interface.interface.index).cloned().unwrap_or_default()
            }
            Err(_) => links::by_sysfs(interface.name()),
        };
        (interface.kind, interface.port) = (link.kind, link.port);
        if interface.kind.is_empty() {
            interface.kind = links::by_sysfs(interface.name()).kind;
        }
    }
    listed.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tentative_address_is_not_usable() {
        let usable = |flags| {
            let line = format!("fe8000000000000000fc00fffe000001 0a 40 20 {flags}     eth0");
            let parsed = V6Address::parse(&line).expect("it is whole");
            assert_eq!((parsed.prefix_len, parsed.index, &*parsed.name), (64, 10, "eth0"));
            assert_eq!(parsed.address, "fe80::fc:ff:fe00:1".parse::<Ipv6Addr>().unwrap());
            parsed.is_usable
        };
        assert_eq!([usable("c0"), usable("88"), usable("80")], [false, false, true]);
    }

    #[test]
    fn a_default_route_names_its_interface() {
        let v4 = "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0";
        assert_eq!(default_v4(v4), Some("eth0"));
        assert_eq!(default_v4("eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0"), None);
        assert_eq!(default_v4("Iface\tDestination\tGateway"), None);
        let zero = "00000000000000000000000000000000";
        let v6 =
            format!("{zero} 00 {zero} 00 fe800000000000000000000000000001 00000400 1 0 00000003     eth2");
        assert_eq!(default_v6(&v6), Some("eth2"));
        assert_eq!(default_v6(&v6.replacen(" 00 ", " 40 ", 1)), None);
    }

    #[test]
    fn the_loopback_is_there_with_its_network() {
        let listing = all().expect("interfaces can be listed");
        let is_loopback = |known: &&HostInterface| known.interface.is_loopback;
        let loopback = listing.interfaces.iter().find(is_loopback).expect("each host has one");
        // In a sandbox without any network it may be down, and have no address.
        assert!(
            !loopback.is_up || loopback.interface.is_on_link("127.1.2.3".parse().unwrap()),
            "{loopback:?}"
        );
        assert_eq!(loopback.interface.index, 1);
    }
}
