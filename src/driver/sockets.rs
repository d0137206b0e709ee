//! The node's UDP sockets: open, join, send through each interface, receive in batches.
//!
//! Two sockets: one bound to the group's address and port, which every process on the host shares, hears the group;
//! one on a port of the system's choice sends.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::sys::socket::sockopt::Ipv4PacketInfo;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt,
};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

use super::interfaces::{Interface, Selection};
use crate::config::Config;
use crate::core::wire::MAX_DATAGRAM;
use crate::error::{Error, ErrorKind};

/// Room for one byte more than a message has, so that a datagram cut short by the buffer is not taken for one.
pub(super) const BUFFER_SIZE: usize = MAX_DATAGRAM + 1;

/// Where the group is, and by which interfaces to reach it.
pub(super) struct Place {
    group: SocketAddrV4,
    hops: u8,
    selection: Selection,
}

pub(super) struct Sockets {
    place: Place,
    receiver: Socket,
    sender: Socket,
    interfaces: Vec<Interface>,
    /// What the system said when an interface would not join.
    membership_error: Option<io::Error>,
}

/// How sending one datagram through every interface went.
#[derive(Default)]
pub(super) struct SendReport {
    pub sent: u64,
    pub errors: u64,
    /// The last refusal: through which interface, and why.
    pub refusal: Option<(String, io::Error)>,
}

impl SendReport {
    pub fn add(&mut self, other: SendReport) {
        self.sent += other.sent;
        self.errors += other.errors;
        self.refusal = other.refusal.or(self.refusal.take());
    }
}

impl Place {
    pub fn of(config: &Config) -> Result<Self, Error> {
        Ok(Place {
            group: SocketAddrV4::new(config.group_v4.unwrap_or(Ipv4Addr::UNSPECIFIED), config.port),
            hops: config.hops,
            selection: Selection::parse(config.interfaces.as_deref())?,
        })
    }
}

impl Sockets {
    pub fn open(place: Place) -> Result<Self, Error> {
        let receiver = open_receiver(place.group).map_err(|error| cannot_open(place.group, &error))?;
        let sender = open_sender(place.hops).map_err(|error| cannot_open(place.group, &error))?;
        let mut sockets = Sockets { place, receiver, sender, interfaces: Vec::new(), membership_error: None };
        sockets.follow_interfaces();
        Ok(sockets)
    }

    /// Opens both sockets anew and joins every interface again. On an error the old ones stay.
    pub fn reopen(&mut self) -> io::Result<()> {
        let receiver = open_receiver(self.place.group)?;
        let sender = open_sender(self.place.hops)?;
        (self.receiver, self.sender) = (receiver, sender);
        self.interfaces.clear();
        self.follow_interfaces();
        Ok(())
    }

    /// Looks which interfaces there are now; joins those that came and leaves those that went. True if any did.
    pub fn follow_interfaces(&mut self) -> bool {
        // A system that cannot say what it has is taken to have what it had.
        let Ok(current) = self.place.selection.current() else { return false };
        if current == self.interfaces && self.membership_error.is_none() {
            return false;
        }
        let (group, receiver) = (self.place.group.ip(), &self.receiver);
        for gone in without(&self.interfaces, &current) {
            // Fails where the interface itself is gone, and the membership with it.
            let _ = receiver.leave_multicast_v4_n(group, &InterfaceIndexOrAddress::Index(gone.index));
        }
        self.membership_error = None;
        for interface in &current {
            // Those that are members already say so, and are asked too: a membership can be lost unseen.
            let joined =
                receiver.join_multicast_v4_n(group, &InterfaceIndexOrAddress::Index(interface.index));
            match joined {
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => self.membership_error = Some(error),
                _ => {}
            }
        }
        let changed = current != self.interfaces;
        self.interfaces = current;
        changed
    }

    /// Sends `payload` to the group through every interface in use.
    pub fn send(&self, payload: &[u8]) -> SendReport {
        let mut report = SendReport::default();
        for interface in &self.interfaces {
            match self.send_through(interface, payload) {
                Ok(()) => report.sent += 1,
                Err(error) => {
                    report.errors += 1;
                    report.refusal = Some((interface.name.clone(), error));
                }
            }
        }
        report
    }

    /// Receives one datagram into `buffer`, if one waits: how many bytes, from where, through which interface.
    pub fn receive(&self, buffer: &mut [u8; BUFFER_SIZE]) -> Option<(usize, SocketAddr, u32)> {
        loop {
            match receive_from(&self.receiver, buffer) {
                Ok(received) => return Some(received),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Nothing waits; or the socket is unwell, which the silence that follows will show.
                Err(_) => return None,
            }
        }
    }

    pub fn interface_count(&self) -> usize {
        self.interfaces.len()
    }

    pub fn membership_error(&self) -> Option<&io::Error> {
        self.membership_error.as_ref()
    }

    /// The descriptor that is readable when a datagram waits.
    pub fn readable(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }

    fn send_through(&self, interface: &Interface, payload: &[u8]) -> io::Result<()> {
        let through = libc::in_pktinfo {
            ipi_ifindex: interface.index as libc::c_int,
            ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(interface.address.octets()) },
            ipi_addr: libc::in_addr { s_addr: 0 },
        };
        let to = SockaddrIn::from(self.place.group);
        let control = [ControlMessage::Ipv4PacketInfo(&through)];
        let fd = self.sender.as_raw_fd();
        sendmsg(fd, &[IoSlice::new(payload)], &control, MsgFlags::MSG_DONTWAIT, Some(&to))?;
        Ok(())
    }
}

fn receive_from(socket: &Socket, buffer: &mut [u8; BUFFER_SIZE]) -> io::Result<(usize, SocketAddr, u32)> {
    let mut control = nix::cmsg_space!(libc::in_pktinfo);
    let mut parts = [IoSliceMut::new(buffer)];
    let fd = socket.as_raw_fd();
    let message = recvmsg::<SockaddrIn>(fd, &mut parts, Some(&mut control), MsgFlags::MSG_DONTWAIT)?;
    let interface = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => u32::try_from(info.ipi_ifindex).ok(),
        _ => None,
    });
    let from = message.address.ok_or(io::ErrorKind::InvalidData)?;
    Ok((message.bytes, SocketAddrV4::from(from).into(), interface.unwrap_or(0)))
}

fn open_receiver(group: SocketAddrV4) -> io::Result<Socket> {
    let socket = udp_socket()?;
    // The port is shared by all processes of the host that set this.
    socket.set_reuse_address(true)?;
    // Only what comes through the interfaces this socket joined, not what other sockets of the host joined.
    socket.set_multicast_all_v4(false)?;
    setsockopt(&socket, Ipv4PacketInfo, &true)?;
    // Bound to the group, it gets nothing that was sent to another address.
    socket.bind(&SocketAddr::from(group).into())?;
    Ok(socket)
}

fn open_sender(hops: u8) -> io::Result<Socket> {
    let socket = udp_socket()?;
    socket.set_multicast_ttl_v4(hops.into())?;
    // Other processes of this host hear us by the loop, and so do we: that is how deafness shows.
    socket.set_multicast_loop_v4(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
    Ok(socket)
}

fn udp_socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn cannot_open(group: SocketAddrV4, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let port = group.port();
            let detail = format!(
                "UDP port {port} is in use by a socket that does not share it; end that program, have it set \
                 SO_REUSEADDR, or choose another port"
            );
            Error::new(ErrorKind::AddressInUse, detail)
        }
        _ => Error::system(format!("opening the sockets for {group}"), error),
    }
}

/// Those of `all` that are not among `others`.
fn without<'a>(all: &'a [Interface], others: &'a [Interface]) -> impl Iterator<Item = &'a Interface> {
    all.iter().filter(|interface| !others.iter().any(|other| other.index == interface.index))
}
