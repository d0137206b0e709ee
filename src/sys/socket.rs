//! `OwnedSocket`: a socket that is used and closed only while its descriptor number still stands for it; and how the sockets
//! of a node are opened.

use std::io;
use std::mem::ManuallyDrop;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::sys::{Descriptor, Identity, descriptor_of, options};

/// Size in bytes that is requested for the send and the receive buffer of a socket. Linux doubles it for its own overhead,
/// so 227 datagrams of maximum length fit, and 92 by default. In a cluster of 200 nodes that start at once each node probes
/// 199 others. The system may grant less (net.core.rmem_max, wmem_max), and uses no memory while no datagram waits.
const BUFFER_SIZE: usize = 256 * 1024;

pub(crate) struct OwnedSocket {
    socket: ManuallyDrop<Socket>,
    identity: Identity,
}

impl OwnedSocket {
    /// Takes over a socket that was just opened.
    pub fn new(socket: Socket) -> io::Result<Self> {
        let identity = Identity::of(descriptor_of(&socket))?;
        Ok(OwnedSocket { socket: ManuallyDrop::new(socket), identity })
    }

    /// Returns the socket for one operation, or one batch of them.
    ///
    /// # Errors
    /// Another part of the program has closed the descriptor. Its number may stand for another file by now.
    pub fn get(&self) -> io::Result<&Socket> {
        match Identity::of(self.descriptor()) {
            Ok(identity) if identity == self.identity => Ok(&self.socket),
            _ => Err(closed_elsewhere()),
        }
    }

    /// The descriptor number, to poll by.
    pub fn descriptor(&self) -> Descriptor {
        descriptor_of(&*self.socket)
    }
}

impl Drop for OwnedSocket {
    fn drop(&mut self) {
        if self.get().is_ok() {
            // SAFETY: the socket is not used after this.
            unsafe { ManuallyDrop::drop(&mut self.socket) };
        }
    }
}

/// The error for a descriptor of the node that is none any more.
pub(crate) fn closed_elsewhere() -> io::Error {
    io::Error::other("a descriptor of the node was closed by another part of the program")
}

/// Opens a socket that receives what is sent to `group`, on the interfaces that it joins.
pub(crate) fn open_receiver(group: SocketAddr) -> io::Result<OwnedSocket> {
    let socket = udp_socket(group.is_ipv6())?;
    options::share_port(&socket)?;
    let bound_to: SocketAddr = match group {
        // The system then filters out what was sent to other addresses.
        SocketAddr::V4(_) if options::IS_GROUP_BINDABLE => group,
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, group.port()).into(),
        // To bind a link-local group, a program has to name one link.
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, group.port()).into(),
    };
    socket.bind(&bound_to.into())?;
    OwnedSocket::new(socket)
}

/// Opens a socket to send from, and to receive unicast at, on `port`; 0 lets the system choose.
pub(crate) fn open_unicast(is_v6: bool, hops: u8, port: u16) -> io::Result<OwnedSocket> {
    let socket = udp_socket(is_v6)?;
    options::keep_errors(&socket, is_v6)?;
    // Multicast is looped back to the nodes of this host, and to this node: the receive watchdog relies on that.
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
    OwnedSocket::new(socket)
}

/// Opens a socket that is bound to no port yet.
pub(crate) fn udp_socket(is_v6: bool) -> io::Result<Socket> {
    let domain = if is_v6 { Domain::IPV6 } else { Domain::IPV4 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // With the system's own size the socket works too, for fewer datagrams at once.
    let _ = socket.set_recv_buffer_size(BUFFER_SIZE).and_then(|()| socket.set_send_buffer_size(BUFFER_SIZE));
    if is_v6 {
        socket.set_only_v6(true)?;
    }
    options::receive_only_joined(&socket, is_v6)?;
    options::request_packet_info(&socket, is_v6)?;
    Ok(socket)
}

/// The port that a socket is bound to.
pub(crate) fn port_of(socket: &OwnedSocket) -> io::Result<u16> {
    Ok(socket.get()?.local_addr()?.as_socket().map_or(0, |address| address.port()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn a_socket_leaves_another_file_under_its_number_alone() {
        let socket = open_unicast(false, 1, 0).expect("there are free ports");
        let file = File::open("/dev/null").expect("each system has one");
        // SAFETY: both numbers are open; the test alone uses them.
        assert_eq!(unsafe { libc::dup2(file.as_raw_fd(), socket.descriptor()) }, socket.descriptor());
        let error = socket.get().expect_err("the number stands for the file");
        assert!(error.to_string().contains("closed by another part of the program"), "{error}");
        let number = socket.descriptor();
        drop(socket);
        assert!(Identity::of(number).is_ok(), "the file was closed");
        // SAFETY: the number is the test's own since the call of dup2.
        assert_eq!(unsafe { libc::close(number) }, 0);
    }
}
