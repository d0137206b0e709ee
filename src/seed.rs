//! `Seed`: the address of a node that multicast does not reach.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::error::{Error, ErrorKind};
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
        let wrong = |why: &str| {
            let right = "it is host:port, as in \"10.0.1.5:49002\", \"[2001:db8::5]:49002\" or \"peers.example:49002\"";
            Err(Error::new(ErrorKind::Invalid, format!("the seed {text:?} {why}; {right}")))
        };
        let Some((host, port)) = text.rsplit_once(':') else { return wrong("has no port") };
        let Ok(port @ 1..) = port.parse() else { return wrong("has no port from 1 to 65535") };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match bare {
            None if host.contains(':') => return wrong("has an IPv6 address without brackets"),
            Some(host) if !host.contains(':') => return wrong("has brackets around what is no IPv6 address"),
            _ => {}
        }
        let host = bare.unwrap_or(host);
        let is_name = |byte: u8| byte.is_ascii_graphic() && !b"[]/@\"'\\".contains(&byte);
        if host.is_empty() || host.len() > LONGEST_NAME || !host.bytes().all(is_name) {
            return wrong("has no host");
        }
        Ok(Seed { host: host.to_owned(), port })
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
    fn what_is_no_seed_is_refused() {
        let long = format!("{}:1", "n".repeat(254));
        let wrong = [
            "",
            "a",
            "a:",
            "a:0",
            "a:65536",
            "a:-1",
            ":1",
            "a b:1",
            "udp/a:1",
            "2001:db8::5:49002",
            "[a]:1",
            &long,
        ];
        for text in wrong {
            let error = text.parse::<Seed>().expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
        assert!(Seed::list("a:1,,b:1").is_err());
    }
}
