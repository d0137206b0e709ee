//! The command line, and the configuration of a node that it describes.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use std::{fs, process};

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use peers::{Config, Key, Level, Logger, Mode, Seed};

use crate::failure::complain;

const EXIT_STATUS: &str = "\
Exit status:
  0    done; for watch and announce also: ended by Ctrl-C or SIGTERM
  1    failed, and the standard error says why; for list: fewer peers than --count; for doctor: something is wrong
  2    the command line is wrong
  130  list or doctor was interrupted
  141  the reader of the output closed it";

/// Shows the programs on a network that use libpeers, and announces one
#[derive(Parser)]
#[command(name = "peers", version, after_help = EXIT_STATUS, disable_help_subcommand = true, args_override_self = true)]
pub struct Options {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Show the peers as they come and go
    ///
    /// In a terminal this is a table, which Ctrl-C ends. Elsewhere, and with --json, it is a line for each event.
    Watch(Watch),
    /// List the peers that answer
    List(List),
    /// Announce a name, a value and a port until Ctrl-C or SIGTERM
    ///
    /// The command announces for a program that does not use libpeers. When it ends it sends a goodbye, and the name
    /// leaves the lists of the others at once.
    Announce(Announce),
    /// Explain whether nodes on this host find others, and if not, why
    ///
    /// The command looks at the network of this host as a node does. It reports which interfaces are used and why the
    /// others are not, whether a node receives its own messages and those of a second one, which seeds answer, every
    /// node that it hears while it waits, what the node counted, and, as root, what the firewall does.
    Doctor(Doctor),
}

#[derive(Args)]
pub struct Watch {
    /// Print a line of JSON for each event
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Args)]
pub struct List {
    /// Wait this long for answers: a number with ms, s, m or h
    ///
    /// Peers answer within milliseconds. Legacy nodes do not answer; they announce themselves every 15 s.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration, allow_hyphen_values = true)]
    pub wait: Duration,
    /// Wait only until N peers are listed; fewer in the end give exit status 1
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub count: Option<usize>,
    /// Print a JSON array with an object for each peer
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Args)]
pub struct Announce {
    /// The name to announce [default: the host name]
    #[arg(long, allow_hyphen_values = true)]
    pub name: Option<String>,
    /// The port of the announced service
    #[arg(long, value_parser = value_parser!(u16).range(1..), allow_hyphen_values = true)]
    pub port: Option<u16>,
    /// A text to announce with the name
    #[arg(long, value_name = "TEXT", conflicts_with = "value_file", allow_hyphen_values = true)]
    pub value: Option<OsString>,
    /// A file with the bytes to announce with the name
    #[arg(long, value_name = "PATH", value_parser = content)]
    pub value_file: Option<Content>,
    /// Print a JSON object of the announcement instead of a line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub node: Node,
}

#[derive(Args)]
pub struct Doctor {
    /// Listen this long for other nodes: a number with ms, s, m or h
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration, allow_hyphen_values = true)]
    pub wait: Duration,
    /// Print the report as a JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub node: Node,
}

/// The options of a node, which every subcommand has.
#[derive(Args)]
#[command(next_help_heading = "Node options")]
pub struct Node {
    /// The cluster: only its nodes are listed [default: the one without a name]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub cluster: String,
    /// The interfaces to use, comma-separated; * stands for any characters [default: all but loopback]
    #[arg(long, value_name = "NAMES", alias = "interfaces")]
    pub interface: Vec<String>,
    /// The multicast group; give it twice for IPv4 and IPv6 [default: 239.2.3.4 and ff12::ef02:304]
    #[arg(long, value_name = "ADDRESS")]
    pub group: Vec<IpAddr>,
    /// The UDP port of the groups
    #[arg(long, value_name = "PORT", default_value_t = Config::default().port, value_parser = value_parser!(u16).range(1..), allow_hyphen_values = true)]
    pub group_port: u16,
    /// Do not use IPv4
    #[arg(long, conflicts_with = "no_ipv6")]
    pub no_ipv4: bool,
    /// Do not use IPv6
    #[arg(long)]
    pub no_ipv6: bool,
    /// Neither send nor list legacy beacons
    #[arg(long)]
    pub no_legacy: bool,
    /// The multicast TTL of announcements: 1 keeps them on the link
    #[arg(long, value_name = "N", default_value_t = Config::default().hops, value_parser = value_parser!(u8).range(1..), allow_hyphen_values = true)]
    pub hops: u8,
    /// How peers are found [default: by multicast, and by seeds if there are any]
    #[arg(long, value_enum)]
    pub mode: Option<Way>,
    /// A node to query where multicast does not reach: its host and its --unicast-port; may be given again
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    pub seed: Vec<Seed>,
    /// The UDP port of the node's own socket, for a firewall and for the seeds of others [default: any]
    #[arg(long, value_name = "PORT", value_parser = value_parser!(u16).range(1..), allow_hyphen_values = true)]
    pub unicast_port: Option<u16>,
    /// The key of the cluster: a file of 32 random bytes that its owner alone can read; may be given again
    ///
    /// To make one: (umask 077; head -c 32 /dev/urandom > PATH). The first key seals, all of them open.
    #[arg(long, value_name = "PATH", value_parser = key)]
    pub key_file: Vec<Key>,
    /// The time between two announcements
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration, allow_hyphen_values = true)]
    pub interval: Duration,
    /// The time after which the others drop a node that they do not hear
    #[arg(long, value_name = "TIME", default_value = "35s", value_parser = duration, allow_hyphen_values = true)]
    pub expiry: Duration,
    /// The maximum number of listed peers
    #[arg(long, value_name = "N", default_value_t = Config::default().max_peers as u32, value_parser = value_parser!(u32).range(1..), allow_hyphen_values = true)]
    pub max_peers: u32,
    /// Print the node's log to the standard error
    #[arg(long)]
    pub verbose: bool,
}

/// How peers are found.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// On the local network
    Multicast,
    /// By unicast alone
    Seeds,
    /// Both
    #[value(name = "multicast+seeds")]
    MulticastAndSeeds,
    /// As members of a cluster by the SWIM protocol, over unicast alone
    Swim,
}

impl Node {
    /// Returns the configuration of an observer. A SWIM cluster has none: there the node is a member, named after the command.
    pub fn looking(&self, command: &str) -> Config {
        let name = format!("{} (peers {command} {})", host_name(), process::id());
        Config { name: Some(name), observer: self.mode() != Mode::Swim, ..self.config() }
    }

    /// Returns the configuration of a node with these options.
    pub fn config(&self) -> Config {
        let default = Config::default();
        let v4 = self.group.iter().rev().find_map(|group| match group {
            IpAddr::V4(group) => Some(*group),
            IpAddr::V6(_) => None,
        });
        let v6 = self.group.iter().rev().find_map(|group| match group {
            IpAddr::V4(_) => None,
            IpAddr::V6(group) => Some(*group),
        });
        Config {
            cluster: self.cluster.clone(),
            keys: self.key_file.clone(),
            interfaces: (!self.interface.is_empty()).then(|| self.interface.join(",")),
            group_v4: v4.or(default.group_v4).filter(|_| !self.no_ipv4),
            group_v6: v6.or(default.group_v6).filter(|_| !self.no_ipv6),
            port: self.group_port,
            legacy: !self.no_legacy,
            hops: self.hops,
            interval: self.interval,
            expiry: self.expiry,
            max_peers: self.max_peers as usize,
            mode: self.mode(),
            seeds: self.seed.clone(),
            unicast_port: self.unicast_port.unwrap_or_default(),
            log: self.verbose.then(|| Logger::new(Level::Debug, log)),
            ..default
        }
    }

    /// Returns the mode: by default multicast, and the seeds if there are any.
    pub fn mode(&self) -> Mode {
        match self.mode {
            None | Some(Way::Multicast) if !self.seed.is_empty() => Mode::MulticastAndSeeds,
            None | Some(Way::Multicast) => Mode::Multicast,
            Some(Way::Seeds) => Mode::Seeds,
            Some(Way::MulticastAndSeeds) => Mode::MulticastAndSeeds,
            Some(Way::Swim) => Mode::Swim,
        }
    }
}

/// The bytes of a file.
#[derive(Debug, Clone)]
pub struct Content(pub Vec<u8>);

/// Returns the moment when a wait is over; `None` if the system's clock does not reach it.
pub fn deadline(wait: Duration) -> Option<Instant> {
    Instant::now().checked_add(wait)
}

fn log(level: Level, line: &str) {
    let level = match level {
        Level::Error => "ERROR",
        Level::Warn => "WARN",
        Level::Info => "INFO",
        Level::Debug => "DEBUG",
    };
    complain(&format!("{level} {line}"));
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "it is a number with ms, s, m or h, such as 500ms, 2s or 1m".to_owned();
    let unit = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').ok_or_else(wrong)?;
    let number: f64 = text[..unit].parse().map_err(|_| wrong())?;
    let seconds = match &text[unit..] {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| "it is too long".to_owned())
}

fn content(path: &str) -> Result<Content, String> {
    fs::read(path).map(Content).map_err(|error| error.to_string())
}

/// Reads a key, as `read_key_file` of the Python package does: a file that others may read holds no secret.
fn key(path: &str) -> Result<Key, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = file.metadata().map_err(|error| error.to_string())?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "its mode is {mode:o}, so others than its owner may know the key; make a new key, in a file of mode 600"
            ));
        }
    }
    let mut bytes = Vec::with_capacity(64);
    // A device has no end. More than a key has is enough to know that the file is none.
    file.take(64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Key::try_from(bytes.as_slice()).map_err(|wrong| wrong.to_string())
}

#[cfg(unix)]
pub fn host_name() -> String {
    nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(windows)]
pub fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn without_options_a_node_has_the_defaults_of_the_library() {
        let Command::Watch(watch) = Options::parse_from(["peers", "watch"]).command else {
            panic!("this is watch")
        };
        assert_eq!(watch.node.config(), Config::default());
    }

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, millis) in [("500ms", 500), ("2s", 2000), ("1.5m", 90_000), ("1h", 3_600_000), ("0ms", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "2", "s", "2 s", "-1s", "1e3s", "2d", "..s", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
