//! Sends and receives many datagrams in one system call: sendmmsg and recvmmsg, for IPv4 and IPv6 alike.

use std::io;
use std::mem::{offset_of, size_of};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::ptr;

use libc::{c_int, cmsghdr, in_pktinfo, in6_addr, in6_pktinfo, iovec, mmsghdr, sockaddr_in, sockaddr_in6};
use nix::errno::Errno;
use socket2::Socket;

use crate::sys::batch::{Buffer, Received};
use crate::sys::{Outgoing, Way};
use peers_proto::Arrival;

/// Maximum number of datagrams in one call.
const MAX: usize = 64;

/// The arrays that the system reads and writes beside the bytes of datagrams, kept from call to call so that none allocates.
pub struct Messages {
    names: Box<[Name; MAX]>,
    controls: Box<[Control; MAX]>,
    /// These two point to the others, to buffers and to payloads. Each call makes them anew.
    parts: Vec<iovec>,
    headers: Vec<mmsghdr>,
}

// SAFETY: its methods alone follow the pointers, and each sets them first.
unsafe impl Send for Messages {}

/// An address of either family. `sockaddr_in` begins with the same fields, and has the address in the place of the flow.
type Name = sockaddr_in6;

/// The one control message of a datagram, its packet information.
#[derive(Clone, Copy)]
#[repr(C)]
struct Control {
    header: cmsghdr,
    info: [u8; size_of::<in6_pktinfo>()],
}

impl Messages {
    pub fn new() -> Self {
        Messages {
            names: Box::new([name_of(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))).0; MAX]),
            controls: Box::new([Control::NONE; MAX]),
            parts: Vec::with_capacity(MAX),
            headers: Vec::with_capacity(MAX),
        }
    }

    /// Receives datagrams that wait, each into one of `buffers`. Calls `take` with the number of the buffer, the datagram and its
    /// destination. Returns the number of buffers in use; if it is not all, no more waited. An error if none waited.
    pub fn receive(
        &mut self,
        socket: &Socket,
        buffers: &mut [Buffer],
        mut take: impl FnMut(usize, Received, IpAddr),
    ) -> io::Result<usize> {
        let bytes = buffers
            .iter_mut()
            .map(|buffer| iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() });
        let headers = self.headers_for(bytes, |_| (size_of::<Name>() as _, size_of::<Control>()));
        let (fd, count) = (socket.as_raw_fd(), headers.len() as _);
        // SAFETY: the pointers of each header are to memory of the length beside them, which outlives the call, and which nothing
        // else touches before it.
        let count = unsafe {
            libc::recvmmsg(fd, headers.as_mut_ptr(), count, libc::MSG_DONTWAIT as _, ptr::null_mut())
        };
        let count = Errno::result(count)? as usize;
        for (number, header) in self.headers.iter().enumerate().take(count) {
            let packet = match header.msg_hdr.msg_controllen {
                // None came with it.
                0 => None,
                _ => self.controls[number].packet(),
            };
            if let Some(((to, interface), from)) = packet.zip(address_of(&self.names[number])) {
                let arrival = if to.is_multicast() { Arrival::Group } else { Arrival::Unicast };
                take(
                    number,
                    Received { len: header.msg_len as usize, from, interface, arrival, hops: None },
                    to,
                );
            }
        }
        Ok(count)
    }

    /// Sends datagrams, and returns their number, from the first on. An error if the first could not be sent.
    pub fn send(&mut self, socket: &Socket, datagrams: &[Outgoing]) -> io::Result<usize> {
        let mut lens = [(0, 0); MAX];
        for (number, datagram) in datagrams.iter().take(MAX).enumerate() {
            let (name, name_len) = name_of(datagram.to);
            let (control, control_len) = Control::of(&datagram.way, datagram.to.is_ipv6());
            (self.names[number], self.controls[number]) = (name, control);
            lens[number] = (name_len, control_len);
        }
        let bytes = datagrams.iter().map(|datagram| iovec {
            iov_base: datagram.payload.as_ptr().cast_mut().cast(),
            iov_len: datagram.payload.len(),
        });
        let headers = self.headers_for(bytes, |number| lens[number]);
        let (fd, count) = (socket.as_raw_fd(), headers.len() as _);
        // SAFETY: as in `receive`. The system does not write to the payloads.
        let count = unsafe { libc::sendmmsg(fd, headers.as_mut_ptr(), count, libc::MSG_DONTWAIT as _) };
        Ok(Errno::result(count)? as usize)
    }

    /// Makes headers for these bytes, up to [`MAX`], with the lengths of each name and control message.
    ///
    /// The headers point to names and controls. A write to these by a reference would make the pointers invalid, so the caller
    /// has filled them before.
    fn headers_for(
        &mut self,
        bytes: impl Iterator<Item = iovec>,
        lens: impl Fn(usize) -> (libc::socklen_t, usize),
    ) -> &mut [mmsghdr] {
        self.parts.clear();
        self.parts.extend(bytes.take(MAX));
        self.headers.clear();
        let rooms = self.parts.iter_mut().zip(&mut *self.names).zip(&mut *self.controls);
        self.headers.extend(rooms.enumerate().map(|(number, ((part, name), control))| {
            // SAFETY: it is made of numbers and pointers, which may be zero.
            let mut header: mmsghdr = unsafe { std::mem::zeroed() };
            let (name_len, control_len) = lens(number);
            header.msg_hdr.msg_name = ptr::from_mut(name).cast();
            header.msg_hdr.msg_namelen = name_len;
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = ptr::from_mut(control).cast();
            header.msg_hdr.msg_controllen = control_len as _;
            header
        }));
        &mut self.headers
    }
}

impl Control {
    // SAFETY: it is made of numbers.
    const NONE: Control = unsafe { std::mem::zeroed() };

    /// Returns one that sends a datagram by that way, and its length with padding.
    fn of(way: &Way, is_v6: bool) -> (Self, usize) {
        let mut control = Control::NONE;
        let interface = way.interface.to_ne_bytes();
        let info_len = match is_v6 {
            false => {
                (control.header.cmsg_level, control.header.cmsg_type) = (libc::IPPROTO_IP, libc::IP_PKTINFO);
                let source = way.source.unwrap_or(Ipv4Addr::UNSPECIFIED);
                control.put(offset_of!(in_pktinfo, ipi_ifindex), interface);
                control.put(offset_of!(in_pktinfo, ipi_spec_dst), source.octets());
                size_of::<in_pktinfo>()
            }
            true => {
                (control.header.cmsg_level, control.header.cmsg_type) =
                    (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO);
                control.put(offset_of!(in6_pktinfo, ipi6_ifindex), interface);
                size_of::<in6_pktinfo>()
            }
        };
        let len = size_of::<cmsghdr>() + info_len;
        control.header.cmsg_len = len as _;
        // CMSG_SPACE of the data.
        (control, len.next_multiple_of(align_of::<cmsghdr>()))
    }

    /// The address a datagram was sent to, and the index of the interface it came through.
    fn packet(&self) -> Option<(IpAddr, u32)> {
        match (self.header.cmsg_level, self.header.cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                let to = Ipv4Addr::from(self.at(offset_of!(in_pktinfo, ipi_addr)));
                Some((to.into(), u32::from_ne_bytes(self.at(offset_of!(in_pktinfo, ipi_ifindex)))))
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                let to = Ipv6Addr::from(self.at::<16>(offset_of!(in6_pktinfo, ipi6_addr)));
                Some((to.into(), u32::from_ne_bytes(self.at(offset_of!(in6_pktinfo, ipi6_ifindex)))))
            }
            _ => None,
        }
    }

    fn put<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        self.info[at..at + N].copy_from_slice(&bytes);
    }

    fn at<const N: usize>(&self, at: usize) -> [u8; N] {
        *self.info[at..].first_chunk().expect("it is a field of the information")
    }
}

/// An address for the system, and its length.
fn name_of(address: SocketAddr) -> (Name, libc::socklen_t) {
    let port = address.port().to_be();
    match address {
        SocketAddr::V4(address) => {
            let flow = u32::from_ne_bytes(address.ip().octets());
            let name = name(libc::AF_INET, port, flow, [0; 16], 0);
            (name, size_of::<sockaddr_in>() as _)
        }
        SocketAddr::V6(address) => {
            let name =
                name(libc::AF_INET6, port, address.flowinfo(), address.ip().octets(), address.scope_id());
            (name, size_of::<sockaddr_in6>() as _)
        }
    }
}

fn name(pair: c_int, port: u16, flow: u32, address: [u8; 16], scope: u32) -> Name {
    Name {
        sin6_family: pair as _,
        sin6_port: port,
        sin6_flowinfo: flow,
        sin6_addr: in6_addr { s6_addr: address },
        sin6_scope_id: scope,
    }
}

/// Reads the address that the system has written.
fn address_of(name: &Name) -> Option<SocketAddr> {
    let port = u16::from_be(name.sin6_port);
    match c_int::from(name.sin6_family) {
        libc::AF_INET => Some((Ipv4Addr::from(name.sin6_flowinfo.to_ne_bytes()), port).into()),
        libc::AF_INET6 => {
            let ip = Ipv6Addr::from(name.sin6_addr.s6_addr);
            Some(SocketAddrV6::new(ip, port, name.sin6_flowinfo, name.sin6_scope_id).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_either_family_reads_back_as_it_was_written() {
        let zoned = SocketAddrV6::new("fe80::1".parse().expect("it is one"), 5, 7, 3).into();
        for address in ["192.0.2.1:49001".parse().expect("it is one"), zoned] {
            let (name, len) = name_of(address);
            assert_eq!(address_of(&name), Some(address));
            assert_eq!(len, if address.is_ipv4() { 16 } else { 28 });
        }
        assert_eq!(address_of(&name(libc::AF_UNIX, 0, 0, [0; 16], 0)), None);
    }

    #[test]
    fn a_way_out_has_interface_and_source() {
        let way = Way { interface: 9, source: Some(Ipv4Addr::new(192, 0, 2, 1)) };
        let (v4, v4_len) = Control::of(&way, false);
        assert_eq!(v4.info[..12], [&9_u32.to_ne_bytes()[..], &[192, 0, 2, 1], &[0; 4]].concat());
        assert_eq!(v4.packet(), Some((Ipv4Addr::UNSPECIFIED.into(), 9)));
        let (v6, v6_len) = Control::of(&way, true);
        assert_eq!(v6.packet(), Some((Ipv6Addr::UNSPECIFIED.into(), 9)));
        // SAFETY: the functions compute with numbers only.
        let spaces = unsafe { (libc::CMSG_SPACE(12), libc::CMSG_SPACE(20)) };
        assert_eq!((v4_len, v6_len), (spaces.0 as usize, spaces.1 as usize));
        assert_eq!(Control::NONE.packet(), None);
    }
}
