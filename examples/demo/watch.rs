//! Announces itself and prints peers as they come and go, one line each, until it gets SIGINT (Ctrl-C) or SIGTERM:
//! then it says goodbye. Its twins in C and Python are `bindings/c/examples/watch.c` and
//! `bindings/python/examples/watch.py`. On SIGUSR1 it prints who is listed, and its health.
//!
//!     cargo run --example watch -- --name kitchen
//!
//! With a key nobody else can take part, or read what is said. On SIGHUP it reads the file again, which may have several keys,
//! one behind the other:
//!
//!     (umask 077 && head -c 32 /dev/urandom >peers.key)
//!     cargo run --example watch -- --name kitchen --key-file peers.key
//!
//! Peers that multicast does not reach are found by seeds, which may be in a file that SIGHUP has read again, too:
//!
//!     cargo run --example watch -- --name kitchen --unicast-port 49002 --seeds 10.0.1.5:49002,peers.example:49002

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use peers::{
    ChangeDetection, Config, ErrorKind, Event, Family, Health, InterfaceStatus, Key, LeaveReason, Mode, Peer,
    Peers, Seed,
};
use peers_proto::KEY_LEN;
use zeroize::Zeroizing;

const OPTIONS: &str = "--name, --cluster and --value TEXT, --key-file PATH (of keys of 32 bytes, the first seals), \
                       --interval and --expiry in milliseconds, --port, --group (IPv4), --interfaces \
                       LIST, --max-peers N, --ipv4-only, --ipv6-only, --detect-changes system|poll|watchdog|none (how changes \
                       of the network are noticed; else in all ways), --mode multicast|seeds|both|swim, --seeds LIST, \
                       --seed-file PATH (of such a list), --unicast-port";

/// The files that are read again on SIGHUP.
#[derive(Default)]
struct Files {
    keys: Option<String>,
    seeds: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watch: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a node, and prints a line for each change of its list, until a signal ends it. The demo runs it, too.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let (config, files) = config(arguments)?;
    let mut signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1]);
    if files.keys.is_some() || files.seeds.is_some() {
        signals.add(Signal::SIGHUP);
    }
    // Blocked, they wait for the thread that asks for them.
    signals.thread_block()?;
    let node = Arc::new(Peers::start(config)?);
    let obeying = node.clone();
    let stopper = thread::spawn(move || obey(&obeying, &signals, &files));
    loop {
        match node.next_event(None) {
            Ok(event) => print(&event),
            Err(error) if error.kind() == ErrorKind::Stopped => break,
            Err(error) => return Err(error.into()),
        }
    }
    // It ends when the goodbye has been said.
    stopper.join().expect("it does not panic")?;
    Ok(())
}

/// Does what the signals ask for, until one asks it to stop.
fn obey(node: &Peers, signals: &SigSet, files: &Files) -> nix::Result<()> {
    loop {
        let done = match signals.wait()? {
            Signal::SIGUSR1 => print_status(node),
            Signal::SIGHUP => read_again(node, files),
            _ => {
                node.stop();
                return Ok(());
            }
        };
        if let Err(error) = done {
            // It goes on as it was.
            eprintln!("watch: {error}");
        }
    }
}

fn read_again(node: &Peers, files: &Files) -> Result<(), Box<dyn Error>> {
    if let Some(path) = &files.keys {
        node.set_keys(&read_keys(path)?)?;
        println!("took new keys");
    }
    if let Some(path) = &files.seeds {
        node.set_seeds(&read_seeds(path)?)?;
        println!("took new seeds");
    }
    Ok(())
}

fn read_seeds(path: &str) -> Result<Vec<Seed>, Box<dyn Error>> {
    let list = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(Seed::list(&list)?)
}

/// The keys in a file that nobody else may read. What is read is wiped from memory.
fn read_keys(path: &str) -> Result<Vec<Key>, Box<dyn Error>> {
    let file = File::open(path).map_err(|error| format!("{path}: {error}"))?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(format!("{path}: others may use this file; say chmod 600").into());
    }
    // Grown, it would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(4096).read_to_end(&mut bytes).map_err(|error| format!("{path}: {error}"))?;
    if bytes.is_empty() || bytes.len() % KEY_LEN != 0 {
        return Err(format!("{path}: it has {} bytes; a key has {KEY_LEN}", bytes.len()).into());
    }
    Ok(bytes.chunks(KEY_LEN).map(|key| Key::try_from(key).expect("it has the length of a key")).collect())
}

fn print_status(node: &Peers) -> Result<(), Box<dyn Error>> {
    for peer in node.list()? {
        let id: String = peer.id.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
        println!("listed {} {} {id} {:?}", peer.name, address(&peer), peer.source);
        let addresses: Vec<String> = peer.addresses.iter().map(|known| known.address.to_string()).collect();
        println!("addresses {} {}", peer.name, addresses.join(" "));
        println!("value {} {}", peer.name, String::from_utf8_lossy(&peer.value));
    }
    for status in node.interfaces() {
        let InterfaceStatus { name, usage, sent, looped_back, received, last_error, why, .. } = &status;
        let family = if status.family == Family::V4 { 4 } else { 6 };
        println!(
            "interface {name} {family} {usage:?} sent={sent} looped_back={looped_back} received={received} {last_error}{why}"
        );
    }
    print_health(&node.health());
    Ok(())
}

fn print_health(health: &Health) {
    let counters = &health.counters;
    let figures = [
        ("peers", health.peers as u64),
        ("sent", counters.sent),
        ("received", counters.received),
        ("looped_back", counters.looped_back),
        ("malformed", counters.malformed),
        ("wrong_key", counters.wrong_key),
        ("other_cluster", counters.other_cluster),
        ("stale", counters.stale),
        ("unvalidated", counters.unvalidated),
        ("refused_full", counters.refused_full),
        ("rate_limited", counters.rate_limited),
        ("off_link", counters.off_link),
        ("send_errors", counters.send_errors),
        ("id_conflicts", counters.id_conflicts),
    ];
    match &health.reason {
        None => println!("state {:?}", health.state()),
        Some((reason, words)) => println!("state {:?} {reason:?} {words}", health.state()),
    }
    let figures: Vec<String> = figures.iter().map(|(name, value)| format!("{name}={value}")).collect();
    println!("health {}", figures.join(" "));
}

fn print(event: &Event) {
    match event {
        Event::Joined(peer) => println!("joined {} {}", peer.name, address(peer)),
        Event::Updated(peer) => println!("updated {} {}", peer.name, address(peer)),
        Event::Left(peer, LeaveReason::Goodbye) => println!("left {} (goodbye)", peer.name),
        Event::Left(peer, LeaveReason::Expired) => println!("left {} (expired)", peer.name),
        Event::Left(peer, LeaveReason::Unreachable) => println!("left {} (unreachable)", peer.name),
        Event::Left(peer, reason) => println!("left {} ({reason:?})", peer.name),
        Event::Resync => println!("resync"),
        other => println!("{other:?}"),
    }
}

/// What the arguments ask for, and the files they name.
fn config(arguments: &[String]) -> Result<(Config, Files), Box<dyn Error>> {
    let (mut config, mut files) = (Config::default(), Files::default());
    let mut arguments = arguments.iter();
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{option} needs a value"));
        let wrong = |error: &dyn Error| format!("{option}: {error}");
        match option.as_str() {
            "--name" => config.name = Some(value()?.clone()),
            "--cluster" => config.cluster = value()?.clone(),
            "--value" => config.value = value()?.clone().into_bytes(),
            "--key-file" => config.keys = read_keys(files.keys.insert(value()?.clone()))?,
            "--interval" => config.interval = milliseconds(value()?).map_err(|error| wrong(&error))?,
            "--expiry" => config.expiry = milliseconds(value()?).map_err(|error| wrong(&error))?,
            "--port" => config.port = value()?.parse().map_err(|error| wrong(&error))?,
            "--group" => config.group_v4 = Some(value()?.parse().map_err(|error| wrong(&error))?),
            "--interfaces" => config.interfaces = Some(value()?.clone()),
            "--max-peers" => config.max_peers = value()?.parse().map_err(|error| wrong(&error))?,
            "--ipv4-only" => config.group_v6 = None,
            "--ipv6-only" => config.group_v4 = None,
            "--detect-changes" => config.change_detection = only(value()?)?,
            "--mode" => config.mode = mode(value()?)?,
            "--seeds" => config.seeds = Seed::list(value()?)?,
            "--seed-file" => config.seeds = read_seeds(files.seeds.insert(value()?.clone()))?,
            "--unicast-port" => config.unicast_port = value()?.parse().map_err(|error| wrong(&error))?,
            _ => return Err(format!("{option} is not known; there are {OPTIONS}").into()),
        }
    }
    Ok((config, files))
}

fn milliseconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

/// Only the named way to detect changes.
fn only(way: &str) -> Result<ChangeDetection, String> {
    let none = ChangeDetection { system: false, poll: false, watchdog: false };
    match way {
        "system" => Ok(ChangeDetection { system: true, ..none }),
        "poll" => Ok(ChangeDetection { poll: true, ..none }),
        "watchdog" => Ok(ChangeDetection { watchdog: true, ..none }),
        "none" => Ok(none),
        _ => Err(format!("--detect-changes {way} is not known; there are system, poll, watchdog and none")),
    }
}

fn mode(name: &str) -> Result<Mode, String> {
    match name {
        "multicast" => Ok(Mode::Multicast),
        "seeds" => Ok(Mode::Seeds),
        "both" => Ok(Mode::MulticastAndSeeds),
        "swim" => Ok(Mode::Swim),
        _ => Err(format!("--mode {name} is not known; there are multicast, seeds, both and swim")),
    }
}

fn address(peer: &Peer) -> String {
    peer.address_text(peers::zone_name).unwrap_or_default()
}
