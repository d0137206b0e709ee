//! `SocketPair`: the two sockets of IPv4 or of IPv6.
//!
//! The receiver is bound to the group's port, which all processes of the host share; a node without multicast has none. The
//! unicast socket has a port of its own: the node sends everything from it, and receives by it what is for this node alone.
//!
//! An error of a method means that another part of the program has closed a socket. All other errors are noted for health.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{InterfaceIndexOrAddress, Socket};

use crate::health::Reason;
use crate::net::report::SendStats;
use crate::sys::batch::{ReceiveBatch, Received};
use crate::sys::interface::Interface;
use crate::sys::poller::{Found, Poller, wait_until_writable};
use crate::sys::socket::{OwnedSocket, port_of};
use crate::sys::{Descriptor, Way, datagram, multicast_joins, options};

/// Maximum number of errors that are taken from a socket's queue at once.
const MAX_ERRORS: usize = 64;

/// On EWOULDBLOCK the sends of a step wait up to 20 × 10 ms for the send buffer to drain. Meanwhile nothing is received.
const DRAIN_WAIT: Duration = Duration::from_millis(10);
const MAX_DRAIN_WAITS: usize = 20;

pub(crate) struct SocketPair {
    group: SocketAddr,
    /// `None` without multicast.
    receiver: Option<OwnedSocket>,
    unicast: OwnedSocket,
    /// Indexes of the interfaces that were joined.
    joined: Vec<u32>,
    /// Why the group cannot be received from through each interface.
    pub join_trouble: Option<(Reason, String)>,
    /// Why the last datagram to the group could not be sent through each interface.
    pub send_trouble: Option<(Reason, String)>,
    /// Why the last datagram to one peer could not be sent.
    pub peer_error: Option<io::Error>,
    /// Destinations that ICMP errors have reported.
    unreachable: Vec<SocketAddr>,
}

/// Which of the two sockets.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    Unicast,
    Group,
}

impl Role {
    pub const ALL: [Role; 2] = [Role::Unicast, Role::Group];
}

impl SocketPair {
    pub fn new(group: SocketAddr, receiver: Option<OwnedSocket>, unicast: OwnedSocket) -> Self {
        SocketPair {
            group,
            receiver,
            unicast,
            joined: Vec::new(),
            join_trouble: None,
            send_trouble: None,
            peer_error: None,
            unreachable: Vec::new(),
        }
    }

    pub fn is_v6(&self) -> bool {
        self.group.is_ipv6()
    }

    /// Joins the group on interfaces that are new or whose join was lost, and leaves those that are gone. True if there were
    /// any.
    pub fn follow(&mut self, interfaces: &[Interface]) -> io::Result<bool> {
        let Some(receiver) = &self.receiver else { return Ok(false) };
        let receiver = receiver.get()?;
        let wanted: Vec<&Interface> = interfaces.iter().filter(|interface| self.uses(interface)).collect();
        let known = multicast_joins::of(self.group.ip());
        let is_lost = |index: &u32| known.as_ref().is_some_and(|known| !known.contains(index));
        let (stay, go): (Vec<u32>, Vec<u32>) = self
            .joined
            .iter()
            .partition(|index| wanted.iter().any(|used| used.index == **index) && !is_lost(index));
        for index in &go {
            // Fails where the join went with the interface.
            let _ = self.leave(receiver, *index);
        }
        let mut joined = stay.clone();
        let mut refusal = None;
        for interface in wanted.iter().filter(|interface| !stay.contains(&interface.index)) {
            match self.join(receiver, interface) {
                Ok(()) => joined.push(interface.index),
                Err(error) => refusal = Some(error),
            }
        }
        self.join_trouble = refusal.map(|error| {
            let limit = options::join_limit(&error, self.is_v6())
                .map_or(String::new(), |setting| format!("; the system's limit is {setting}"));
            let (count, all) = (joined.len(), wanted.len());
            let words = format!("joined the group on {count} of {all} interfaces: {error}{limit}");
            (reason_of(&error, Reason::MulticastJoin), words)
        });
        self.joined = joined;
        Ok(!go.is_empty() || self.joined.len() > stay.len())
    }

    /// Sends `payload` to the group through each of `interfaces` that has an address of this family.
    pub fn send_to_group(
        &mut self,
        payload: &[u8],
        interfaces: &[Interface],
        stats: &mut SendStats,
    ) -> io::Result<()> {
        self.send_trouble = None;
        for interface in interfaces {
            if !self.uses(interface) {
                continue;
            }
            let way = Way { interface: interface.index, source: interface.v4 };
            match self.send(payload, self.group, &way, stats)? {
                Ok(()) => stats.sent += 1,
                // A tentative IPv6 address is no error: the system reports when it becomes usable.
                Err(error) if self.is_v6() && error.kind() == io::ErrorKind::AddrNotAvailable => {}
                Err(error) => {
                    stats.errors += 1;
                    let words = format!("sending through {}: {error}", interface.name);
                    self.send_trouble = Some((reason_of(&error, Reason::SendFails), words));
                }
            }
        }
        Ok(())
    }

    /// Sends `payload` to one socket: through `interface`, and from the same address as to the group, by which the peer knows this
    /// node. `None` lets routing choose.
    pub fn send_to_peer(
        &mut self,
        payload: &[u8],
        to: SocketAddr,
        interface: Option<&Interface>,
        stats: &mut SendStats,
    ) -> io::Result<()> {
        let way = interface.map_or(Way::default(), |used| Way { interface: used.index, source: used.v4 });
        match self.send(payload, to, &way, stats)? {
            Ok(()) => stats.sent += 1,
            Err(error) => {
                stats.errors += 1;
                self.peer_error = Some(error);
            }
        }
        Ok(())
    }

    /// Receives up to `max` datagrams, and drops those that are not `is_wanted`. True if more may wait.
    pub fn receive(
        &self,
        role: Role,
        max: usize,
        batch: &mut ReceiveBatch,
        mut is_wanted: impl FnMut(&Received) -> bool,
    ) -> io::Result<bool> {
        let Some(socket) = self.socket(role) else { return Ok(false) };
        let socket = socket.get()?;
        let group = self.group.ip();
        // A socket that is not bound to the group also receives unicast to the group's port.
        let is_ours = |to: IpAddr| matches!(role, Role::Unicast) || to == group;
        Ok(batch.fill(max, |buffers, take| {
            let received = datagram::receive(socket, buffers, |number, received, to| {
                if is_ours(to) && is_wanted(&received) {
                    take(number, received);
                }
            });
            // None waits; or it is the error of an earlier datagram, which the next poll reports.
            received.unwrap_or(0)
        }))
    }

    /// Takes the errors that wait at the unicast socket. True if there were any.
    pub fn receive_errors(&mut self) -> io::Result<bool> {
        let socket = self.unicast.get()?;
        let mut has_any = false;
        for _ in 0..MAX_ERRORS {
            let Ok((is_unreachable, to)) = datagram::receive_error(socket) else { break };
            has_any = true;
            self.unreachable.extend(is_unreachable.then_some(to));
        }
        Ok(has_any)
    }

    /// Takes the destinations that ICMP errors have reported.
    pub fn take_unreachable(&mut self) -> impl Iterator<Item = SocketAddr> {
        self.unreachable.drain(..)
    }

    /// The port from which everything is sent.
    pub fn unicast_port(&self) -> io::Result<u16> {
        port_of(&self.unicast)
    }

    /// What a poll has found at a socket: datagrams make it readable, ICMP errors give the unicast one an error.
    pub fn found(&self, role: Role, poller: &Poller) -> Found {
        self.socket(role).map_or(Found::default(), |socket| poller.at(socket.descriptor()))
    }

    pub fn descriptors(&self) -> impl Iterator<Item = Descriptor> {
        self.sockets().map(OwnedSocket::descriptor)
    }

    /// An error if another part of the program has closed a socket.
    pub fn check(&self) -> io::Result<()> {
        self.sockets().try_for_each(|socket| socket.get().map(drop))
    }

    /// True if `interface` has an address of this family.
    fn uses(&self, interface: &Interface) -> bool {
        match self.is_v6() {
            true => interface.v6.is_some(),
            false => interface.v4.is_some(),
        }
    }

    /// Sends one datagram. The inner result is that of the system.
    fn send(
        &mut self,
        payload: &[u8],
        to: SocketAddr,
        way: &Way,
        stats: &mut SendStats,
    ) -> io::Result<io::Result<()>> {
        let mut sent = datagram::send(self.unicast.get()?, payload, to, way);
        // The system reports errors of earlier datagrams at the next send.
        if sent.is_err() && self.receive_errors()? {
            sent = datagram::send(self.unicast.get()?, payload, to, way);
        }
        while let Err(error) = &sent
            && error.kind() == io::ErrorKind::WouldBlock
            && stats.drain_waits < MAX_DRAIN_WAITS
        {
            stats.drain_waits += 1;
            wait_until_writable(self.unicast.get()?, DRAIN_WAIT);
            sent = datagram::send(self.unicast.get()?, payload, to, way);
        }
        Ok(sent)
    }

    fn socket(&self, role: Role) -> Option<&OwnedSocket> {
        match role {
            Role::Unicast => Some(&self.unicast),
            Role::Group => self.receiver.as_ref(),
        }
    }

    fn sockets(&self) -> impl Iterator<Item = &OwnedSocket> {
        Role::ALL.into_iter().filter_map(|role| self.socket(role))
    }

    fn join(&self, receiver: &Socket, interface: &Interface) -> io::Result<()> {
        match self.group.ip() {
            IpAddr::V4(group) => options::join_v4(receiver, group, interface),
            IpAddr::V6(group) => receiver.join_multicast_v6(&group, interface.index),
        }
    }

    fn leave(&self, receiver: &Socket, index: u32) -> io::Result<()> {
        match self.group.ip() {
            IpAddr::V4(group) => {
                receiver.leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
            }
            IpAddr::V6(group) => receiver.leave_multicast_v6(&group, index),
        }
    }
}

/// The meaning of an error for health.
pub(crate) fn reason_of(error: &io::Error, otherwise: Reason) -> Reason {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Reason::Permission,
        _ => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::sys::socket::open_unicast;

    #[test]
    fn unreachable_destinations_do_not_stop_the_others() {
        let group = SocketAddr::from(([239, 2, 3, 4], 0));
        let open = || open_unicast(false, 1, 0).expect("there are free ports");
        let address = |socket: &OwnedSocket| {
            SocketAddr::from((Ipv4Addr::LOCALHOST, port_of(socket).expect("it is bound")))
        };
        let mut pair = SocketPair::new(group, None, open());
        let here: Vec<OwnedSocket> = (0..100).map(|_| open()).collect();
        // Closed at the end of the line: the system answers each datagram with an ICMP port unreachable.
        let gone: Vec<SocketAddr> = (0..100).map(|_| open()).map(|socket| address(&socket)).collect();
        let mut stats = SendStats::default();
        // The error of one datagram waits when the next one is sent.
        for to in here.iter().map(&address).zip(gone).flat_map(|(here, gone)| [gone, here]) {
            pair.send_to_peer(b"to all", to, None, &mut stats).expect("it is open");
        }
        assert_eq!((stats.sent, stats.errors), (200, 0));
        let mut batch = ReceiveBatch::new();
        for socket in here {
            batch.clear();
            let receiver = SocketPair::new(group, None, socket);
            let mut poller = Poller::default();
            poller.watch(receiver.descriptors());
            poller.poll(Duration::from_secs(10)).expect("they can be polled");
            receiver.receive(Role::Unicast, 1, &mut batch, |_| true).expect("it is open");
            assert_eq!(batch.iter().map(|(bytes, _)| bytes).collect::<Vec<_>>(), [b"to all"]);
        }
    }
}
