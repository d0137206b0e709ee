//! `Sockets`: the socket pairs of both families, kept in step with the interfaces of the host.
//!
//! An error of a method means that another part of the program has closed a descriptor, but for `open`.

mod troubles;

use std::io;
use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::interface_status::{InterfaceStatus, Usage};
use crate::net::interfaces::Choice;
use crate::net::link::Link;
use crate::net::report::{Receipt, Refresh, SendStats, TransportReport};
use crate::net::socket_config::SocketConfig;
use crate::net::socket_pair::{Number, SocketPair};
use crate::sys;
use crate::sys::batch::{self, ReceiveBatch, Received};
use crate::sys::call_error::CallError;
use crate::sys::interface::{Interface, Listing};
use crate::sys::optional::{self, Refusals};
use crate::sys::poller::Poller;
use crate::sys::socket::{self, OwnedSocket, port_of};
use crate::sys::{Descriptor, NetworkMonitor, Way, options};
use peers_proto::{Arrival, Destination, Family, Node, Transmit};

/// Ports tried for one that both families can have. Few ports are taken in one family alone.
const PORTS_TRIED: usize = 16;

/// After a look at the interfaces an announcement within this time needs no other. The first one comes right after the start.
const LOOK_GAP: Duration = Duration::from_millis(50);

pub(crate) struct Sockets {
    config: SocketConfig,
    pairs: Vec<SocketPair>,
    /// Groups whose family has no sockets, each with the call that the system refused.
    shut: Vec<(SocketAddr, CallError)>,
    /// The port of the unicast sockets, which a reopen tries to keep.
    unicast_port: u16,
    interfaces: Arc<[Interface]>,
    /// When the interfaces were listed last.
    looked_at: Instant,
    /// Why each interface is used or not, and whether loopback alone is.
    choice: Choice,
    /// Why the interfaces could not be listed.
    listing_error: Option<CallError>,
    /// Without multicast: why none of the last datagrams could be sent.
    refusal: Option<io::Error>,
    off_link: u64,
    /// `None` if it is turned off, or refused by the system; then changes are detected in the other ways.
    monitor: Option<NetworkMonitor>,
    refusals: Arc<Refusals>,
}

impl Sockets {
    pub fn open(config: SocketConfig, refusals: Arc<Refusals>, now: Instant) -> Result<Self, Error> {
        let mut sockets = Sockets {
            config,
            pairs: Vec::new(),
            shut: Vec::new(),
            unicast_port: 0,
            interfaces: Arc::default(),
            looked_at: now,
            choice: Choice::default(),
            listing_error: None,
            refusal: None,
            off_link: 0,
            monitor: None,
            refusals,
        };
        sockets.open_missing();
        sockets.check_unicast()?;
        // Before the first look at the interfaces, so that no change falls between.
        sockets.subscribe();
        sockets.follow_interfaces(now).map_err(|error| Error::system("joining the groups", &error))?;
        sockets.check_receivers()?;
        Ok(sockets)
    }

    /// An error if no family has sockets, or one lacks the port that the program chose: peers name it, by whatever family.
    fn check_unicast(&self) -> Result<(), Error> {
        let is_port_held = |(_, failed): &(SocketAddr, CallError)| options::is_port_held(&failed.error);
        let lacks_port = self.config.unicast_port != 0 && self.shut.iter().any(is_port_held);
        // A system without a family says so, and has refused the other for a reason that can be mended.
        match self.shut.iter().min_by_key(|(_, failed)| is_unsupported(&failed.error)) {
            Some((_, failed)) if self.pairs.is_empty() || lacks_port => {
                Err(cannot_open(&self.config, self.config.unicast_port, failed))
            }
            _ => Ok(()),
        }
    }

    /// An error if the system refused each socket that receives from a group.
    fn check_receivers(&self) -> Result<(), Error> {
        let has_any = self.pairs.iter().any(SocketPair::has_receiver);
        match self.pairs.iter().find_map(|pair| pair.receiver_error.as_ref()) {
            Some(failed) if !has_any => Err(cannot_open(&self.config, self.pairs[0].group().port(), failed)),
            _ => Ok(()),
        }
    }

    /// Opens the sockets of each family that has none. True if any were opened.
    fn open_missing(&mut self) -> bool {
        let before = self.pairs.len();
        let has_none = |group: &SocketAddr| self.pairs.iter().all(|pair| pair.group() != *group);
        let groups: Vec<SocketAddr> = self.config.groups.iter().copied().filter(has_none).collect();
        self.shut.clear();
        for (group, unicast) in groups.iter().zip(self.open_unicast(&groups)) {
            let SocketConfig { hops, multicast, .. } = self.config;
            let open = |unicast| SocketPair::new(*group, unicast, hops, multicast, self.refusals.clone());
            match unicast.and_then(open) {
                Ok(pair) => self.pairs.push(pair),
                Err(failed) => self.shut.push((*group, failed)),
            }
        }
        if let Some(pair) = self.pairs.first() {
            self.unicast_port = pair.unicast_port;
        }
        self.pairs.len() > before
    }

    /// Opens the unicast socket of each group's family: on the port that the program chose, or on one that is free in all families,
    /// so that a peer that knows the port reaches the node by each. The last resort is a port for each family.
    fn open_unicast(&self, groups: &[SocketAddr]) -> Vec<Result<OwnedSocket, CallError>> {
        let open = |group: &SocketAddr, port| {
            socket::open_unicast(group.is_ipv6(), self.config.hops, port, &self.refusals)
        };
        let open_all = |mut port| -> Vec<_> {
            let open_same = |group| {
                let opened = open(group, port);
                port = opened.as_ref().ok().and_then(|socket| port_of(socket).ok()).unwrap_or(port);
                opened
            };
            groups.iter().map(open_same).collect()
        };
        if self.config.unicast_port != 0 {
            return open_all(self.config.unicast_port);
        }
        let is_held = |opened: &Result<_, CallError>| {
            opened.as_ref().is_err_and(|failed| options::is_port_held(&failed.error))
        };
        let ports = iter::once(self.unicast_port).chain(iter::repeat_n(0, PORTS_TRIED));
        ports
            .map(open_all)
            .find(|opened| !opened.iter().any(is_held))
            .unwrap_or_else(|| groups.iter().map(|group| open(group, 0)).collect())
    }

    /// Subscribes to reports of changes, unless that is done or turned off.
    fn subscribe(&mut self) {
        if self.config.change_detection.system && self.monitor.is_none() {
            self.monitor = self.refusals.settle(optional::MONITOR, NetworkMonitor::subscribe());
        }
    }

    /// Detects changes of the network and follows them.
    ///
    /// `is_silent` says that nothing was received for the expiry time, `is_announcing` that the node is about to send to the
    /// group.
    pub fn refresh(
        &mut self,
        poller: &Poller,
        is_silent: bool,
        is_announcing: bool,
        now: Instant,
    ) -> io::Result<Refresh> {
        let is_reported = match &self.monitor {
            Some(monitor) if poller.at(monitor.descriptor()).is_readable => match monitor.drain() {
                // The error of a closed descriptor is none of the system.
                Err(error) if error.raw_os_error().is_none() => return Err(error),
                drained => self.refusals.settle(optional::MONITOR, drained).unwrap_or(false),
            },
            _ => false,
        };
        if is_silent && self.config.change_detection.watchdog {
            return self.reopen(now);
        }
        // What the system has refused is tried once more.
        let has_opened = is_announcing && {
            self.subscribe();
            self.open_missing()
        };
        let is_look_due = self.config.change_detection.poll && now >= self.looked_at + LOOK_GAP;
        let may_have_changed = is_reported || (is_announcing && is_look_due);
        let has_followed = (may_have_changed || has_opened) && self.follow_interfaces(now)?;
        Ok(match has_followed || has_opened {
            true => Refresh::Followed,
            false => Refresh::Unneeded,
        })
    }

    /// Sends datagrams of the node.
    pub fn send(&mut self, transmits: impl Iterator<Item = Transmit>, now: Instant) -> io::Result<SendStats> {
        let mut stats = SendStats::default();
        for Transmit { payload, to, source, only_on_link } in transmits {
            for pair in &mut self.pairs {
                match to {
                    Destination::GroupV4 if pair.is_v6() => {}
                    Destination::Group | Destination::GroupV4 => {
                        pair.send_to_group(&payload, &self.interfaces, &mut stats, now)?;
                    }
                    Destination::Interface { index, family } if pair.family() == family => {
                        let interface = self.interfaces.iter().find(|used| used.index == index);
                        let used = interface.map_or(&[][..], std::slice::from_ref);
                        pair.send_to_group(&payload, used, &mut stats, now)?;
                    }
                    Destination::Peer { address, interface } if address.is_ipv6() == pair.is_v6() => {
                        let used = self.interfaces.iter().find(|used| used.index == interface);
                        if let Some(way) = way_to(address, used, source, only_on_link) {
                            pair.send_to_peer(&payload, address, &way, &mut stats)?;
                        }
                    }
                    Destination::Interface { .. } | Destination::Peer { .. } => {}
                }
            }
        }
        self.note_refusal(&stats);
        Ok(stats)
    }

    /// Receives a batch, and the errors that wait, from the sockets at which a poll has found any.
    pub fn receive(&mut self, poller: &Poller, batch: &mut ReceiveBatch) -> io::Result<Receipt> {
        let mut receipt = Receipt::default();
        for pair in self.pairs.iter_mut().filter(|pair| pair.has_error(poller)) {
            receipt.has_any |= pair.receive_errors()?;
        }
        let numbers = |(at, pair): (usize, &SocketPair)| {
            pair.readable(poller).map(move |number| (number, at)).collect::<Vec<_>>()
        };
        let mut readable: Vec<(Number, usize)> = self.pairs.iter().enumerate().flat_map(numbers).collect();
        // The group first. What a peer sends by unicast answers what it has received, and has a later number than its query.
        readable.sort_unstable_by_key(|(number, at)| (*number == 0, *number, *at));
        // Each has an equal share, so that a flood at one does not starve the others. Sockets with more to receive get the rest
        // at the next poll.
        let share = (batch::LENGTH / readable.len().max(1)).max(1);
        let (config, interfaces) = (&self.config, &self.interfaces);
        batch.clear();
        for (number, at) in readable {
            let is_wanted = |received: &Received| {
                let is_wanted = config.accepts_off_link || is_on_link(received, interfaces);
                self.off_link += u64::from(!is_wanted);
                is_wanted
            };
            receipt.may_be_more |= self.pairs[at].receive(number, share, batch, is_wanted)?;
        }
        receipt.has_any |= !batch.is_empty();
        Ok(receipt)
    }

    /// Number of datagrams from off-link that were dropped.
    pub fn off_link(&self) -> u64 {
        self.off_link
    }

    /// Passes the node its interfaces, and the ports of its unicast sockets. True if the node announces a change.
    pub fn introduce(&self, node: &mut Node, now: Instant) -> bool {
        let interfaces: Vec<_> = self.interfaces.iter().map(Interface::to_node).collect();
        let ports: Vec<u16> = self.pairs.iter().map(|pair| pair.unicast_port).collect();
        node.set_interfaces(&interfaces, &ports, now)
    }

    /// Takes the destinations that ICMP errors have reported, and the interfaces through which the errors came.
    pub fn take_unreachable(&mut self) -> impl Iterator<Item = (SocketAddr, u32)> {
        self.pairs.iter_mut().flat_map(SocketPair::take_unreachable)
    }

    /// The state of the network.
    pub fn report(&self) -> TransportReport {
        let send = self.pairs.iter().filter_map(|pair| pair.send_trouble.clone());
        let join = self.pairs.iter().filter_map(|pair| pair.join_trouble.clone());
        let none = self.isolation().into_iter().chain(self.missing_sockets());
        let receive = self.failing_receives().into_iter().chain(self.silence());
        let troubles = none.chain(send).chain(join).chain(receive).collect();
        TransportReport { interfaces: self.interfaces.clone(), troubles }
    }

    /// Each interface and family of the host, with what was counted there.
    pub fn interface_statuses(&self) -> Vec<InterfaceStatus> {
        let mut all = self.choice.all.clone();
        for status in &mut all {
            let pair = self.pairs.iter().find(|pair| pair.family() == status.family);
            if pair.is_none() && status.usage == Usage::Used {
                status.usage = Usage::FamilyOff;
            }
            if let Some((_, failed)) =
                self.shut.iter().find(|(group, _)| Family::of(group.ip()) == status.family)
            {
                status.why = "the system refuses a socket of this family".into();
                status.last_error = failed.to_string();
            }
            if let Some(link) =
                pair.and_then(|pair| pair.links.iter().find(|link| link.index == status.index))
            {
                (status.sent, status.looped_back, status.received) =
                    (link.sent, link.looped_back, link.received);
                status.last_error.clone_from(&link.last_error);
            }
        }
        all
    }

    /// What to poll for datagrams, errors and changes.
    pub fn descriptors(&self) -> impl Iterator<Item = Descriptor> {
        let monitor = self.monitor.iter().map(NetworkMonitor::descriptor);
        self.pairs.iter().flat_map(SocketPair::descriptors).chain(monitor)
    }

    /// An error if another part of the program has closed a descriptor.
    pub fn check(&self) -> io::Result<()> {
        self.pairs.iter().try_for_each(SocketPair::check)?;
        self.monitor.iter().try_for_each(NetworkMonitor::check)
    }

    /// Reopens the sockets, on the same ports if they are still free, and joins the groups on every interface again.
    fn reopen(&mut self, now: Instant) -> io::Result<Refresh> {
        // A process that may open no more descriptors keeps those it has.
        let is_v6 = self.config.groups.iter().all(SocketAddr::is_ipv6);
        if let Err(failed) = socket::udp_socket(is_v6, &self.refusals) {
            return Ok(Refresh::Failed(cannot_open(&self.config, 0, &failed)));
        }
        // The old ones first: they hold the ports.
        let links: Vec<(Family, Vec<Link>)> =
            self.pairs.drain(..).map(|pair| (pair.family(), pair.into_links())).collect();
        self.open_missing();
        for (family, links) in links {
            if let Some(pair) = self.pairs.iter_mut().find(|pair| pair.family() == family) {
                pair.links = links;
            }
        }
        if self.pairs.is_empty() {
            return Ok(Refresh::Failed(cannot_open(&self.config, self.unicast_port, &self.shut[0].1)));
        }
        self.follow_interfaces(now)?;
        Ok(Refresh::Reopened)
    }

    /// Looks at the interfaces, and brings the joins up to date. True if anything changed.
    fn follow_interfaces(&mut self, now: Instant) -> io::Result<bool> {
        self.looked_at = now;
        let mut has_changed = false;
        match sys::interfaces::all() {
            Ok(Listing { interfaces, refused }) => {
                self.refusals.settle(optional::LINKS, refused.map_or(Ok(()), Err));
                self.refusals.settle(optional::INTERFACES, Ok::<_, CallError>(()));
                self.listing_error = None;
                let families: Vec<Family> =
                    self.config.groups.iter().map(|group| Family::of(group.ip())).collect();
                self.choice = self.config.selection.choose(&interfaces, &families);
                has_changed = *self.choice.used != *self.interfaces;
                self.interfaces = self.choice.used.clone().into();
            }
            // The last list stays in use.
            Err(failed) => {
                self.refusals.settle(optional::INTERFACES, Err::<(), _>(&failed));
                self.listing_error = Some(failed);
            }
        }
        for pair in &mut self.pairs {
            pair.watch(self.config.silence_limit, now);
            has_changed |= pair.follow(&self.interfaces)?;
        }
        Ok(has_changed)
    }

    /// Notes, without multicast, whether any datagram could be sent. One unreachable seed is no trouble while another can be
    /// reached.
    fn note_refusal(&mut self, stats: &SendStats) {
        let refusal = self.pairs.iter_mut().filter_map(|pair| pair.peer_error.take()).last();
        if !self.config.multicast && stats.sent + stats.errors > 0 {
            self.refusal = refusal.filter(|_| stats.sent == 0);
        }
    }
}

fn held(port: u16) -> String {
    format!(
        "UDP port {port} is in use by a socket that does not share it; end that program, have it set SO_REUSEADDR, or choose another port"
    )
}

/// Returns the way to a peer. `None` if a datagram would leave its link that must not. Routing chooses the way to an off-link
/// peer.
fn way_to(
    to: SocketAddr,
    interface: Option<&Interface>,
    source: Option<IpAddr>,
    only_on_link: bool,
) -> Option<Way> {
    let stays = only_on_link && options::keeps_on_link(to.is_ipv6());
    match interface.filter(|interface| stays || interface.is_on_link(to.ip())) {
        Some(interface) => {
            let source = source.or(interface.source(Family::of(to.ip())));
            Some(Way { interface: interface.index, source, only_on_link })
        }
        None if only_on_link && !stays => None,
        None => Some(Way { only_on_link, ..Way::default() }),
    }
}

/// True unless a datagram comes from off-link. Multicast is on-link by its TTL. The node checks that of unicast, if the system
/// reports it.
fn is_on_link(received: &Received, interfaces: &[Interface]) -> bool {
    let is_checked = received.arrival == Arrival::Group || received.hops.is_some();
    is_checked || interfaces.iter().any(|interface| interface.is_on_link(received.from.ip()))
}

fn is_unsupported(error: &io::Error) -> bool {
    error.raw_os_error() == Some(options::NO_SUCH_FAMILY)
}

/// The error for a socket that the system refused, for this port.
fn cannot_open(config: &SocketConfig, port: u16, failed: &CallError) -> Error {
    if options::is_port_held(&failed.error) {
        let words = match port == config.unicast_port {
            true => format!(
                "UDP port {port} (unicast_port) is in use; end that program, or choose another port, for one node of a host can have it"
            ),
            false => held(port),
        };
        return Error::new(ErrorKind::AddressInUse, words);
    }
    let groups: Vec<String> = config.groups.iter().map(SocketAddr::to_string).collect();
    Error::system(format!("opening the sockets for {}: {}", groups.join(" and "), failed.call), &failed.error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::interfaces::Selection;
    use crate::net::socket_config::ChangeDetection;

    /// Fails the test if it passes.
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn a_flood_of_the_group_leaves_room_for_unicast() {
        let port =
            socket::open_unicast(false, 1, 0, &Refusals::default()).and_then(|socket| port_of(&socket));
        let group = SocketAddr::from(([239, 2, 3, 4], port.expect("there are free ports")));
        let config = SocketConfig {
            groups: vec![group],
            multicast: true,
            accepts_off_link: false,
            hops: 1,
            unicast_port: 0,
            selection: Selection::parse(Some("lo*")).expect("a pattern need not match"),
            change_detection: ChangeDetection { system: true, poll: true, watchdog: true },
            silence_limit: LONG,
        };
        let mut sockets = Sockets::open(config, Arc::default(), Instant::now()).expect("the port is free");
        let mut poller = Poller::default();
        let address = sockets
            .interfaces
            .iter()
            .find_map(|interface| interface.source(Family::V4))
            .expect("there is one");
        let address = SocketAddr::from((address, sockets.unicast_port));
        let transmit = |payload: &[u8], to| Transmit {
            payload: Arc::from(payload),
            to,
            source: None,
            only_on_link: false,
        };
        let alone = transmit(b"alone", Destination::Peer { address, interface: 0 });
        let flood = transmit(b"flood", Destination::GroupV4);
        let sent =
            sockets.send(iter::repeat_n(flood, 100).chain([alone]), Instant::now()).expect("they are open");
        assert_eq!(sent.errors, 0);

        let (mut batch, mut count) = (ReceiveBatch::new(), 0);
        poller.watch(sockets.descriptors());
        poller.poll(LONG).expect("they can be polled");
        assert!(sockets.receive(&poller, &mut batch).expect("they are open").may_be_more);
        let is_alone = |arrival| matches!(arrival, Arrival::Unicast);
        assert_eq!(batch.iter().filter(|(_, received)| is_alone(received.arrival)).count(), 1);
        assert!(batch.iter().count() > batch::LENGTH / 2);
        while count < sent.sent as usize {
            count += batch.iter().count();
            let timeout = if count < sent.sent as usize { LONG } else { Duration::ZERO };
            poller.watch(sockets.descriptors());
            poller.poll(timeout).expect("they can be polled");
            sockets.receive(&poller, &mut batch).expect("they are open");
        }
        assert_eq!(count, sent.sent as usize);
        assert_eq!(batch.iter().count(), 0);
    }

    #[test]
    fn datagram_for_the_link_leaves_by_its_interface_alone() {
        let eth0 = Interface::with_addresses(&[
            ("169.254.7.7", 16),
            ("192.0.2.1", 24),
            ("fe80::7", 64),
            ("2001:db8::7", 64),
        ]);
        let way = |to: &str, interface: Option<&Interface>, only_on_link| {
            way_to(to.parse().expect("it is a socket address"), interface, None, only_on_link)
        };
        let through = |source: &str, only_on_link| {
            Some(Way { interface: 2, source: source.parse().ok(), only_on_link })
        };
        assert_eq!(way("192.0.2.2:5", Some(&eth0), true), through("192.0.2.1", true));
        assert_eq!(way("[2001:db8::8]:5", Some(&eth0), true), through("fe80::7", true));
        assert_eq!(way("[2001:db9::8]:5", Some(&eth0), true), None, "MSG_DONTROUTE has no effect there");
        if options::keeps_on_link(false) {
            assert_eq!(way("198.51.100.2:5", Some(&eth0), true), through("192.0.2.1", true));
        }
        assert_eq!(way("192.0.2.2:5", Some(&eth0), false), through("192.0.2.1", false));
        assert_eq!(way("198.51.100.2:5", Some(&eth0), false), Some(Way::default()), "routing chooses");
    }
}
