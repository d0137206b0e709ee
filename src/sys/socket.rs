//! `OwnedSocket`: a socket that is used and closed only while its descriptor number still stands for it; and how the sockets
//! of a node are opened.

use std::io;
use std::mem::ManuallyDrop;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::{Domain, Protocol, Socket, Type};

use crate::sys::call_error::{CallError, Named};
use crate::sys::optional::{self, Refusals};
use crate::sys::{Descriptor, Identity, descriptor_of, options};

/// Size in bytes that is requested for the send and the receive buffer of a socket. Linux doubles it for its own overhead,
/// so 227 datagrams of maximum length fit, and 92 by default. In a cluster of 200 nodes that start at once each node probes
/// 199 others. The system may grant less (net.core.rmem_max, wmem_max), and uses no memory while no datagram waits.
const BUFFER_SIZE: usize = 256 * 1024;

pub(crate) struct OwnedSocket {
    socket: ManuallyDrop<Socket>,
    /// `None` if the system does not tell one file from another.
    identity: Option<Identity>,
    is_closed: AtomicBool,
}

impl OwnedSocket {
    /// Takes over a socket that was just opened.
    pub fn new(socket: Socket) -> Self {
        let identity = Identity::of(descriptor_of(&socket)).ok();
        OwnedSocket { socket: ManuallyDrop::new(socket), identity, is_closed: AtomicBool::new(false) }
    }

    /// Returns the socket for one operation, or one batch of them.
    ///
    /// # Errors
    /// Another part of the program has closed the descriptor. Its number may stand for another file by now.
    pub fn get(&self) -> io::Result<&Socket> {
        let is_ours = match (Identity::of(self.descriptor()), self.identity) {
            (Ok(now), Some(identity)) => now == identity,
            (Err(error), _) => !Identity::is_closed(&error),
            (Ok(_), None) => true,
        };
        if is_ours && !self.is_closed.load(Ordering::SeqCst) {
            Ok(&self.socket)
        } else {
            Err(closed_elsewhere())
        }
    }

    /// Closes the socket. Each later operation fails, because the number does not stand for it any more.
    pub fn close(&self) {
        if self.get().is_ok() && !self.is_closed.swap(true, Ordering::SeqCst) {
            // SAFETY: the copy takes the number over. It is not used after this: `get` gives an error from now on.
            drop(unsafe { std::ptr::read(&raw const *self.socket) });
        }
    }

    /// The descriptor number, to poll by.
    pub fn descriptor(&self) -> Descriptor {
        descriptor_of(&*self.socket)
    }
}

impl Drop for OwnedSocket {
    fn drop(&mut self) {
        self.close();
    }
}

/// The error for a descriptor of the node that is none any more.
pub(crate) fn closed_elsewhere() -> io::Error {
    io::Error::other("a descriptor of the node was closed by another part of the program")
}

/// Opens a socket that receives what is sent to `group`, on the interfaces that it joins.
pub(crate) fn open_receiver(group: SocketAddr, refusals: &Refusals) -> Result<OwnedSocket, CallError> {
    let socket = udp_socket(group.is_ipv6(), refusals)?;
    refusals.settle(optional::SHARED_PORT, options::share_port(&socket));
    let bound_to: SocketAddr = match group {
        // The system then filters out what was sent to other addresses.
        SocketAddr::V4(_) if options::IS_GROUP_BINDABLE => group,
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, group.port()).into(),
        // To bind a link-local group, a program has to name one link.
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, group.port()).into(),
    };
    socket.bind(&bound_to.into()).named("bind")?;
    Ok(OwnedSocket::new(socket))
}

/// Opens a socket to send from, and to receive unicast at, on `port`; 0 lets the system choose.
pub(crate) fn open_unicast(
    is_v6: bool,
    hops: u8,
    port: u16,
    refusals: &Refusals,
) -> Result<OwnedSocket, CallError> {
    let socket = udp_socket(is_v6, refusals)?;
    options::prepare_sender(&socket, is_v6, hops, refusals);
    options::prepare_unicast(&socket, is_v6, refusals);
    let any: IpAddr = if is_v6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    socket.bind(&SocketAddr::new(any, port).into()).named("bind")?;
    Ok(OwnedSocket::new(socket))
}

/// Opens a socket that sends to groups from the port of a unicast socket, with a send buffer of its own: datagrams to hosts that
/// are not there wait for ARP or neighbour discovery, and fill the buffer of the unicast socket. The system finds the socket of an
/// ICMP error by the address that the datagram had come from. This one is bound to a group, which is no such address.
///
/// # Errors
/// The system does not let two sockets have the port. The unicast socket then sends to the group as well.
pub(crate) fn open_group_sender(
    unicast: &OwnedSocket,
    is_v6: bool,
    hops: u8,
    refusals: &Refusals,
) -> Result<OwnedSocket, CallError> {
    let socket = udp_socket(is_v6, refusals)?;
    options::prepare_sender(&socket, is_v6, hops, refusals);
    // Nothing is received here: nothing is sent to these groups. To bind a link-local group, a program has to name one link.
    let group: IpAddr = match is_v6 {
        true => Ipv6Addr::new(0xFF1E, 0, 0, 0, 0, 0, 0xEF02, 0x304).into(),
        false => Ipv4Addr::new(239, 2, 3, 4).into(),
    };
    let address = SocketAddr::new(group, port_of(unicast)?);
    // For the length of one call, so that no other program shares the port.
    let unicast = unicast.get().named("fstat")?;
    unicast.set_reuse_address(true).named("setsockopt(SO_REUSEADDR)")?;
    let bound = socket.set_reuse_address(true).and_then(|()| socket.bind(&address.into()));
    unicast.set_reuse_address(false).named("setsockopt(SO_REUSEADDR)")?;
    bound.named("bind")?;
    socket.set_reuse_address(false).named("setsockopt(SO_REUSEADDR)")?;
    Ok(OwnedSocket::new(socket))
}

/// Opens a socket that is bound to no port yet.
pub(crate) fn udp_socket(is_v6: bool, refusals: &Refusals) -> Result<Socket, CallError> {
    let (domain, open, packet_info) = match is_v6 {
        true => (Domain::IPV6, "socket(AF_INET6)", "setsockopt(IPV6_RECVPKTINFO)"),
        false => (Domain::IPV4, "socket(AF_INET)", "setsockopt(IP_PKTINFO)"),
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP)).named(open)?;
    socket.set_nonblocking(true).named("fcntl(O_NONBLOCK)")?;
    let sizes =
        socket.set_recv_buffer_size(BUFFER_SIZE).and_then(|()| socket.set_send_buffer_size(BUFFER_SIZE));
    refusals.settle(optional::BUFFERS, sizes);
    if is_v6 {
        socket.set_only_v6(true).named("setsockopt(IPV6_V6ONLY)")?;
    }
    options::receive_only_joined(&socket, is_v6, refusals);
    options::request_packet_info(&socket, is_v6).named(packet_info)?;
    Ok(socket)
}

/// The port that a socket is bound to.
pub(crate) fn port_of(socket: &OwnedSocket) -> Result<u16, CallError> {
    let address = socket.get().and_then(Socket::local_addr).named("getsockname")?;
    Ok(address.as_socket().map_or(0, |address| address.port()))
}
