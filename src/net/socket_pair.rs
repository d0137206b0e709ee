//! `SocketPair`: the two sockets of IPv4 or of IPv6.
//!
//! One is bound to the group's port, which every process on the host shares, and hears the group; a node without multicast
//! has none. The other has a port of its own: everything is sent from it, and by it this node alone is reached.

use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};

use crate::health::Reason;
use crate::net::interfaces::Interface;
use crate::net::sockets::SendStats;
use crate::sys::batch::{ReceiveBatch, Received};
use crate::sys::{
    self, Descriptor, Found, Outgoing, Poller, Way, datagram::Messages, errors, multicast_joins, options,
};

/// Errors taken from a socket's queue at a time.
const MOST_ERRORS: usize = 64;

/// What the system's buffer has no room for is sent when it has, if that comes soon: so long and so often is waited for it, by
/// all that is sent at a time. Meanwhile nothing is received.
const WAIT_MS: u16 = 10;
const MOST_WAITS: usize = 20;

/// Room asked for what a socket has not sent yet, and for what nobody has taken from it yet. Twice of this is counted, with what
/// the system adds: 227 of the longest datagrams, where Linux gives 92 by itself. A cluster of 200 whose nodes all start at once
/// has each ask, and be asked by, 199. The system may allow less (net.core.rmem_max, wmem_max), and uses none while nothing waits.
const BUFFER_SIZE: usize = 256 * 1024;

pub(crate) struct SocketPair {
    group: SocketAddr,
    /// `None` without multicast.
    receiver: Option<Socket>,
    unicast: Socket,
    /// Indexes of the interfaces that were joined.
    members: Vec<u32>,
    /// Why an interface would not join, and how many would or should have.
    join_error: Option<(io::Error, usize, usize)>,
    /// Why, and through which interface, the last datagram to the group could not be sent.
    refusal: Option<(io::Error, String)>,
    /// Why the last datagram that was for one peer could not be sent.
    peer_refusal: Option<io::Error>,
    /// What is to be sent next.
    outgoing: Vec<Outgoing>,
    /// Where datagrams were sent to, by the system's word in vain.
    unreachable: Vec<SocketAddr>,
}

/// Which of a family's sockets.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    Unicast,
    Group,
}

impl Role {
    pub const ALL: [Role; 2] = [Role::Unicast, Role::Group];
}

impl SocketPair {
    pub fn new(group: SocketAddr, receiver: Option<Socket>, unicast: Socket) -> Self {
        SocketPair {
            group,
            receiver,
            unicast,
            members: Vec::new(),
            join_error: None,
            refusal: None,
            peer_refusal: None,
            outgoing: Vec::new(),
            unreachable: Vec::new(),
        }
    }

    pub fn is_v6(&self) -> bool {
        self.group.is_ipv6()
    }

    /// Joins the group on the interfaces that came or whose membership was lost, and leaves those that went. True if
    /// there were any.
    pub fn follow(&mut self, interfaces: &[Interface]) -> bool {
        let Some(receiver) = &self.receiver else { return false };
        let wanted: Vec<&Interface> = interfaces.iter().filter(|interface| self.uses(interface)).collect();
        let known = multicast_joins::of(self.group.ip());
        let is_lost = |index: &u32| known.as_ref().is_some_and(|known| !known.contains(index));
        let (stay, go): (Vec<u32>, Vec<u32>) = self
            .members
            .iter()
            .partition(|index| wanted.iter().any(|used| used.index == **index) && !is_lost(index));
        for index in &go {
            // Fails where the membership went with the interface.
            let _ = self.leave(receiver, *index);
        }
        let stayed = stay.len();
        self.members = stay;
        self.join_error = None;
        for interface in &wanted {
            match self.members.contains(&interface.index) {
                true => {}
                false => match self.join(receiver, interface) {
                    Ok(()) => self.members.push(interface.index),
                    Err(error) => self.join_error = Some((error, 0, wanted.len())),
                },
            }
        }
        if let Some((_, joined, _)) = &mut self.join_error {
            *joined = self.members.len();
        }
        !go.is_empty() || self.members.len() > stayed
    }

    /// Plans to send `payload` to the group through each of `interfaces` that has an address of this family.
    pub fn plan_for_group(&mut self, payload: &Arc<[u8]>, interfaces: &[Interface]) {
        self.refusal = None;
        for interface in interfaces {
            if self.uses(interface) {
                let way = Way { interface: interface.index, source: interface.v4 };
                self.outgoing.push(Outgoing { payload: payload.clone(), to: self.group, way });
            }
        }
    }

    /// Plans to send `payload` to one socket: through `interface`, and from the same address as to the group, for by that the peer
    /// knows us; `None` lets routing choose.
    pub fn plan_for_peer(&mut self, payload: &Arc<[u8]>, to: SocketAddr, interface: Option<&Interface>) {
        let way = interface.map_or(Way::default(), |used| Way { interface: used.index, source: used.v4 });
        self.outgoing.push(Outgoing { payload: payload.clone(), to, way });
    }

    /// Sends what was planned, in that order.
    pub fn send(&mut self, messages: &mut Messages, interfaces: &[Interface]) -> SendStats {
        let mut stats = SendStats::default();
        let mut outgoing = mem::take(&mut self.outgoing);
        let (mut left, mut waits) = (&outgoing[..], 0);
        while let [first, others @ ..] = left {
            match self.send_some(messages, left) {
                Ok(count) => {
                    stats.sent += count as u64;
                    left = &left[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && waits < MOST_WAITS => {
                    waits += 1;
                    sys::wait_until_writable(&self.unicast, WAIT_MS);
                }
                Err(error) => {
                    stats.errors += u64::from(self.note_refusal(first, error, interfaces));
                    left = others;
                }
            }
        }
        outgoing.clear();
        self.outgoing = outgoing;
        stats
    }

    /// Receives up to `most` datagrams that `is_wanted`. True if more may wait.
    pub fn receive(
        &self,
        role: Role,
        most: usize,
        messages: &mut Messages,
        batch: &mut ReceiveBatch,
        mut is_wanted: impl FnMut(&Received) -> bool,
    ) -> bool {
        let group = self.group.ip();
        // A socket that is not bound to the group also gets what was sent to the group's port alone.
        let is_ours = |to: IpAddr| matches!(role, Role::Unicast) || to == group;
        batch.fill(most, |buffers, take| {
            let Some(socket) = self.socket(role) else { return 0 };
            let received = messages.receive(socket, buffers, |number, received, to| {
                if is_ours(to) && is_wanted(&received) {
                    take(number, received);
                }
            });
            // None waits; or it is the error of a datagram sent before, which the next poll tells.
            received.unwrap_or(0)
        })
    }

    /// Takes the errors that wait at the unicast socket. True if there were any.
    pub fn receive_errors(&mut self) -> bool {
        let mut has_any = false;
        for _ in 0..MOST_ERRORS {
            let Ok((is_nobody_there, to)) = errors::receive_error(&self.unicast) else { break };
            has_any = true;
            self.unreachable.extend(is_nobody_there.then_some(to));
        }
        has_any
    }

    /// Takes the addresses that proved unreachable.
    pub fn take_unreachable(&mut self) -> impl Iterator<Item = SocketAddr> {
        self.unreachable.drain(..)
    }

    /// What is wrong with sending to the group.
    pub fn sending_trouble(&self) -> Option<(Reason, String)> {
        let (error, interface) = self.refusal.as_ref()?;
        Some((reason_of(error, Reason::SendFails), format!("sending through {interface}: {error}")))
    }

    /// Takes why the last datagram that was for one peer could not be sent, if one could not.
    pub fn take_peer_refusal(&mut self) -> Option<io::Error> {
        self.peer_refusal.take()
    }

    /// What is wrong with hearing the group.
    pub fn join_trouble(&self) -> Option<(Reason, String)> {
        let (error, joined, wanted) = self.join_error.as_ref()?;
        let limit = options::join_limit(error, self.is_v6())
            .map_or(String::new(), |setting| format!("; the system's limit is {setting}"));
        let words = format!("joined the group on {joined} of {wanted} interfaces: {error}{limit}");
        Some((reason_of(error, Reason::MulticastJoin), words))
    }

    /// The port from which everything is sent; 0 if the system does not tell.
    pub fn unicast_port(&self) -> u16 {
        port_of(&self.unicast).unwrap_or(0)
    }

    /// What is found at a socket: it is readable when datagrams wait, and the unicast one has an error when errors do.
    pub fn found(&self, role: Role, poller: &Poller) -> Found {
        self.socket(role).map_or(Found::default(), |socket| poller.at(sys::descriptor_of(socket)))
    }

    /// Has its sockets watched.
    pub fn add_to(&self, poller: &mut Poller) -> io::Result<()> {
        self.descriptors().try_for_each(|descriptor| poller.add(descriptor))
    }

    /// Ends that, before they are closed.
    pub fn remove_from(&self, poller: &mut Poller) {
        self.descriptors().for_each(|descriptor| poller.remove(descriptor));
    }

    /// True if `interface` has an address of this family.
    fn uses(&self, interface: &Interface) -> bool {
        match self.is_v6() {
            true => interface.v6.is_some(),
            false => interface.v4.is_some(),
        }
    }

    /// Sends some of the datagrams, the first ones. The system reports the errors of earlier ones at the next send: those are
    /// taken first, and then it is sent.
    fn send_some(&mut self, messages: &mut Messages, datagrams: &[Outgoing]) -> io::Result<usize> {
        match messages.send(&self.unicast, datagrams) {
            Err(_) if self.receive_errors() => messages.send(&self.unicast, datagrams),
            sent => sent,
        }
    }

    /// Takes note of a datagram that could not be sent. False if that is no error.
    fn note_refusal(&mut self, datagram: &Outgoing, error: io::Error, interfaces: &[Interface]) -> bool {
        if datagram.to != self.group {
            self.peer_refusal = Some(error);
            return true;
        }
        // Its IPv6 address is not usable yet, or any more. When that changes the system tells.
        let is_error = !self.is_v6() || error.kind() != io::ErrorKind::AddrNotAvailable;
        let through =
            interfaces.iter().find(|used| used.index == datagram.way.interface).filter(|_| is_error);
        if let Some(interface) = through {
            self.refusal = Some((error, interface.name.clone()));
        }
        is_error
    }

    fn socket(&self, role: Role) -> Option<&Socket> {
        match role {
            Role::Unicast => Some(&self.unicast),
            Role::Group => self.receiver.as_ref(),
        }
    }

    fn descriptors(&self) -> impl Iterator<Item = Descriptor> {
        Role::ALL.into_iter().filter_map(|role| self.socket(role)).map(sys::descriptor_of)
    }

    fn join(&self, receiver: &Socket, interface: &Interface) -> io::Result<()> {
        match self.group.ip() {
            IpAddr::V4(group) => options::join_v4(receiver, group, interface),
            IpAddr::V6(group) => receiver.join_multicast_v6(&group, interface.index),
        }
    }

    fn leave(&self, receiver: &Socket, index: u32) -> io::Result<()> {
        match self.group.ip() {
            IpAddr::V4(group) => options::leave_v4(receiver, group, index),
            IpAddr::V6(group) => receiver.leave_multicast_v6(&group, index),
        }
    }
}

/// A socket that hears `group` on the interfaces that it joins.
pub(crate) fn open_receiver(group: SocketAddr) -> io::Result<Socket> {
    let socket = udp_socket(group.is_ipv6())?;
    options::share_port(&socket)?;
    let bound_to: SocketAddr = match group {
        // It then gets nothing that was sent to another address.
        SocketAddr::V4(_) if options::IS_GROUP_BINDABLE => group,
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, group.port()).into(),
        // A group of a link cannot be bound without naming one link.
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, group.port()).into(),
    };
    socket.bind(&bound_to.into())?;
    Ok(socket)
}

/// A socket to send from, and to be reached at, on `port`; 0 lets the system choose.
pub(crate) fn open_unicast(is_v6: bool, hops: u8, port: u16) -> io::Result<Socket> {
    let socket = udp_socket(is_v6)?;
    options::keep_errors(&socket, is_v6)?;
    // Other processes of this host hear us by the loop, and so do we: that is how deafness shows.
    let any: IpAddr = match is_v6 {
        true => {
            socket.set_multicast_hops_v6(hops.into())?;
            socket.set_multicast_loop_v6(true)?;
            Ipv6Addr::UNSPECIFIED.into()
        }
        false => {
            socket.set_multicast_ttl_v4(hops.into())?;
            socket.set_multicast_loop_v4(true)?;
            Ipv4Addr::UNSPECIFIED.into()
        }
    };
    socket.bind(&SocketAddr::new(any, port).into())?;
    Ok(socket)
}

/// The port a socket is bound to.
pub(crate) fn port_of(socket: &Socket) -> io::Result<u16> {
    Ok(socket.local_addr()?.as_socket().map_or(0, |address| address.port()))
}

/// A socket that is bound to no port yet.
pub(crate) fn udp_socket(is_v6: bool) -> io::Result<Socket> {
    let domain = if is_v6 { Domain::IPV6 } else { Domain::IPV4 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // It works with less, only not for as many at once.
    let _ = socket.set_recv_buffer_size(BUFFER_SIZE).and_then(|()| socket.set_send_buffer_size(BUFFER_SIZE));
    if is_v6 {
        socket.set_only_v6(true)?;
    }
    options::hear_only_joined(&socket, is_v6)?;
    options::tell_destination(&socket, is_v6)?;
    Ok(socket)
}

/// What an error means for health.
pub(crate) fn reason_of(error: &io::Error, otherwise: Reason) -> Reason {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Reason::Permission,
        _ => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_took_keeps_nothing_from_the_others() {
        let group = SocketAddr::from(([239, 2, 3, 4], 0));
        let open = || open_unicast(false, 1, 0).expect("there are free ports");
        let address =
            |socket: &Socket| SocketAddr::from((Ipv4Addr::LOCALHOST, port_of(socket).expect("it is bound")));
        let mut pair = SocketPair::new(group, None, open());
        let here: Vec<Socket> = (0..100).map(|_| open()).collect();
        // Closed at the end of the line: the system answers each datagram that nobody is there.
        let gone: Vec<SocketAddr> = (0..100).map(|_| open()).map(|socket| address(&socket)).collect();
        let payload: Arc<[u8]> = Arc::from(&b"to all"[..]);
        let (mut messages, mut stats) = (Messages::new(), SendStats::default());
        let pairs: Vec<_> = here.iter().map(&address).zip(gone).collect();
        // Answers come between those that are sent at a time, and wait when the next ones are to be sent.
        for some in pairs.chunks(10) {
            for to in some.iter().flat_map(|(here, gone)| [*here, *gone]) {
                pair.plan_for_peer(&payload, to, None);
            }
            stats.add(pair.send(&mut messages, &[]));
        }
        assert_eq!((stats.sent, stats.errors), (200, 0));
        let mut batch = ReceiveBatch::new();
        for socket in here {
            batch.clear();
            let receiver = SocketPair::new(group, None, socket);
            let mut poller = Poller::default();
            receiver.add_to(&mut poller).expect("it is open");
            poller.poll(10_000).expect("they can be polled");
            receiver.receive(Role::Unicast, 1, &mut messages, &mut batch, |_| true);
            assert_eq!(batch.iter().map(|(bytes, _)| bytes).collect::<Vec<_>>(), [b"to all"]);
        }
    }
}
