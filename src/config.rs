//! `Config`: the options of [`Peers::start`](crate::Peers::start), and what makes them valid.

mod ranges;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::error::{Error, ErrorKind, quoted};
use crate::log::Logger;
use crate::net::interfaces::Selection;
use crate::net::socket_config::{ChangeDetection, SocketConfig};
use crate::net::transport::TransportConfig;
use crate::runtime::driver::Options;
use crate::seed::{self, Seed};
use crate::sys::{self, host};
use peers_proto::wire::name;
use peers_proto::wire::name::NameError;
use peers_proto::{Key, MAX_KEYS, Mode, Settings};

/// The options of a node. Take the defaults and change what you need:
///
/// ```
/// let config = peers::Config { name: Some("kitchen".into()), ..peers::Config::default() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name that the node announces: 1 to 255 bytes, no control characters. `None`: the host name.
    pub name: Option<String>,
    /// Cluster of the node: only nodes of one cluster list each other. At most 255 bytes, no control characters. Empty by
    /// default. Nodes of a named cluster do not use the legacy beacon, which does not carry the cluster.
    pub cluster: String,
    /// Bytes announced with the name. Name, cluster and value have to fit into one datagram: with a short name about 1000 bytes
    /// do.
    pub value: Vec<u8>,
    /// Secrets of the cluster, at most 8. With keys every datagram is sealed: only nodes that have one of them list each other.
    /// The first seals and all open, so that keys can be changed one node at a time (see
    /// [`Peers::set_keys`](crate::Peers::set_keys)). Nodes with keys do not use the legacy beacon.
    pub keys: Vec<Key>,
    /// Port at which the program offers its service, announced with the name; 0: none.
    pub service_port: u16,
    /// Interfaces to use: comma-separated names in which `*` stands for any characters. `None`: each interface that is up and
    /// can multicast, or loopback if there is none. On Windows the names are those that the system shows: "Ethernet",
    /// "Wi-Fi*".
    pub interfaces: Option<String>,
    /// Network of the node.
    pub network: Network,
    /// Clock of the node.
    pub clock: Clock,
    /// IPv4 multicast group; `None` turns IPv4 off.
    pub group_v4: Option<Ipv4Addr>,
    /// IPv6 multicast group; `None` turns IPv6 off. A system without IPv6 is no error.
    pub group_v6: Option<Ipv6Addr>,
    /// UDP port of both groups.
    pub port: u16,
    /// True to send and accept the legacy beacon, `multitastic:NAME`, beside the native protocol.
    pub legacy: bool,
    /// Number of links that an announcement may cross (the multicast TTL or hop limit), 1 or more.
    pub hops: u8,
    /// Time between two announcements: 10 ms to an hour.
    pub interval: Duration,
    /// Time after which a peer is removed that sent nothing: longer than `interval`, at most a day; in mode swim 7 s or more.
    pub expiry: Duration,
    /// Maximum number of entries in the registry, 1 or more.
    pub max_peers: usize,
    /// Maximum number of bytes of the names and values of all entries together, 65536 or more. 0: 512 for each of
    /// `max_peers`, at least 65536.
    pub entries_max_bytes: usize,
    /// How the node finds peers. With seeds, [`Mode::Multicast`] is [`Mode::MulticastAndSeeds`].
    pub mode: Mode,
    /// Nodes to send to where multicast does not reach, at most [`MAX_SEEDS`](crate::MAX_SEEDS). See
    /// [`Peers::set_seeds`](crate::Peers::set_seeds).
    pub seeds: Vec<Seed>,
    /// UDP port of the node's own socket, from which it sends, and at which it receives unicast. Set it for a firewall, or if
    /// the node is a seed of others. One node of a host can have it. 0: the system chooses. A memory network ignores it.
    pub unicast_port: u16,
    /// True for an observer: it lists peers, and they do not list it. It sends queries and probes, no announcement, goodbye or
    /// legacy beacon, so its name, value and port reach no peer. [`Mode::Swim`] has no observers.
    pub observer: bool,
    /// How the node detects changes of the network.
    pub change_detection: ChangeDetection,
    /// Receives the node's log; `None`: nothing is logged. The library prints nothing.
    pub log: Option<Logger>,
}

/// Network of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// The local network, by multicast.
    Multicast,
    /// A network inside this process, shared by the nodes that give the same name. For tests.
    Memory(String),
}

/// Clock of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's monotonic clock.
    System,
    /// Time stands still until [`Peers::advance`](crate::Peers::advance) moves it. For tests; needs a memory network.
    Manual,
}

// The figures of the legacy program: nodes of both kinds share one group, and keep each other listed by the same times.
const DEFAULT_GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 2, 3, 4);
/// The same figures with IPv6's prefix for groups of a link that no authority assigned (RFC 4291, section 2.7).
const DEFAULT_GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0xef02, 0x304);
const DEFAULT_PORT: u16 = 49001;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);
/// If one announcement is lost, the next still arrives in time. Before the peer expires, the node probes it.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(35);
/// The hosts of a /16: more than one link carries. At a few hundred bytes each, about 20 MB.
const DEFAULT_MAX_PEERS: usize = 65_536;

/// Minimum expiry in mode swim: the probes, gossip and suspicions of a member are parts of it.
const MIN_SWIM_EXPIRY: Duration = Duration::from_secs(7);

impl Default for Config {
    fn default() -> Self {
        Config {
            name: None,
            cluster: String::new(),
            value: Vec::new(),
            keys: Vec::new(),
            service_port: 0,
            interfaces: None,
            network: Network::Multicast,
            clock: Clock::System,
            group_v4: Some(DEFAULT_GROUP_V4),
            group_v6: Some(DEFAULT_GROUP_V6),
            port: DEFAULT_PORT,
            legacy: true,
            hops: 1,
            interval: DEFAULT_INTERVAL,
            expiry: DEFAULT_EXPIRY,
            max_peers: DEFAULT_MAX_PEERS,
            entries_max_bytes: 0,
            mode: Mode::Multicast,
            seeds: Vec::new(),
            unicast_port: 0,
            observer: false,
            change_detection: ChangeDetection { system: true, poll: true, watchdog: true },
            log: None,
        }
    }
}

impl Config {
    /// An error for the first option that is out of its range. The name is checked by [`Config::resolve_name`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        ranges::check(self)?;
        self.check_expiry()?;
        self.check_group()?;
        self.check_clock()?;
        self.check_mode()?;
        self.check_unicast_port()?;
        seed::check_count(&self.seeds)?;
        check_key_count(self.keys.len())
    }

    /// Returns how the node finds peers: with seeds, by these as well.
    pub(crate) fn mode(&self) -> Mode {
        match self.mode {
            Mode::Multicast if !self.seeds.is_empty() => Mode::MulticastAndSeeds,
            mode => mode,
        }
    }

    /// An error if the value does not fit into a message beside this name and the cluster.
    pub(crate) fn check_room(&self, name: &str) -> Result<(), Error> {
        name::check_cluster(&self.cluster).map_err(|bad| bad_name("cluster", &self.cluster, bad))?;
        let room = self.mode().max_value_len(name, &self.cluster);
        match self.value.len() <= room {
            true => Ok(()),
            false => Err(too_long(self.value.len(), room)),
        }
    }

    /// Returns the name to announce: the one given, or else the host's.
    pub(crate) fn resolve_name(&self) -> Result<String, Error> {
        match &self.name {
            Some(name) => name::check(name).map(|()| name.clone()).map_err(|bad| bad_name("name", name, bad)),
            None => host_name(),
        }
    }

    /// Returns what the runtime is started with, for a checked configuration.
    pub(crate) fn options(&self, name: String) -> Result<Options, Error> {
        let transport = match &self.network {
            Network::Multicast => TransportConfig::Sockets(self.socket_config()?),
            Network::Memory(network) => {
                TransportConfig::Memory { network: network.clone(), multicast: self.mode().has_multicast() }
            }
        };
        Ok(Options {
            start_line: self.start_line(&name),
            settings: self.settings(name)?,
            transport,
            has_manual_clock: self.clock == Clock::Manual,
            seeds: self.seeds.clone(),
            logger: self.log.clone(),
        })
    }

    fn settings(&self, name: String) -> Result<Settings, Error> {
        let cannot = |error| Error::system("reading the system's source of randomness", &error);
        Ok(Settings {
            id: sys::random().map_err(cannot)?,
            seed: match self.clock {
                Clock::System => u64::from_ne_bytes(sys::random().map_err(cannot)?),
                // Every run of a test does the same.
                Clock::Manual => 0,
            },
            secret_seed: Key::new(sys::random().map_err(cannot)?),
            keys: self.keys.clone(),
            cluster: self.cluster.clone(),
            name,
            value: self.value.clone(),
            port: self.service_port,
            mode: self.mode(),
            legacy: self.legacy,
            group_port: self.port,
            hops: self.hops,
            observer: self.observer,
            interval: self.interval,
            expiry: self.expiry,
            max_peers: self.max_peers,
            entries_max_bytes: self.entries_max_bytes,
        })
    }

    fn socket_config(&self) -> Result<SocketConfig, Error> {
        let v4 = self.group_v4.map(|group| SocketAddr::from((group, self.port)));
        let v6 = self.group_v6.map(|group| SocketAddr::from((group, self.port)));
        Ok(SocketConfig {
            groups: v4.into_iter().chain(v6).collect(),
            multicast: self.mode().has_multicast(),
            accepts_off_link: self.mode().allows_off_link() || self.hops > 1,
            hops: self.hops,
            unicast_port: self.unicast_port,
            selection: Selection::parse(self.interfaces.as_deref())?,
            change_detection: self.change_detection,
            silence_limit: self.expiry,
        })
    }

    fn start_line(&self, name: &str) -> String {
        let network = match &self.network {
            Network::Multicast => self.network_text(),
            Network::Memory(_) => "a network in memory".into(),
        };
        let cluster = match self.cluster.as_str() {
            "" => String::new(),
            cluster => format!(" in cluster {cluster:?}"),
        };
        let sealed = if self.keys.is_empty() { "" } else { ", sealed" };
        let observer = if self.observer { ", as an observer" } else { "" };
        format!("started {name:?}{cluster}: {network}{sealed}{observer}")
    }

    /// Returns what the mode uses: groups, and seeds or a cluster.
    fn network_text(&self) -> String {
        let v4 = self.group_v4.map(|group| format!("{group}:{}", self.port));
        let v6 = self.group_v6.map(|group| format!("[{group}]:{}", self.port));
        let groups = v4.into_iter().chain(v6).collect::<Vec<_>>().join(" and ");
        let seeds = match self.seeds.len() {
            1 => "1 seed".to_owned(),
            count => format!("{count} seeds"),
        };
        match self.mode() {
            Mode::MulticastAndSeeds => format!("{groups}, and {seeds}"),
            Mode::Seeds => format!("{seeds}, without multicast"),
            Mode::Swim => format!("SWIM with {seeds}, without multicast"),
            _ => groups,
        }
    }

    fn check_expiry(&self) -> Result<(), Error> {
        let (expiry, interval) = (self.expiry.as_millis(), self.interval.as_millis());
        if self.mode == Mode::Swim && self.expiry < MIN_SWIM_EXPIRY {
            return invalid(format!(
                "the expiry is {expiry} ms; in mode swim it is {} ms or more, because members probe each other 35 times within it",
                MIN_SWIM_EXPIRY.as_millis()
            ));
        }
        match self.expiry > self.interval {
            true => Ok(()),
            false => invalid(format!(
                "the expiry is {expiry} ms, but it must be longer than the interval of {interval} ms, best more than twice as long"
            )),
        }
    }

    fn check_group(&self) -> Result<(), Error> {
        if let Some(group) = self.group_v4.filter(|group| !group.is_multicast()) {
            return invalid(format!(
                "group_v4 is {group}, which is no multicast address; it is 224.0.0.0 to 239.255.255.255"
            ));
        }
        if let Some(group) = self.group_v6.filter(|group| !group.is_multicast()) {
            return invalid(format!(
                "group_v6 is {group}, which is no multicast address; it begins with ff, as in ff12::ef02:304"
            ));
        }
        match (self.group_v4, self.group_v6, &self.network) {
            (None, None, Network::Multicast) => invalid("IPv4 and IPv6 are both turned off; leave one on"),
            _ => Ok(()),
        }
    }

    fn check_clock(&self) -> Result<(), Error> {
        match (self.clock, &self.network) {
            (Clock::Manual, Network::Multicast) => {
                invalid("a manual clock needs a memory network; set network to \"memory:NAME\"")
            }
            (Clock::Manual, Network::Memory(_)) => seed::check_have_addresses(&self.seeds),
            _ => Ok(()),
        }
    }

    fn check_mode(&self) -> Result<(), Error> {
        match self.mode {
            Mode::Swim if !cfg!(feature = "swim") => invalid(
                "the mode is Swim, which this library is built without; build it with the feature \"swim\"",
            ),
            Mode::Swim if self.observer => invalid(
                "the node is an observer in mode Swim, in which every member is listed; start it in another mode, or as a member",
            ),
            _ => Ok(()),
        }
    }

    fn check_unicast_port(&self) -> Result<(), Error> {
        match self.mode().has_multicast() && self.unicast_port == self.port {
            false => Ok(()),
            true => invalid(format!(
                "unicast_port is {}, the port of the groups, which all processes of a host share; take another one, or turn multicast off",
                self.port
            )),
        }
    }
}

/// An error for more keys than a node holds.
pub(crate) fn check_key_count(count: usize) -> Result<(), Error> {
    match count <= MAX_KEYS {
        true => Ok(()),
        false => invalid(format!("{count} keys are given; a node holds at most {MAX_KEYS}")),
    }
}

fn invalid(detail: impl Into<String>) -> Result<(), Error> {
    Err(Error::new(ErrorKind::Invalid, detail))
}

/// The error for a value of `len` bytes where there is room for `room`.
pub(crate) fn too_long(len: usize, room: usize) -> Error {
    let detail = format!(
        "the value has {len} bytes; beside this name and cluster there is room for {room}: shorten one of them"
    );
    Error::new(ErrorKind::TooLarge, detail)
}

/// The error for a text, called `what`, that is no name.
pub(crate) fn bad_name(what: &str, name: &str, bad: NameError) -> Error {
    let max_len = name::MAX_LEN;
    match bad {
        NameError::TooLong => {
            let detail = format!("the {what} {} is too long; it has at most {max_len} bytes", quoted(name));
            Error::new(ErrorKind::TooLarge, detail)
        }
        NameError::Empty => {
            Error::new(ErrorKind::Invalid, format!("the {what} is empty; it has 1 to {max_len} bytes"))
        }
        NameError::Control => {
            let detail = format!("the {what} {} has a control character; leave it out", quoted(name));
            Error::new(ErrorKind::Invalid, detail)
        }
    }
}

fn host_name() -> Result<String, Error> {
    let host = host::name().map_err(|error| Error::system("reading the host name", &error))?;
    name::check(&host).map(|()| host.clone()).map_err(|bad| bad_name("host name", &host, bad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_line_says_what_the_mode_uses() {
        let seeds = Seed::list("10.0.1.5:49002,peers.example:49002").expect("a list");
        let line = |mode| Config { mode, seeds: seeds.clone(), ..Config::default() }.start_line("a");
        let groups = "239.2.3.4:49001 and [ff12::ef02:304]:49001";
        assert_eq!(Config::default().start_line("a"), format!("started \"a\": {groups}"));
        assert_eq!(line(Mode::MulticastAndSeeds), format!("started \"a\": {groups}, and 2 seeds"));
        assert_eq!(line(Mode::Seeds), "started \"a\": 2 seeds, without multicast");
        assert_eq!(line(Mode::Swim), "started \"a\": SWIM with 2 seeds, without multicast");
    }

    #[test]
    fn an_option_out_of_its_range_is_refused() {
        let default = Config::default;
        let ms = Duration::from_millis;
        for config in [
            Config { mode: Mode::Swim, interval: ms(10), expiry: ms(6_999), ..default() },
            Config { expiry: ms(86_400_001), ..default() },
            Config { expiry: ms(86_400_000) + Duration::from_nanos(1), ..default() },
            Config { hops: 0, ..default() },
            Config { port: 0, ..default() },
            Config { max_peers: 0, ..default() },
            Config { seeds: vec!["a:1".parse().expect("it is a seed"); 1025], ..default() },
            Config { mode: Mode::Swim, observer: true, ..default() },
        ] {
            let checked = config.check().map_err(|error| error.kind());
            assert_eq!(checked, Err(ErrorKind::Invalid), "{config:?}");
        }
    }
}
