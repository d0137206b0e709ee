//! `Seed`: the address of a node that multicast does not reach.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::error::{Error, ErrorKind, quoted};
use peers_proto::MAX_SEEDS;

/// Maximum number of bytes of a host name (RFC 1035, section 3.1, without the lengths of its labels).
const LONGEST_NAME: usize = 253;

/// A host and the port of the unicast socket of the nodes there. Read from `host:port`, where the host is a name, an IPv4
/// address, or an IPv6 address in brackets.
///
/// ```
/// let seed: peers::Seed = "peers.example:49002".parse()?;
/// assert_eq!(seed.to_string(), "peers.example:49002");
/// # Ok::<(), peers::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seed {
    host: String,
    port: u16,
}

impl Seed {
    /// Returns the seeds of a list such as `10.0.1.5:49002,peers.example:49002`; an empty text is an empty list.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`]: one of the list is no seed.
    pub fn list(text: &str) -> Result<Vec<Seed>, Error> {
        match text.trim() {
            "" => Ok(Vec::new()),
            text => text.split(',').map(|seed| seed.trim().parse()).collect(),
        }
    }

    /// Returns the host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the address, if the host is written as one and not as a name.
    pub fn address(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some((ip, self.port).into())
    }
}

impl FromStr for Seed {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).map_err(|why| {
            let right = "it is host:port, as in \"10.0.1.5:49002\", \"[2001:db8::5]:49002\" or \"peers.example:49002\"";
            Error::new(ErrorKind::Invalid, format!("the seed {} {why}; {right}", quoted(text)))
        })
    }
}

/// Returns the seed, or what is wrong with it.
fn parse(text: &str) -> Result<Seed, String> {
    if text.contains("://") {
        return Err("is a URL".into());
    }
    let (host, port) = text.rsplit_once(':').ok_or("has no port")?;
    let port = parse_port(port).ok_or("has no port from 1 to 65535")?;
    match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
        Some(None) => return Err("has one bracket".into()),
        Some(Some(host)) => {
            check_v6(host)?;
            return Ok(Seed { host: host.to_owned(), port });
        }
        None if host.contains(':') => return Err("has an IPv6 address without brackets".into()),
        None => {}
    }
    match host.parse::<Ipv4Addr>() {
        Ok(address) => check_ip(address.into())?,
        Err(_) => check_name(host)?,
    }
    Ok(Seed { host: host.to_owned(), port })
}

fn parse_port(text: &str) -> Option<u16> {
    // A sign parses as well.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

/// Checks an IPv6 address, which a zone may follow.
fn check_v6(text: &str) -> Result<(), String> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let address: Ipv6Addr = address
        .parse()
        .map_err(|_| format!("has brackets around {}, which is no IPv6 address", quoted(address)))?;
    let has_zone = zone.is_some_and(|zone| !zone.is_empty());
    if address.is_unicast_link_local() && has_zone {
        return Ok(());
    }
    check_ip(address.into())?;
    match zone {
        Some(_) => Err("has a zone, which a link-local address alone has".into()),
        None => Ok(()),
    }
}

/// Checks a host name. RFC 952 and 1123 permit letters, digits, hyphens and dots; underscores are in use as well.
fn check_name(host: &str) -> Result<(), String> {
    let is_wrong = |character: &char| !character.is_ascii_alphanumeric() && !"-_.".contains(*character);
    if host.is_empty() {
        return Err("has no host".into());
    }
    if let Some(wrong) = host.chars().find(is_wrong) {
        return Err(format!("has {wrong:?} in its host, which no host name has"));
    }
    if host.len() > LONGEST_NAME {
        return Err(format!(
            "has a host of {} bytes, and a host name has at most {LONGEST_NAME}",
            host.len()
        ));
    }
    // The system's resolver takes "1.2.3", "010.0.0.1" and "0x7f.1" for addresses.
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    match last.parse::<u128>().is_ok() || last.starts_with("0x") || last.starts_with("0X") {
        true => Err("has an IPv4 address that is not four numbers from 0 to 255".into()),
        false => Ok(()),
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// An error for an address that no single host has, or that lacks its zone.
pub(crate) fn check_ip(ip: IpAddr) -> Result<(), String> {
    match ip {
        _ if ip.is_unspecified() => Err("has the unspecified address, at which no node is".into()),
        _ if ip.is_multicast() => Err("has a multicast address, which is that of no single node".into()),
        IpAddr::V4(Ipv4Addr::BROADCAST) => {
            Err("has the broadcast address, which is that of no single node".into())
        }
        IpAddr::V4(v4) if v4.octets()[0] == 0 || v4.octets()[0] >= 240 => {
            Err("has a reserved address, at which no node is".into())
        }
        IpAddr::V6(v6) if v6.is_unicast_link_local() => {
            Err(format!("has a link-local address without a zone; write [{v6}%eth0] for that of eth0"))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => Err(format!("has an IPv4 address in the form of IPv6; write {v4}")),
            None => Ok(()),
        },
        IpAddr::V4(_) => Ok(()),
    }
}

/// An error for more seeds than a node keeps.
pub(crate) fn check_count(seeds: &[Seed]) -> Result<(), Error> {
    match seeds.len() {
        ..=MAX_SEEDS => Ok(()),
        count => {
            let detail = format!(
                "{count} seeds are given; a node keeps at most {MAX_SEEDS}, and a full mesh works well up to about 200"
            );
            Err(Error::new(ErrorKind::Invalid, detail))
        }
    }
}

/// An error for a seed with a name: a node with a manual clock has no thread to resolve it.
pub(crate) fn check_have_addresses(seeds: &[Seed]) -> Result<(), Error> {
    match seeds.iter().find(|seed| seed.address().is_none()) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "the seed {name} has a name, which a node with a manual clock does not resolve; give an address: the nodes of a \
                 memory network have 10.0.0.1:49153, 10.0.0.2:49154 and so on, in the order of their start"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_written_as_it_was_read() {
        for text in
            ["a:1", "10.0.1.5:49002", "[2001:db8::5]:65535", "[fe80::1%eth0]:9", "peers.default.svc:49002"]
        {
            let seed: Seed = text.parse().expect(text);
            assert_eq!(seed.to_string(), text);
        }
        let list = Seed::list(" 10.0.1.5:49002, peers.example:1 ").expect("a list");
        assert_eq!(list[0].address(), Some(([10, 0, 1, 5], 49002).into()));
        assert_eq!((list[1].address(), list[1].host(), list[1].port()), (None, "peers.example", 1));
        assert_eq!(Seed::list(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_seed_is_refused_with_the_reason() {
        let long = format!("{}:1", "n".repeat(254));
        for (text, why) in [
            ("", "no port"),
            ("a", "no port"),
            ("a:", "1 to 65535"),
            ("a:65536", "1 to 65535"),
            ("a:-1", "1 to 65535"),
            (":1", "no host"),
            ("udp/a:1", "'/'"),
            ("k\u{fc}che:1", "'\u{fc}'"),
            (&long, "254 bytes"),
            ("[a]:1", "no IPv6 address"),
            ("[::1:5", "one bracket"),
            ("[10.0.0.1]:5", "no IPv6 address"),
            ("1.2.3:5", "four numbers"),
            ("256.0.0.1:5", "four numbers"),
            ("010.0.0.1:5", "four numbers"),
            ("a.0x7f:5", "four numbers"),
            ("[::]:5", "unspecified"),
            ("[ff02::1%eth0]:5", "multicast"),
            ("[fe80::1%]:5", "[fe80::1%eth0]"),
            ("[2001:db8::1%eth0]:5", "zone"),
        ] {
            let error = text.parse::<Seed>().expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Invalid);
            let words = error.to_string();
            assert!(words.contains(&quoted(text)) && words.contains(why), "{words}");
        }
        assert!(Seed::list("a:1,,b:1").is_err());
    }
}
