//! `Sockets`: the socket pairs of both families, kept in step with the interfaces of the host.
//!
//! An error of a method means that another part of the program has closed a descriptor, but for `open`.

use std::io;
use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::health::Reason;
use crate::net::report::{Refresh, SendStats, TransportReport};
use crate::net::socket_config::SocketConfig;
use crate::net::socket_pair::{self, Role, SocketPair};
use crate::sys::batch::{self, ReceiveBatch, Received};
use crate::sys::interface::Interface;
use crate::sys::poller::Poller;
use crate::sys::socket::{self, OwnedSocket, port_of};
use crate::sys::{Descriptor, NetworkMonitor, options};
use peers_proto::{Destination, Transmit};

/// Ports tried for one that both families can have. Few ports are taken in one family alone.
const PORTS_TRIED: usize = 16;

pub(crate) struct Sockets {
    config: SocketConfig,
    pairs: Vec<SocketPair>,
    /// The port of the unicast sockets, which a reopen tries to keep.
    unicast_port: u16,
    interfaces: Arc<[Interface]>,
    /// Without multicast: why none of the last datagrams could be sent.
    refusal: Option<io::Error>,
    off_link: u64,
    /// `None` if it is turned off, or refused by the system; then changes are detected in the other ways.
    monitor: Option<NetworkMonitor>,
}

impl Sockets {
    pub fn open(config: SocketConfig) -> Result<Self, Error> {
        config.check_protocols()?;
        let pairs = open_pairs(&config, 0)?;
        // Before the first look at the interfaces, so that no change falls between.
        let monitor = config.change_detection.system.then(NetworkMonitor::subscribe).and_then(Result::ok);
        let mut sockets = Sockets {
            config,
            pairs,
            unicast_port: 0,
            interfaces: Arc::default(),
            refusal: None,
            off_link: 0,
            monitor,
        };
        let opened = sockets.note_port().and_then(|()| sockets.follow_interfaces());
        opened.map_err(|error| Error::system("joining the groups", &error))?;
        Ok(sockets)
    }

    /// Detects changes of the network and follows them.
    ///
    /// `is_silent` says that nothing was received for the expiry time, `is_announcing` that the node is about to send to the
    /// group.
    pub fn refresh(&mut self, poller: &Poller, is_silent: bool, is_announcing: bool) -> io::Result<Refresh> {
        let is_reported = match &self.monitor {
            Some(monitor) if poller.at(monitor.descriptor()).is_readable => monitor.drain()?,
            _ => false,
        };
        if is_silent && self.config.change_detection.watchdog {
            return self.reopen();
        }
        let may_have_changed = is_reported || (is_announcing && self.config.change_detection.poll);
        Ok(match may_have_changed && self.follow_interfaces()? {
            true => Refresh::Followed,
            false => Refresh::Unneeded,
        })
    }

    /// Sends datagrams of the node.
    pub fn send(&mut self, transmits: impl Iterator<Item = Transmit>) -> io::Result<SendStats> {
        let mut stats = SendStats::default();
        for Transmit { payload, to } in transmits {
            for pair in &mut self.pairs {
                match to {
                    Destination::GroupV4 if pair.is_v6() => {}
                    Destination::Group | Destination::GroupV4 => {
                        pair.send_to_group(&payload, &self.interfaces, &mut stats)?;
                    }
                    Destination::Peer { address, interface } if address.is_ipv6() == pair.is_v6() => {
                        // Routing chooses the way to an off-link peer.
                        let is_way =
                            |used: &&Interface| used.index == interface && used.is_on_link(address.ip());
                        let way = self.interfaces.iter().find(is_way);
                        pair.send_to_peer(&payload, address, way, &mut stats)?;
                    }
                    Destination::Peer { .. } => {}
                }
            }
        }
        self.note_refusal(&stats);
        Ok(stats)
    }

    /// Receives a batch, and the errors that wait, from the sockets at which a poll has found any. True if more may wait.
    pub fn receive(&mut self, poller: &Poller, batch: &mut ReceiveBatch) -> io::Result<bool> {
        for pair in &mut self.pairs {
            if pair.found(Role::Unicast, poller).has_error {
                pair.receive_errors()?;
            }
        }
        let roles = |role| self.pairs.iter().map(move |pair| (pair, role));
        let is_readable = |(pair, role): &(&SocketPair, Role)| pair.found(*role, poller).is_readable;
        let readable = || Role::ALL.into_iter().flat_map(roles).filter(is_readable);
        // Each has an equal share, so that a flood at one does not starve the others. Sockets with more to receive get the rest
        // at the next poll.
        let share = batch::LENGTH / readable().count().max(1);
        let (accepts_off_link, interfaces, off_link) =
            (self.config.accepts_off_link, &self.interfaces, &mut self.off_link);
        let mut is_wanted = |received: &Received| {
            // Announcements do not reach an off-link sender, so it cannot be a peer.
            let is_wanted = accepts_off_link
                || interfaces.iter().any(|interface| interface.is_on_link(received.from.ip()));
            *off_link += u64::from(!is_wanted);
            is_wanted
        };
        batch.clear();
        let mut may_be_more = false;
        for (pair, role) in readable() {
            may_be_more |= pair.receive(role, share, batch, &mut is_wanted)?;
        }
        Ok(may_be_more)
    }

    /// Number of datagrams from off-link that were dropped.
    pub fn off_link(&self) -> u64 {
        self.off_link
    }

    /// Takes the destinations that ICMP errors have reported.
    pub fn take_unreachable(&mut self) -> impl Iterator<Item = SocketAddr> {
        self.pairs.iter_mut().flat_map(SocketPair::take_unreachable)
    }

    /// The state of the network.
    pub fn report(&self) -> TransportReport {
        let send = self.pairs.iter().filter_map(|pair| pair.send_trouble.clone());
        let join = self.pairs.iter().filter_map(|pair| pair.join_trouble.clone());
        TransportReport {
            interfaces: self.interfaces.clone(),
            troubles: self.isolation().into_iter().chain(send).chain(join).collect(),
        }
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
    fn reopen(&mut self) -> io::Result<Refresh> {
        // A process that may open no more descriptors keeps those it has.
        let is_v6 = self.config.groups.iter().all(SocketAddr::is_ipv6);
        if let Err(error) = socket::udp_socket(is_v6) {
            return Ok(Refresh::Failed(cannot_open(&self.config, 0, &error)));
        }
        // The old ones first: they hold the ports.
        self.pairs.clear();
        match open_pairs(&self.config, self.unicast_port) {
            Ok(pairs) => self.pairs = pairs,
            Err(error) => return Ok(Refresh::Failed(error)),
        }
        self.note_port()?;
        self.follow_interfaces()?;
        Ok(Refresh::Reopened)
    }

    fn note_port(&mut self) -> io::Result<()> {
        if let Some(pair) = self.pairs.first() {
            self.unicast_port = pair.unicast_port()?;
        }
        Ok(())
    }

    /// Looks at the interfaces, and brings the joins up to date. True if anything changed.
    fn follow_interfaces(&mut self) -> io::Result<bool> {
        // If the system cannot list its interfaces, the last list stays in use.
        let Ok(interfaces) = self.config.selection.current(&self.config.groups) else { return Ok(false) };
        let mut has_changed = *interfaces != *self.interfaces;
        self.interfaces = interfaces.into();
        for pair in &mut self.pairs {
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

    /// Why the node can reach no peer at all.
    fn isolation(&self) -> Option<(Reason, String)> {
        if self.config.multicast {
            return self.interfaces.is_empty().then(|| self.no_interface());
        }
        let error = self.refusal.as_ref()?;
        match socket_pair::reason_of(error, Reason::NoInterface) {
            Reason::Permission => Some((Reason::Permission, format!("sending to seeds and peers: {error}"))),
            // With an interface up, the fault may lie with the peers.
            reason => self.interfaces.iter().all(|interface| interface.is_loopback).then(|| {
                let words = "nothing could be sent, and no interface that may be used is up but loopback";
                (reason, format!("{words}: {error}"))
            }),
        }
    }

    fn no_interface(&self) -> (Reason, String) {
        let has = |is_v6| self.config.groups.iter().any(|group| group.is_ipv6() == is_v6);
        let address = match (has(false), has(true)) {
            (true, true) => "an IPv4 or link-local IPv6 address",
            (true, false) => "an IPv4 address",
            (false, _) => "a link-local IPv6 address",
        };
        (Reason::NoInterface, format!("no interface that may be used is up with {address}"))
    }
}

/// Opens the sockets of each family that the system has, the unicast ones on `port`. An error if it has none.
fn open_pairs(config: &SocketConfig, port: u16) -> Result<Vec<SocketPair>, Error> {
    let mut receivers = Vec::new();
    for group in &config.groups {
        let opened = match config.multicast {
            true => socket::open_receiver(*group).map(Some),
            // Only to see whether the system has the family.
            false => socket::udp_socket(group.is_ipv6()).map(|_| None),
        };
        match opened {
            Err(error) if is_unsupported(&error) && config.groups.len() > 1 => {}
            Err(error) => return Err(cannot_open(config, group.port(), &error)),
            Ok(receiver) => receivers.push((*group, receiver)),
        }
    }
    let groups: Vec<SocketAddr> = receivers.iter().map(|(group, _)| *group).collect();
    let unicast = match config.unicast_port {
        0 => open_unicast(&groups, config.hops, port),
        port => open_unicast_at(&groups, config.hops, port),
    };
    let unicast = unicast.map_err(|error| cannot_open(config, config.unicast_port, &error))?;
    let pairs = iter::zip(receivers, unicast);
    Ok(pairs.map(|((group, receiver), unicast)| SocketPair::new(group, receiver, unicast)).collect())
}

/// Opens the unicast sockets of all `groups`, on one port if one is free in both families: a peer that knows the port then
/// reaches the node by both. `port` is tried first, unless it is 0.
fn open_unicast(groups: &[SocketAddr], hops: u8, port: u16) -> io::Result<Vec<OwnedSocket>> {
    // 0 lets the system choose.
    for port in iter::once(port).chain(iter::repeat_n(0, PORTS_TRIED)) {
        match open_unicast_at(groups, hops, port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            opened => return opened,
        }
    }
    groups.iter().map(|group| socket::open_unicast(group.is_ipv6(), hops, 0)).collect()
}

/// Opens the unicast sockets of all `groups` on this port; if it is 0, on the port that the system chooses for the first.
fn open_unicast_at(groups: &[SocketAddr], hops: u8, port: u16) -> io::Result<Vec<OwnedSocket>> {
    let mut sockets: Vec<OwnedSocket> = Vec::new();
    for group in groups {
        let port = sockets.first().map_or(Ok(port), port_of)?;
        sockets.push(socket::open_unicast(group.is_ipv6(), hops, port)?);
    }
    Ok(sockets)
}

fn is_unsupported(error: &io::Error) -> bool {
    error.raw_os_error() == Some(options::NO_SUCH_FAMILY)
}

/// The error for a socket that the system refused, for this port.
fn cannot_open(config: &SocketConfig, port: u16, error: &io::Error) -> Error {
    if options::is_port_held(error) {
        let holder = match port == config.unicast_port {
            true => {
                "(unicast_port) is in use; end that program, or choose another port, for one node of a host can have it"
            }
            false => {
                "is in use by a socket that does not share it; end that program, have it set SO_REUSEADDR, or choose another port"
            }
        };
        return Error::new(ErrorKind::AddressInUse, format!("UDP port {port} {holder}"));
    }
    if is_unsupported(error) {
        return Error::system("IPv4 is turned off, and the system has no IPv6", error);
    }
    let groups: Vec<String> = config.groups.iter().map(SocketAddr::to_string).collect();
    Error::system(format!("opening the sockets for {}", groups.join(" and ")), error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::interfaces::Selection;
    use crate::net::socket_config::ChangeDetection;
    use peers_proto::Arrival;

    /// Fails the test if it passes.
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn a_flood_of_the_group_leaves_room_for_unicast() {
        let port = socket::open_unicast(false, 1, 0).and_then(|socket| port_of(&socket));
        let group = SocketAddr::from(([239, 2, 3, 4], port.expect("there are free ports")));
        let config = SocketConfig {
            groups: vec![group],
            multicast: true,
            accepts_off_link: false,
            hops: 1,
            unicast_port: 0,
            selection: Selection::parse(Some("lo*")).expect("a pattern need not match"),
            change_detection: ChangeDetection { system: true, poll: true, watchdog: true },
        };
        let mut sockets = Sockets::open(config).expect("the port is free");
        let mut poller = Poller::default();
        let address = sockets.interfaces.iter().find_map(|interface| interface.v4).expect("there is one");
        let address = SocketAddr::from((address, sockets.unicast_port));
        let alone =
            Transmit { payload: Arc::from(&b"alone"[..]), to: Destination::Peer { address, interface: 0 } };
        let flood = Transmit { payload: Arc::from(&b"flood"[..]), to: Destination::GroupV4 };
        let sent = sockets.send(iter::repeat_n(flood, 100).chain([alone])).expect("they are open");
        assert_eq!(sent.errors, 0);

        let (mut batch, mut count) = (ReceiveBatch::new(), 0);
        poller.watch(sockets.descriptors());
        poller.poll(LONG).expect("they can be polled");
        assert!(sockets.receive(&poller, &mut batch).expect("they are open"), "more waits");
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
}
