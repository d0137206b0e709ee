//! `Sockets`: the sockets of both families, kept in step with the interfaces there are.

use std::io;
use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::Socket;

use crate::config::{ChangeDetection, Config};
use crate::error::{Error, ErrorKind};
use crate::health::Reason;
use crate::net::interfaces::{Interface, Selection};
use crate::net::socket_pair::{self, Role, SocketPair};
use crate::net::transport::{Refresh, TransportReport};
use crate::sys::batch::{self, ReceiveBatch, Received};
use crate::sys::datagram::Messages;
use crate::sys::{NetworkMonitor, Poller, options};
use peers_proto::{Destination, Transmit};

/// Ports tried for one that both families can have. Few ports are taken in one family alone.
const PORTS_TRIED: usize = 16;

/// Where the groups are, by which interfaces to reach them, and how changes are noticed.
pub(crate) struct SocketConfig {
    groups: Vec<SocketAddr>,
    /// Whether the groups are joined.
    multicast: bool,
    /// Whether datagrams from beyond the links are heard.
    hears_all: bool,
    hops: u8,
    /// 0 lets the system choose.
    unicast_port: u16,
    selection: Selection,
    change_detection: ChangeDetection,
}

pub(crate) struct Sockets {
    config: SocketConfig,
    pairs: Vec<SocketPair>,
    interfaces: Arc<[Interface]>,
    /// Without multicast: why nothing of what was to be sent last could be.
    refusal: Option<io::Error>,
    off_link: u64,
    messages: Messages,
    /// `None` if it is turned off, or not to be had; then changes are noticed in the other ways.
    changes: Option<NetworkMonitor>,
}

/// How many datagrams were sent, and how many the system refused.
#[derive(Default)]
pub(crate) struct SendStats {
    pub sent: u64,
    pub errors: u64,
}

impl SendStats {
    pub fn add(&mut self, other: SendStats) {
        self.sent += other.sent;
        self.errors += other.errors;
    }
}

impl SocketConfig {
    pub fn of(config: &Config) -> Result<Self, Error> {
        let v4 = config.group_v4.map(|group| SocketAddr::from((group, config.port)));
        let v6 = config.group_v6.map(|group| SocketAddr::from((group, config.port)));
        Ok(SocketConfig {
            groups: v4.into_iter().chain(v6).collect(),
            multicast: config.mode().has_multicast(),
            hears_all: config.mode().allows_off_link() || config.hops > 1,
            hops: config.hops,
            unicast_port: config.unicast_port,
            selection: Selection::parse(config.interfaces.as_deref())?,
            change_detection: config.change_detection,
        })
    }

    /// An error if there is nothing but IPv6, and the system has it turned off.
    fn check_protocols(&self) -> Result<(), Error> {
        if !self.groups.iter().all(SocketAddr::is_ipv6) {
            return Ok(());
        }
        match options::ipv6_turned_off() {
            None => Ok(()),
            Some(setting) => Err(Error::new(
                ErrorKind::System,
                format!("IPv4 is turned off, and the system has IPv6 turned off, too ({setting})"),
            )),
        }
    }
}

impl Sockets {
    pub fn open(config: SocketConfig) -> Result<Self, Error> {
        config.check_protocols()?;
        let pairs = open_pairs(&config, 0).map_err(|error| cannot_open(&config, &error))?;
        // Before the first look at the interfaces, so that no change falls between.
        let changes = config.change_detection.system.then(NetworkMonitor::subscribe).and_then(Result::ok);
        let mut sockets = Sockets {
            config,
            pairs,
            interfaces: Arc::default(),
            refusal: None,
            off_link: 0,
            messages: Messages::new(),
            changes,
        };
        sockets.follow_interfaces();
        Ok(sockets)
    }

    /// Notices changes of the network and keeps up with them.
    ///
    /// `is_silent` says that nothing was heard for long, `is_announcing` that something is about to be sent to the
    /// group. An error if new sockets cannot be had.
    pub fn refresh(
        &mut self,
        poller: &mut Poller,
        is_silent: bool,
        is_announcing: bool,
    ) -> io::Result<Refresh> {
        let has_word =
            |changes: &NetworkMonitor| poller.at(changes.descriptor()).is_readable && changes.drain();
        let is_told = self.changes.as_ref().is_some_and(has_word);
        if is_silent && self.config.change_detection.watchdog {
            return self.reopen(poller).map(|()| Refresh::Reopened);
        }
        let may_have_changed = is_told || (is_announcing && self.config.change_detection.poll);
        Ok(match may_have_changed && self.follow_interfaces() {
            true => Refresh::Followed,
            false => Refresh::Unneeded,
        })
    }

    /// Sends what a node puts out.
    pub fn send(&mut self, transmits: impl Iterator<Item = Transmit>) -> SendStats {
        for Transmit { payload, to } in transmits {
            for pair in &mut self.pairs {
                match to {
                    Destination::GroupV4 if pair.is_v6() => {}
                    Destination::Group | Destination::GroupV4 => {
                        pair.plan_for_group(&payload, &self.interfaces);
                    }
                    Destination::Peer { address, interface } if address.is_ipv6() == pair.is_v6() => {
                        // Beyond the link the way there is routing's to choose.
                        let is_way =
                            |used: &&Interface| used.index == interface && used.is_on_link(address.ip());
                        pair.plan_for_peer(&payload, address, self.interfaces.iter().find(is_way));
                    }
                    Destination::Peer { .. } => {}
                }
            }
        }
        let mut stats = SendStats::default();
        for pair in &mut self.pairs {
            stats.add(pair.send(&mut self.messages, &self.interfaces));
        }
        self.note_refusal(&stats);
        stats
    }

    /// Receives a batch, and the errors that wait, from the sockets at which a poll has found any. True if more may wait.
    pub fn receive(&mut self, poller: &Poller, batch: &mut ReceiveBatch) -> bool {
        for pair in &mut self.pairs {
            if pair.found(Role::Unicast, poller).has_error {
                pair.receive_errors();
            }
        }
        let roles = |role| self.pairs.iter().map(move |pair| (pair, role));
        let is_readable = |(pair, role): &(&SocketPair, Role)| pair.found(*role, poller).is_readable;
        let readable = || Role::ALL.into_iter().flat_map(roles).filter(is_readable);
        // Each has an equal share, so that a flood at one does not starve the others. What they leave of it the next poll
        // gives to those that have more.
        let share = batch::LENGTH / readable().count().max(1);
        let (hears_all, interfaces, off_link) = (self.config.hears_all, &self.interfaces, &mut self.off_link);
        let mut is_near = |received: &Received| {
            // What announcements do not reach cannot be a peer, and is not to be answered.
            let is_near =
                hears_all || interfaces.iter().any(|interface| interface.is_on_link(received.from.ip()));
            *off_link += u64::from(!is_near);
            is_near
        };
        batch.clear();
        let mut may_be_more = false;
        for (pair, role) in readable() {
            may_be_more |= pair.receive(role, share, &mut self.messages, batch, &mut is_near);
        }
        may_be_more
    }

    /// Datagrams that came from beyond the links in use, and were thrown away.
    pub fn off_link(&self) -> u64 {
        self.off_link
    }

    /// Takes the addresses to which datagrams were sent in vain.
    pub fn take_unreachable(&mut self) -> impl Iterator<Item = SocketAddr> {
        self.pairs.iter_mut().flat_map(SocketPair::take_unreachable)
    }

    /// What is known of the network; of its troubles the causes before their effects.
    pub fn report(&self) -> TransportReport {
        let sending = self.pairs.iter().filter_map(SocketPair::sending_trouble);
        let join = self.pairs.iter().filter_map(SocketPair::join_trouble);
        TransportReport {
            interfaces: self.interfaces.clone(),
            troubles: self.isolation().into_iter().chain(sending).chain(join).collect(),
        }
    }

    /// Has it watched when a datagram, an error or a change waits.
    pub fn add_to(&self, poller: &mut Poller) -> io::Result<()> {
        if let Some(changes) = &self.changes {
            poller.add(changes.descriptor())?;
        }
        self.pairs.iter().try_for_each(|pair| pair.add_to(poller))
    }

    /// Opens the sockets anew, on the same ports if they are still to be had, and joins every interface again.
    fn reopen(&mut self, poller: &mut Poller) -> io::Result<()> {
        let port = self.pairs.first().map_or(0, SocketPair::unicast_port);
        // The old ones first: they hold the ports.
        for pair in self.pairs.drain(..) {
            pair.remove_from(poller);
        }
        self.pairs = open_pairs(&self.config, port).map_err(|refused| refused.error)?;
        self.follow_interfaces();
        self.pairs.iter().try_for_each(|pair| pair.add_to(poller))
    }

    /// Looks which interfaces there are now, and brings the memberships up to date. True if anything changed.
    fn follow_interfaces(&mut self) -> bool {
        // A system that cannot say what it has is taken to have what it had.
        let Ok(interfaces) = self.config.selection.current(&self.config.groups) else { return false };
        let mut has_changed = *interfaces != *self.interfaces;
        self.interfaces = interfaces.into();
        for pair in &mut self.pairs {
            has_changed |= pair.follow(&self.interfaces);
        }
        has_changed
    }

    /// Takes note, without multicast, of whether anything could be sent. A seed that cannot be reached is no trouble while
    /// another one can.
    fn note_refusal(&mut self, stats: &SendStats) {
        let refusal = self.pairs.iter_mut().filter_map(SocketPair::take_peer_refusal).last();
        if !self.config.multicast && stats.sent + stats.errors > 0 {
            self.refusal = refusal.filter(|_| stats.sent == 0);
        }
    }

    /// What keeps the node from speaking to anybody.
    fn isolation(&self) -> Option<(Reason, String)> {
        if self.config.multicast {
            return self.interfaces.is_empty().then(|| self.no_interface());
        }
        let error = self.refusal.as_ref()?;
        match socket_pair::reason_of(error, Reason::NoInterface) {
            Reason::Permission => Some((Reason::Permission, format!("sending to seeds and peers: {error}"))),
            // Or else there is no way to those that are known, which may be theirs to mend.
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

/// A socket for this port cannot be had.
struct Refused {
    port: u16,
    error: io::Error,
}

/// The sockets of each family that the system has, the unicast ones on `port`. An error if it has none.
fn open_pairs(config: &SocketConfig, port: u16) -> Result<Vec<SocketPair>, Refused> {
    let mut receivers = Vec::new();
    for group in &config.groups {
        let opened = match config.multicast {
            true => socket_pair::open_receiver(*group).map(Some),
            // Only whether the system has the family.
            false => socket_pair::udp_socket(group.is_ipv6()).map(|_| None),
        };
        match opened {
            Err(error) if is_unsupported(&error) && config.groups.len() > 1 => {}
            Err(error) => return Err(Refused { port: group.port(), error }),
            Ok(receiver) => receivers.push((*group, receiver)),
        }
    }
    let groups: Vec<SocketAddr> = receivers.iter().map(|(group, _)| *group).collect();
    let unicast = match config.unicast_port {
        0 => open_unicast(&groups, config.hops, port),
        port => open_unicast_at(&groups, config.hops, port),
    };
    let unicast = unicast.map_err(|error| Refused { port: config.unicast_port, error })?;
    let pairs = iter::zip(receivers, unicast);
    Ok(pairs.map(|((group, receiver), unicast)| SocketPair::new(group, receiver, unicast)).collect())
}

/// The unicast sockets of all `groups`, on one port if that can be had: who knows a node by its port knows it in both
/// families then. `port` is tried first, unless it is 0.
fn open_unicast(groups: &[SocketAddr], hops: u8, port: u16) -> io::Result<Vec<Socket>> {
    // 0 lets the system choose.
    for port in iter::once(port).chain(iter::repeat_n(0, PORTS_TRIED)) {
        match open_unicast_at(groups, hops, port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            opened => return opened,
        }
    }
    groups.iter().map(|group| socket_pair::open_unicast(group.is_ipv6(), hops, 0)).collect()
}

/// The unicast sockets of all `groups`, on this port; if it is 0, on that which the system chooses for the first.
fn open_unicast_at(groups: &[SocketAddr], hops: u8, port: u16) -> io::Result<Vec<Socket>> {
    let mut sockets: Vec<Socket> = Vec::new();
    for group in groups {
        let port = sockets.first().map_or(Ok(port), socket_pair::port_of)?;
        sockets.push(socket_pair::open_unicast(group.is_ipv6(), hops, port)?);
    }
    Ok(sockets)
}

fn is_unsupported(error: &io::Error) -> bool {
    error.raw_os_error() == Some(options::NO_SUCH_FAMILY)
}

fn cannot_open(config: &SocketConfig, Refused { port, error }: &Refused) -> Error {
    let groups: Vec<String> = config.groups.iter().map(SocketAddr::to_string).collect();
    match error {
        _ if options::is_port_held(error) && *port == config.unicast_port => {
            let detail = format!(
                "UDP port {port} (unicast_port) is in use; end that program, or choose another port, for one node of a host \
                 can have it"
            );
            Error::new(ErrorKind::AddressInUse, detail)
        }
        _ if options::is_port_held(error) => {
            let detail = format!(
                "UDP port {port} is in use by a socket that does not share it; end that program, have it set \
                 SO_REUSEADDR, or choose another port"
            );
            Error::new(ErrorKind::AddressInUse, detail)
        }
        _ if is_unsupported(error) => Error::system("IPv4 is turned off, and the system has no IPv6", error),
        _ => Error::system(format!("opening the sockets for {}", groups.join(" and ")), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peers_proto::Arrival;

    #[test]
    fn a_flood_of_the_group_leaves_room_for_what_comes_to_the_node_alone() {
        let port = socket_pair::open_unicast(false, 1, 0).and_then(|socket| socket_pair::port_of(&socket));
        let config = Config {
            port: port.expect("there are free ports"),
            interfaces: Some("lo*".into()),
            group_v6: None,
            ..Config::default()
        };
        let config = SocketConfig::of(&config).expect("it is valid");
        let mut sockets = Sockets::open(config).expect("the port is free");
        let mut poller = Poller::default();
        sockets.add_to(&mut poller).expect("they are open");
        let address = sockets.interfaces.iter().find_map(|interface| interface.v4).expect("there is one");
        let address = SocketAddr::from((address, sockets.pairs[0].unicast_port()));
        let alone =
            Transmit { payload: Arc::from(&b"alone"[..]), to: Destination::Peer { address, interface: 0 } };
        let flood = Transmit { payload: Arc::from(&b"flood"[..]), to: Destination::GroupV4 };
        let sent = sockets.send(iter::repeat_n(flood, 100).chain([alone]));
        assert_eq!(sent.errors, 0);

        let (mut batch, mut count) = (ReceiveBatch::new(), 0);
        poller.poll(10_000).expect("they can be polled");
        assert!(sockets.receive(&poller, &mut batch), "more waits");
        let is_alone = |arrival| matches!(arrival, Arrival::Unicast);
        assert_eq!(batch.iter().filter(|(_, received)| is_alone(received.arrival)).count(), 1);
        assert!(batch.iter().count() > batch::LENGTH / 2);
        while count < sent.sent as usize {
            count += batch.iter().count();
            poller.poll(if count < sent.sent as usize { 10_000 } else { 0 }).expect("they can be polled");
            sockets.receive(&poller, &mut batch);
        }
        assert_eq!(count, sent.sent as usize);
        assert_eq!(batch.iter().count(), 0);
    }
}
