//! `Config`: the options of [`Peers::start`](crate::Peers::start), and what makes them valid.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::core::name;
use crate::core::name::BadName;
use crate::error::{Error, ErrorKind};

/// The options of a node. Take the defaults and change what you need:
///
/// ```
/// let config = peers::Config { name: Some("kitchen".into()), ..peers::Config::default() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The name the node announces: 1 to 255 bytes, no control characters. `None` means the host name.
    pub name: Option<String>,
    /// The interfaces to use: comma-separated names in which `*` stands for any characters. `None` means every
    /// interface that is up and can multicast, or loopback when there is none.
    pub interfaces: Option<String>,
    /// Where the node lives.
    pub network: Network,
    /// Where the node takes the time from.
    pub clock: Clock,
    /// The multicast group.
    pub group: Ipv4Addr,
    /// The UDP port of the group.
    pub port: u16,
    /// How many routers an announcement may cross (the multicast TTL), 1 or more.
    pub hops: u8,
    /// Time between two announcements: 10 ms to an hour.
    pub interval: Duration,
    /// Time after which a peer that was not heard is gone: longer than `interval`, at most a day.
    pub expiry: Duration,
    /// The most entries the registry holds, 1 or more.
    pub max_peers: usize,
}

/// Where a node lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// On the local network, by multicast.
    Multicast,
    /// On a network inside this process, shared by the nodes that give the same name. For tests.
    Memory(String),
}

/// Where a node takes the time from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's monotonic clock.
    System,
    /// Time stands still until [`Peers::advance`](crate::Peers::advance) moves it. For tests; needs a memory network.
    Manual,
}

// The ancestor's figures: nodes of both kinds share one group, and hold each other live by the same times.
const DEFAULT_GROUP: Ipv4Addr = Ipv4Addr::new(239, 2, 3, 4);
const DEFAULT_PORT: u16 = 49001;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);
/// Two beacons may be lost, and the third still comes in time.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(35);
/// The hosts of a /16: more than one link carries. At a few hundred bytes each, some 20 MB.
const DEFAULT_MAX_PEERS: usize = 65_536;

/// A hundred beacons a second from one node is already a burden on a Wi-Fi.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60 * 60);
const LONGEST_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Config {
    fn default() -> Self {
        Config {
            name: None,
            interfaces: None,
            network: Network::Multicast,
            clock: Clock::System,
            group: DEFAULT_GROUP,
            port: DEFAULT_PORT,
            hops: 1,
            interval: DEFAULT_INTERVAL,
            expiry: DEFAULT_EXPIRY,
            max_peers: DEFAULT_MAX_PEERS,
        }
    }
}

impl Config {
    /// An error for the first option that is out of its range. The name is checked by [`Config::resolve_name`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.check_interval()?;
        self.check_expiry()?;
        self.check_group()?;
        self.check_clock()?;
        if self.hops == 0 {
            return invalid("hops is 0; it is 1 to 255");
        }
        if self.port == 0 {
            return invalid("port is 0; it is 1 to 65535");
        }
        if self.max_peers == 0 {
            return invalid("max_peers is 0; it is 1 or more");
        }
        Ok(())
    }

    /// The name to announce: the one given, or else the host's.
    pub(crate) fn resolve_name(&self) -> Result<String, Error> {
        match &self.name {
            Some(name) => name::check(name).map(|()| name.clone()).map_err(|bad| bad_name("name", name, bad)),
            None => host_name(),
        }
    }

    fn check_interval(&self) -> Result<(), Error> {
        let (interval, range) = (self.interval, SHORTEST_INTERVAL..=LONGEST_INTERVAL);
        match range.contains(&interval) {
            true => Ok(()),
            false => {
                invalid(format!("the interval is {} ms; it is 10 to 3600000 (an hour)", interval.as_millis()))
            }
        }
    }

    fn check_expiry(&self) -> Result<(), Error> {
        let (expiry, interval) = (self.expiry.as_millis(), self.interval.as_millis());
        if self.expiry <= self.interval {
            return invalid(format!(
                "the expiry is {expiry} ms, but it must be longer than the interval of {interval} ms, best twice and a bit"
            ));
        }
        if self.expiry > LONGEST_EXPIRY {
            return invalid(format!("the expiry is {expiry} ms; it is at most 86400000 (a day)"));
        }
        Ok(())
    }

    fn check_group(&self) -> Result<(), Error> {
        match self.group.is_multicast() {
            true => Ok(()),
            false => invalid(format!(
                "the group {} is no multicast address (224.0.0.0 to 239.255.255.255)",
                self.group
            )),
        }
    }

    fn check_clock(&self) -> Result<(), Error> {
        match (self.clock, &self.network) {
            (Clock::Manual, Network::Multicast) => {
                invalid("a manual clock needs a memory network (network \"memory:NAME\")")
            }
            _ => Ok(()),
        }
    }
}

fn invalid(detail: impl Into<String>) -> Result<(), Error> {
    Err(Error::new(ErrorKind::Invalid, detail))
}

/// The error for a text, called `what`, that is no name.
pub(crate) fn bad_name(what: &str, name: &str, bad: BadName) -> Error {
    match bad {
        BadName::TooLong => {
            Error::new(ErrorKind::TooLarge, format!("the {what} has {} bytes: {bad}", name.len()))
        }
        BadName::Empty | BadName::Control => {
            Error::new(ErrorKind::Invalid, format!("the {what} {name:?} does not do: {bad}"))
        }
    }
}

fn host_name() -> Result<String, Error> {
    let host =
        nix::unistd::gethostname().map_err(|errno| Error::system("reading the host name", &errno.into()))?;
    let host = host.to_string_lossy().into_owned();
    name::check(&host).map(|()| host.clone()).map_err(|bad| bad_name("host name", &host, bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(config: Config) -> String {
        config.check().expect_err("this configuration is out of range").to_string()
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Config::default().check(), Ok(()));
    }

    #[test]
    fn each_option_out_of_range_is_named_with_its_value_and_range() {
        let default = Config::default;
        let ms = Duration::from_millis;
        let cases = [
            (Config { interval: ms(9), ..default() }, "the interval is 9 ms; it is 10"),
            (Config { interval: ms(3_600_001), ..default() }, "the interval is 3600001 ms"),
            (Config { expiry: ms(15_000), ..default() }, "longer than the interval of 15000 ms"),
            (Config { expiry: ms(86_400_001), ..default() }, "at most 86400000"),
            (Config { group: Ipv4Addr::new(192, 0, 2, 1), ..default() }, "192.0.2.1 is no multicast address"),
            (Config { hops: 0, ..default() }, "hops is 0"),
            (Config { port: 0, ..default() }, "port is 0"),
            (Config { max_peers: 0, ..default() }, "max_peers is 0"),
            (Config { clock: Clock::Manual, ..default() }, "needs a memory network"),
        ];
        for (config, expected) in cases {
            let complaint = complaint(config);
            assert!(complaint.contains(expected), "{complaint:?} should contain {expected:?}");
        }
    }
}
