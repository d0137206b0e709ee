//! `peers doctor`: explains whether nodes on this host find others, and if not, why.

mod advice;
mod firewall;
mod interfaces;
mod report;

use std::collections::HashSet;
use std::net::{IpAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use peers::{
    Config, Event, Family, Health, InterfaceStatus, LeaveReason, Mode, Network, Peer, Reason, State, Usage,
};

use crate::failure::Failure;
use crate::inputs::{Input, Inputs};
use crate::node::Node;
use crate::options::{Doctor, deadline};
use crate::text;
use interfaces::Interface;
use report::{Level, Report};

/// Runs the command.
pub fn run(options: &Doctor) -> Result<ExitCode, Failure> {
    let inputs = Inputs::new(false)?;
    let config = options.node.looking("doctor");
    check(&config)?;
    let mut report = Report::new(options.json);
    match examine(&mut report, &inputs, &config, options.wait) {
        Ok(()) => {}
        Err(Failure::Failed(detail)) => {
            report.add(Level::Bad, &format!("a node does not start: {detail}"))?
        }
        Err(failure) => return Err(failure),
    }
    report.finish()
}

/// Returns an error for a wrong value, before the report begins.
fn check(config: &Config) -> Result<(), Failure> {
    Node::start(Config { network: Network::Memory("doctor".into()), ..config.clone() })?;
    interfaces::check(config)
}

fn examine(report: &mut Report, inputs: &Inputs, config: &Config, wait: Duration) -> Result<(), Failure> {
    report.section("Options")?;
    report.add(Level::Note, &advice::way(config))?;
    // That node has ended before the next ones, which are in another cluster, would show in its health.
    let interfaces = interfaces::all(&Node::start(Config { log: None, ..config.clone() })?);
    if has_multicast(config) {
        show_interfaces(report, config, &interfaces)?;
        // By nodes in a cluster of their own, which the programs on the network do not list.
        check_own_messages(report, inputs, config, &interfaces, wait)?;
    }
    let node = Node::start(config.clone())?;
    let heard = listen(inputs, &node, wait)?;
    if config.mode != Mode::Multicast {
        show_seeds(report, config, &heard, wait)?;
    }
    show_nodes(report, config, &interfaces, &heard, wait)?;
    show_firewall(report, config)?;
    show_health(report, &node.health())?;
    if has_multicast(config) {
        show_counts(report, &interfaces::all(&node))?;
    }
    Ok(())
}

/// Shows what went through each interface in use.
fn show_counts(report: &mut Report, interfaces: &[Interface]) -> Result<(), Failure> {
    for status in interfaces.iter().flat_map(|interface| &interface.families) {
        if status.usage == Usage::Used {
            let family = if status.family == Family::V4 { "IPv4" } else { "IPv6" };
            let InterfaceStatus { name, sent, looped_back, received, last_error, .. } = status;
            let error =
                if last_error.is_empty() { String::new() } else { format!("; last error: {last_error}") };
            let words = format!(
                "{name}, {family}: {sent} sent to the group, {looped_back} of them back, {received} received{error}"
            );
            report.add(Level::Note, &words)?;
        }
    }
    report.interfaces(interfaces);
    Ok(())
}

fn has_multicast(config: &Config) -> bool {
    matches!(config.mode, Mode::Multicast | Mode::MulticastAndSeeds)
}

fn show_interfaces(report: &mut Report, config: &Config, interfaces: &[Interface]) -> Result<(), Failure> {
    report.section("Interfaces")?;
    for interface in interfaces {
        let named = config.interfaces.is_some() && interface.is_chosen();
        match &interface.obstacle {
            None => {
                report
                    .add(Level::Ok, &format!("{interface} is used for {}", interface.versions_in_words()))?;
                report.hints(advice::of_interface(interface))?;
            }
            Some(why) if named => report
                .add(Level::Bad, &format!("{interface} is named by --interface, but not used: {why}"))?,
            Some(why) => report.add(Level::Note, &format!("{interface} is not used: {why}"))?,
        }
    }
    if interfaces.iter().all(|interface| interface.obstacle.is_some()) {
        report.add(Level::Bad, "no interface is used, so nothing is sent or received")?;
    }
    Ok(())
}

/// Two nodes on one interface, by one version of IP.
struct Pair {
    place: String,
    first: Node,
    _second: Node,
}

impl Pair {
    fn start(config: &Config, interface: &Interface, is_v4: bool) -> Result<Pair, Failure> {
        let place = format!("{}, {}", interface.name, if is_v4 { "IPv4" } else { "IPv6" });
        let start = |name: &str| {
            Node::start(Config {
                name: Some(name.to_owned()),
                cluster: config.name.clone().unwrap_or_default(),
                keys: Vec::new(),
                interfaces: Some(interface.name.clone()),
                group_v4: config.group_v4.filter(|_| is_v4),
                group_v6: config.group_v6.filter(|_| !is_v4),
                mode: Mode::Multicast,
                seeds: Vec::new(),
                unicast_port: 0,
                observer: false,
                ..config.clone()
            })
        };
        Ok(Pair { place, first: start("first")?, _second: start("second")? })
    }

    fn receives_itself(&self) -> bool {
        self.first.health().counters.looped_back > 0
    }

    fn receives_second(&self) -> bool {
        self.first.health().peers > 0
    }
}

/// Reports for each interface whether the messages of a node arrive, at itself and at a second node.
fn check_own_messages(
    report: &mut Report,
    inputs: &Inputs,
    config: &Config,
    interfaces: &[Interface],
    wait: Duration,
) -> Result<(), Failure> {
    let mut pairs = Vec::new();
    for interface in interfaces.iter().filter(|interface| interface.obstacle.is_none()) {
        for is_v4 in interface.versions() {
            pairs.push(Pair::start(config, interface, is_v4)?);
        }
    }
    if pairs.is_empty() {
        return Ok(());
    }
    // No event reports a node's own message, so the counters are read now and then.
    let works = |pair: &Pair| pair.receives_itself() && pair.receives_second();
    let end = deadline(wait.max(Duration::from_secs(1)));
    while !pairs.iter().all(works) && end.is_none_or(|end| Instant::now() < end) {
        inputs.next(Some(Instant::now() + Duration::from_millis(20)))?;
    }

    report.section("Messages between nodes on this host")?;
    for pair in &pairs {
        let place = &pair.place;
        match (pair.receives_itself(), pair.receives_second()) {
            (true, true) => report
                .add(Level::Ok, &format!("{place}: a node receives its own and those of a second node"))?,
            (true, false) => {
                report.add(
                    Level::Bad,
                    &format!("{place}: a node receives its own, but none of a second node"),
                )?;
            }
            (false, _) => {
                report.add(Level::Bad, &format!("{place}: a node does not receive its own"))?;
                report.hints([
                    "The system gives a message back to its sender, unless a firewall drops it: see Firewall below.".to_owned(),
                ])?;
            }
        }
    }
    Ok(())
}

/// A peer that was heard, and why it left, if it did.
struct Heard {
    peer: Peer,
    left: Option<LeaveReason>,
}

impl Heard {
    fn is(&self, other: &Peer) -> bool {
        let peer = &self.peer;
        match (peer.id, other.id) {
            (None, None) => peer.name == other.name,
            (own, other) => own == other,
        }
    }

    fn words(&self) -> String {
        let address = text::address(&self.peer).unwrap_or_default();
        let port = if self.peer.port == 0 { String::new() } else { format!(" port {}", self.peer.port) };
        let left = self.left.map_or(String::new(), |why| format!(", left ({})", text::reason(why)));
        format!("{} ({address}{port}), {}{left}", text::printable(&self.peer.name), text::source(&self.peer))
    }
}

/// Listens for the whole time. Returns every peer that was heard in it, ordered by name.
fn listen(inputs: &Inputs, node: &Node, wait: Duration) -> Result<Vec<Heard>, Failure> {
    let mut heard: Vec<Heard> = Vec::new();
    let mut note = |peer: Peer, left: Option<LeaveReason>| {
        heard.retain(|known| !known.is(&peer));
        heard.push(Heard { peer, left });
    };
    inputs.follow(node);
    let end = deadline(wait);
    while let Some(input) = inputs.next(end)? {
        match input {
            Input::Event(Event::Joined(peer) | Event::Updated(peer)) => note(peer, None),
            Input::Event(Event::Left(peer, why)) => note(peer, Some(why)),
            Input::Event(_) | Input::Resized | Input::Suspended => {}
        }
    }
    // Events may be lost; the list is not.
    node.list()?.into_iter().for_each(|peer| note(peer, None));
    heard.sort_by(|one, other| one.peer.name.cmp(&other.peer.name));
    Ok(heard)
}

fn show_seeds(report: &mut Report, config: &Config, heard: &[Heard], wait: Duration) -> Result<(), Failure> {
    report.section("Seeds")?;
    if config.seeds.is_empty() {
        report
            .add(Level::Warning, "no --seed is given: the node finds only those that have it for a seed")?;
        return report.hints(advice::of_no_seed(config.unicast_port));
    }
    let mut is_silent = false;
    for seed in &config.seeds {
        // A zone is no part of the address of a peer.
        let host = seed.host().split('%').next().unwrap_or_default();
        let found = (host, seed.port()).to_socket_addrs();
        let addresses: HashSet<IpAddr> = found.into_iter().flatten().map(|address| address.ip()).collect();
        let is_there = |one: &&Heard| one.peer.address.is_some_and(|address| addresses.contains(&address));
        let answering: Vec<_> = heard.iter().filter(is_there).collect();
        if addresses.is_empty() {
            report.add(Level::Warning, &format!("{seed}: the name has no address"))?;
        } else if answering.is_empty() {
            report.add(Level::Warning, &format!("{seed}: no node there was heard in {wait:?}"))?;
            is_silent = true;
        } else {
            report.add(Level::Ok, &format!("{seed}: a node there answers"))?;
            report.hints(answering.iter().map(|one| one.words()))?;
        }
    }
    match is_silent {
        true => report.hints(advice::of_silent_seeds()),
        false => Ok(()),
    }
}

fn show_nodes(
    report: &mut Report,
    config: &Config,
    interfaces: &[Interface],
    heard: &[Heard],
    wait: Duration,
) -> Result<(), Failure> {
    report.section("Other nodes")?;
    report.peers(heard.iter().map(|one| &one.peer));
    let own = interfaces::own_addresses(interfaces);
    let is_here = |one: &&Heard| one.peer.address.is_some_and(|address| own.contains(&address));
    let (here, elsewhere): (Vec<_>, Vec<_>) = heard.iter().partition(is_here);
    if !here.is_empty() {
        report.add(Level::Ok, &format!("on this host, {}:", here.len()))?;
        report.hints(here.iter().map(|one| one.words()))?;
    }
    if !elsewhere.is_empty() {
        report.add(Level::Ok, &format!("on other hosts, {}:", elsewhere.len()))?;
        return report.hints(elsewhere.iter().map(|one| one.words()));
    }
    report
        .add(Level::Warning, &format!("no node of another host was heard in {wait:?}. If there is one:"))?;
    report.hints(advice::of_no_node(config, interfaces))
}

fn show_firewall(report: &mut Report, config: &Config) -> Result<(), Failure> {
    report.section("Firewall")?;
    let port = if has_multicast(config) { config.port } else { config.unicast_port };
    let found = firewall::look(port);
    match &found {
        Err(why) => report.add(Level::Note, &format!("the rules of this host were not read: {why}"))?,
        Ok(rules) if rules.dropping.is_empty() => {
            return report.add(Level::Ok, "the rules of this host drop nothing by default");
        }
        Ok(rules) => {
            let chains = rules.dropping.join(", ");
            match rules.names_port {
                true => report
                    .add(Level::Note, &format!("{chains} drops by default; a rule names UDP port {port}"))?,
                false => {
                    report.add(
                        Level::Warning,
                        &format!("{chains} drops by default; no rule names UDP port {port}"),
                    )?;
                }
            }
        }
    }
    report.hints([format!("To let the port in: {}", firewall::opening(port, &found))])
}

fn show_health(report: &mut Report, health: &Health) -> Result<(), Failure> {
    report.section("What the node reports")?;
    if health.state() == State::Running {
        let plural = if health.interfaces == 1 { "" } else { "s" };
        report.add(Level::Ok, &format!("running, on {} interface{plural}", health.interfaces))?;
    }
    match (&health.reason, health.state()) {
        (None, _) => {}
        (Some((_, note)), State::Running) => report.add(Level::Warning, note)?,
        (Some((reason, detail)), state) => {
            let state = if state == State::Failed { "failed" } else { "degraded" };
            report.add(Level::Bad, &format!("{state}: {detail}"))?;
            if *reason == Reason::Resolver {
                report.hints(advice::of_names())?;
            }
        }
    }
    report.counters(&health.counters);
    for (name, count, level, meaning) in advice::of_counters(&health.counters) {
        if count > 0 {
            report.add(level, &format!("{name} {count}: {meaning}"))?;
        }
    }
    Ok(())
}
