//! `SocketPair`: the sockets of IPv4 or of IPv6.
//!
//! The receiver is bound to the group's port, which all processes of the host share; a node without multicast has none. The
//! unicast socket has a port of its own: the node sends everything from that port, and receives there what is for this node
//! alone. Where the system permits it, a further socket sends to the group from the same port.
//!
//! An error of a method means that another part of the program has closed a socket. All other errors are noted for health.

mod joins;

use std::io;
use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::health::Reason;
use crate::net::link::Link;
use crate::net::report::SendStats;
use crate::net::sent_to::SentTo;
use crate::sys::batch::{ReceiveBatch, Received};
use crate::sys::call_error::CallError;
use crate::sys::interface::Interface;
use crate::sys::optional::{self, Refusals, is_refusal};
use crate::sys::poller::{Poller, wait_until_writable};
use crate::sys::socket::{self, OwnedSocket, port_of};
use crate::sys::{Descriptor, IcmpError, Way, datagram};
use peers_proto::Family;

/// Maximum number of errors that are taken from a socket's queue at once.
const MAX_ERRORS: usize = 64;

/// Maximum number of pending errors for which one datagram is sent again.
const MAX_RESENDS: usize = 16;

/// On EWOULDBLOCK sends wait up to 20 × 10 ms in a second for the send buffer to drain. Meanwhile nothing is received. Replies to
/// hosts that are not there keep the buffer full for longer: such datagrams are dropped.
const DRAIN_WAIT: Duration = Duration::from_millis(10);
const MAX_DRAIN_WAITS: usize = 20;
const DRAIN_PERIOD: Duration = Duration::from_secs(1);

pub(crate) struct SocketPair {
    group: SocketAddr,
    /// Each has joined the group on as many interfaces as the system permits one socket. None without multicast.
    receivers: Vec<OwnedSocket>,
    wants_receiver: bool,
    unicast: OwnedSocket,
    /// The port from which everything is sent.
    pub unicast_port: u16,
    /// Sends to the group; `None` if the unicast socket does.
    group_sender: Option<OwnedSocket>,
    sent_to: SentTo,
    /// Waits for the send buffer to drain since the time beside it.
    drain_waits: (usize, Instant),
    /// The interfaces that were ever used, with what was counted there.
    pub links: Vec<Link>,
    /// Why no socket receives from the group.
    pub receiver_error: Option<CallError>,
    /// Why the group cannot be received from through each interface.
    pub join_trouble: Option<(Reason, String)>,
    /// Why the last datagram to the group could not be sent through each interface.
    pub send_trouble: Option<(Reason, String)>,
    /// Why the last call to receive gave neither a datagram nor that there is none.
    pub receive_error: Option<io::Error>,
    /// Why the last datagram to one peer could not be sent.
    pub peer_error: Option<io::Error>,
    /// Destinations that ICMP errors have reported, and the interfaces through which the errors came.
    unreachable: Vec<(SocketAddr, u32)>,
    refusals: Arc<Refusals>,
}

/// Number of a socket that receives: 0 is the unicast one.
pub(crate) type Number = usize;

impl SocketPair {
    /// Opens the sockets around a unicast socket. Those to receive from the group are opened by the first `follow`.
    pub fn new(
        group: SocketAddr,
        unicast: OwnedSocket,
        hops: u8,
        wants_receiver: bool,
        refusals: Arc<Refusals>,
    ) -> Result<Self, CallError> {
        let open = || socket::open_group_sender(&unicast, group.is_ipv6(), hops, &refusals);
        // macOS sends from the address that a socket is bound to. Windows binds no socket to a group.
        let group_sender = match wants_receiver && cfg!(linux_kernel) {
            true => refusals.settle(optional::GROUP_SENDER, open()),
            false => None,
        };
        Ok(SocketPair {
            group,
            receivers: Vec::new(),
            wants_receiver,
            unicast_port: port_of(&unicast)?,
            unicast,
            group_sender,
            sent_to: SentTo::default(),
            drain_waits: (0, Instant::now()),
            links: Vec::new(),
            receiver_error: None,
            join_trouble: None,
            send_trouble: None,
            receive_error: None,
            peer_error: None,
            unreachable: Vec::new(),
            refusals,
        })
    }

    pub fn group(&self) -> SocketAddr {
        self.group
    }

    pub fn is_v6(&self) -> bool {
        self.group.is_ipv6()
    }

    /// Closes the sockets, and returns what was counted at the interfaces.
    pub fn into_links(mut self) -> Vec<Link> {
        self.links.iter_mut().for_each(|link| link.receiver = None);
        self.links
    }

    /// Notes by which interfaces the group was silent for `limit`.
    pub fn watch(&mut self, limit: Duration, now: Instant) {
        if self.wants_receiver {
            for link in &mut self.links {
                link.watch(limit, now);
            }
        }
    }

    /// Returns what was counted at an interface.
    fn link(&mut self, interface: &Interface) -> &mut Link {
        let known = self.links.iter().position(|link| link.index == interface.index);
        let at = known.unwrap_or_else(|| {
            self.links.push(Link::new(interface));
            self.links.len() - 1
        });
        &mut self.links[at]
    }

    /// Sends `payload` to the group through each of `interfaces` that has an address of this family.
    pub fn send_to_group(
        &mut self,
        payload: &[u8],
        interfaces: &[Interface],
        stats: &mut SendStats,
        now: Instant,
    ) -> io::Result<()> {
        self.send_trouble = None;
        for interface in interfaces {
            let Some(source) = interface.source(self.family()) else { continue };
            let way = Way { interface: interface.index, source: Some(source), only_on_link: false };
            match self.send(payload, self.group, &way)? {
                Ok(()) => {
                    stats.sent += 1;
                    self.link(interface).on_sent(now);
                }
                // An IPv6 address that is tentative or just gone is no error: the system reports each change.
                Err(error) if self.is_v6() && is_address_error(&error) => {}
                Err(error) => {
                    stats.note_error(&error);
                    self.link(interface).last_error = format!("sendmsg: {error}");
                    let words = format!("sending through {}: {error}", interface.name);
                    self.send_trouble = Some((reason_of(&error, Reason::SendFails), words));
                }
            }
        }
        Ok(())
    }

    /// Sends `payload` to one socket.
    pub fn send_to_peer(
        &mut self,
        payload: &[u8],
        to: SocketAddr,
        way: &Way,
        stats: &mut SendStats,
    ) -> io::Result<()> {
        self.sent_to.insert(to);
        match self.send(payload, to, way)? {
            Ok(()) => stats.sent += 1,
            Err(error) => {
                stats.note_error(&error);
                self.peer_error = Some(error);
            }
        }
        Ok(())
    }

    /// Receives up to `max` datagrams by a socket, and drops those that are not `is_wanted`. True if more may wait.
    pub fn receive(
        &mut self,
        number: Number,
        max: usize,
        batch: &mut ReceiveBatch,
        mut is_wanted: impl FnMut(&Received) -> bool,
    ) -> io::Result<bool> {
        let socket = match number {
            0 => &self.unicast,
            _ => &self.receivers[number - 1],
        };
        let socket = socket.get()?;
        let (group, port) = (self.group.ip(), self.unicast_port);
        let (links, refusals) = (&mut self.links, &self.refusals);
        // A socket that is not bound to the group also receives unicast to the group's port.
        let is_ours = |to: IpAddr| number == 0 || to == group;
        let mut receive_error = None;
        let is_full = batch.fill(max, |buffers, take| {
            let received = datagram::receive(socket, buffers, refusals, |number, received, to| {
                if is_ours(to) && is_wanted(&received) {
                    let link = links.iter_mut().find(|link| link.index == received.interface);
                    link.into_iter().for_each(|link| link.on_received(&received, port));
                    take(number, received);
                }
            });
            // None waits; or it is the error of an earlier datagram, which the next poll reports.
            received.unwrap_or_else(|error| {
                receive_error = Some(error).filter(is_refusal);
                0
            })
        });
        self.receive_error = receive_error;
        Ok(is_full)
    }

    /// Takes the errors that wait at the unicast socket. True if there were any.
    pub fn receive_errors(&mut self) -> io::Result<bool> {
        let mut has_any = self.drop_group_errors()?;
        let socket = self.unicast.get()?;
        for _ in 0..MAX_ERRORS {
            let IcmpError { is_unreachable, to, interface } = match datagram::receive_error(socket) {
                Ok(error) => error,
                Err(error) if is_refusal(&error) => {
                    self.refusals.settle(optional::ERROR_QUEUE, Err::<(), _>(error));
                    break;
                }
                Err(_) => break,
            };
            self.refusals.settle(optional::ERROR_QUEUE, Ok::<_, io::Error>(()));
            has_any = true;
            if is_unreachable && self.sent_to.contains(to) {
                self.unreachable.push((to, interface));
            }
        }
        Ok(has_any)
    }

    /// Drops the errors that wait at the socket that sends to the group: they are forged. True if there were any.
    fn drop_group_errors(&self) -> io::Result<bool> {
        let Some(sender) = &self.group_sender else { return Ok(false) };
        let socket = sender.get()?;
        Ok((0..MAX_ERRORS).take_while(|_| datagram::receive_error(socket).is_ok()).count() > 0)
    }

    /// Takes the destinations that ICMP errors have reported, and the interfaces through which the errors came.
    pub fn take_unreachable(&mut self) -> impl Iterator<Item = (SocketAddr, u32)> {
        self.unreachable.drain(..)
    }

    /// The numbers of the sockets at which a poll has found something, the unicast one first.
    pub fn readable(&self, poller: &Poller) -> impl Iterator<Item = Number> {
        let found = |(number, socket): (Number, &OwnedSocket)| {
            poller.at(socket.descriptor()).is_readable.then_some(number)
        };
        self.receiving().enumerate().filter_map(found)
    }

    /// True if a poll has found an ICMP error.
    pub fn has_error(&self, poller: &Poller) -> bool {
        poller.at(self.unicast.descriptor()).has_error
    }

    /// True if a socket receives from the group, or none is wanted.
    pub fn has_receiver(&self) -> bool {
        !self.wants_receiver || !self.receivers.is_empty()
    }

    /// What to poll.
    pub fn descriptors(&self) -> impl Iterator<Item = Descriptor> {
        self.receiving().map(OwnedSocket::descriptor)
    }

    /// An error if another part of the program has closed a socket.
    pub fn check(&self) -> io::Result<()> {
        self.receiving().chain(&self.group_sender).try_for_each(|socket| socket.get().map(drop))
    }

    pub fn family(&self) -> Family {
        Family::of(self.group.ip())
    }

    /// Sends one datagram. The inner result is that of the system.
    fn send(&mut self, payload: &[u8], to: SocketAddr, way: &Way) -> io::Result<io::Result<()>> {
        let mut sent = datagram::send(self.sender(to)?, payload, to, way);
        for _ in 0..MAX_RESENDS {
            let Err(error) = &sent else { break };
            // The system reports ICMP errors about earlier datagrams, or forged ones, at the next send.
            let is_repeated = match error.kind() {
                io::ErrorKind::WouldBlock => self.wait_for_room(to)?,
                // Such a report, also if the error queue has none: qemu-user passes it on without its address.
                io::ErrorKind::ConnectionRefused => self.receive_errors().map(|_| true)?,
                _ => self.receive_errors()?,
            };
            if !is_repeated {
                break;
            }
            sent = datagram::send(self.sender(to)?, payload, to, way);
        }
        Ok(sent)
    }

    /// Waits for room in the send buffer, unless that was done for too long in this period.
    fn wait_for_room(&mut self, to: SocketAddr) -> io::Result<bool> {
        let now = Instant::now();
        if self.drain_waits.1 + DRAIN_PERIOD <= now {
            self.drain_waits = (0, now);
        }
        let has_time = self.drain_waits.0 < MAX_DRAIN_WAITS;
        if has_time {
            self.drain_waits.0 += 1;
            wait_until_writable(self.sender(to)?, DRAIN_WAIT);
        }
        Ok(has_time)
    }

    /// Returns the socket that sends to an address.
    fn sender(&self, to: SocketAddr) -> io::Result<&Socket> {
        let group_sender = self.group_sender.as_ref().filter(|_| to == self.group);
        group_sender.unwrap_or(&self.unicast).get()
    }

    fn receiving(&self) -> impl Iterator<Item = &OwnedSocket> {
        iter::once(&self.unicast).chain(&self.receivers)
    }
}

fn is_address_error(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::InvalidInput)
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
        let open = || open_unicast(false, 1, 0, &Refusals::default()).expect("there are free ports");
        let address = |socket: &OwnedSocket| {
            SocketAddr::from((Ipv4Addr::LOCALHOST, port_of(socket).expect("it is bound")))
        };
        let pair = |socket| SocketPair::new(group, socket, 1, false, Arc::default()).expect("it is bound");
        let mut sender = pair(open());
        let here: Vec<OwnedSocket> = (0..100).map(|_| open()).collect();
        // Closed at the end of the line: the system answers each datagram with an ICMP port unreachable.
        let gone: Vec<SocketAddr> = (0..100).map(|_| open()).map(|socket| address(&socket)).collect();
        let mut stats = SendStats::default();
        // The error of one datagram waits when the next one is sent.
        for to in here.iter().map(&address).zip(gone).flat_map(|(here, gone)| [gone, here]) {
            sender.send_to_peer(b"to all", to, &Way::default(), &mut stats).expect("it is open");
        }
        assert_eq!((stats.sent, stats.errors), (200, 0));
        let mut batch = ReceiveBatch::new();
        for socket in here {
            batch.clear();
            let mut receiver = pair(socket);
            let mut poller = Poller::default();
            poller.watch(receiver.descriptors());
            poller.poll(Duration::from_secs(10)).expect("they can be polled");
            receiver.receive(0, 1, &mut batch, |_| true).expect("it is open");
            assert_eq!(batch.iter().map(|(bytes, _)| bytes).collect::<Vec<_>>(), [b"to all"]);
        }
    }
}
