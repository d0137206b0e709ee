//! Sends or receives one datagram, of IPv4 or IPv6.

use std::ffi::c_void;
use std::io;
use std::mem::{offset_of, size_of};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::windows::io::AsRawSocket;
use std::ptr;
use std::sync::OnceLock;

use socket2::{SockAddr, Socket};
use windows_sys::Win32::Networking::WinSock::{
    CMSGHDR, IP_PKTINFO, IP_RECVTTL, IP_TTL, IPPROTO_IP, IPPROTO_IPV6, IPV6_HOPLIMIT, IPV6_PKTINFO,
    LPFN_WSARECVMSG, MSG_DONTROUTE, SIO_GET_EXTENSION_FUNCTION_POINTER, SOCKET, WSABUF, WSAECONNRESET,
    WSAEMSGSIZE, WSAENETRESET, WSAID_WSARECVMSG, WSAIoctl, WSAMSG,
};

use crate::sys::batch::{Buffer, Received, receive_each};
use crate::sys::optional::Refusals;
use crate::sys::{IcmpError, Way};
use peers_proto::Arrival;

/// Sends one datagram. Routing chooses the way to a peer and the address to send from; a link-local address has its interface
/// as scope.
pub fn send(socket: &Socket, payload: &[u8], to: SocketAddr, way: &Way) -> io::Result<()> {
    // One thread at a time sends, so the interface does not change in between.
    match to.ip() {
        IpAddr::V4(group) if group.is_multicast() => send_through(socket, way)?,
        IpAddr::V6(group) if group.is_multicast() => socket.set_multicast_if_v6(way.interface)?,
        _ => {}
    }
    let flags = if way.only_on_link { MSG_DONTROUTE } else { 0 };
    socket.send_to_with_flags(payload, &to.into(), flags).map(drop)
}

/// Sets the interface for datagrams to an IPv4 group.
fn send_through(socket: &Socket, way: &Way) -> io::Result<()> {
    // An address of the network 0 is an index. Wine knows an interface by its address alone.
    let by_index = socket.set_multicast_if_v4(&Ipv4Addr::from_bits(way.interface));
    by_index.or_else(|error| match way.source {
        Some(IpAddr::V4(address)) => socket.set_multicast_if_v4(&address),
        _ => Err(error),
    })
}

/// Buffer for the control messages of a datagram: packet information and TTL. Aligned as such messages are.
#[repr(C, align(8))]
struct ControlBuffer([u8; 128]);

/// What the control messages of a datagram say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Control {
    /// Its destination, and the index of the interface through which it came.
    packet: Option<(IpAddr, u32)>,
    /// Its TTL or hop limit.
    hops: Option<u8>,
}

/// Receives datagrams that wait, each into one of `buffers`. Calls `take` with the number of the buffer, the datagram and its
/// destination. Returns the number of buffers in use; if it is not all, no more waited. An error if none waited.
pub fn receive(
    socket: &Socket,
    buffers: &mut [Buffer],
    _: &Refusals,
    take: impl FnMut(usize, Received, IpAddr),
) -> io::Result<usize> {
    receive_each(buffers, take, |buffer| receive_one(socket, buffer))
}

/// Returns that none waits: Windows does not say which datagram an ICMP error is about.
pub fn receive_error(_: &Socket) -> io::Result<IcmpError> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// Receives one datagram into `buffer`. Returns it with its destination; `None` if an error was taken in place of a datagram. An
/// error if none waits.
fn receive_one(socket: &Socket, buffer: &mut [u8]) -> io::Result<Option<(Received, IpAddr)>> {
    let mut control = ControlBuffer([0; 128]);
    let (len, control_len, from) = match receive_message(socket, buffer, &mut control) {
        Ok(message) => message,
        // A datagram longer than any message; or an ICMP error, without the destination that it is about.
        Err(error) if matches!(error.raw_os_error(), Some(WSAEMSGSIZE | WSAECONNRESET | WSAENETRESET)) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let Control { packet, hops } = control_of(&control.0[..control_len]);
    let (to, interface) = packet.ok_or(io::ErrorKind::InvalidData)?;
    let from = from.as_socket().ok_or(io::ErrorKind::InvalidData)?;
    let arrival = if to.is_multicast() { Arrival::Group } else { Arrival::Unicast };
    Ok(Some((Received { len, from, interface, arrival, hops }, to)))
}

/// Receives into both buffers. Returns the lengths of their contents, and the sender.
fn receive_message(
    socket: &Socket,
    buffer: &mut [u8],
    control: &mut ControlBuffer,
) -> io::Result<(usize, usize, SockAddr)> {
    let call = receive_function(socket)?;
    let mut part = WSABUF { len: buffer.len() as u32, buf: buffer.as_mut_ptr() };
    let mut len = 0;
    let receive = |name: *mut _, name_len: *mut _| {
        let mut message = WSAMSG {
            name: name as *mut _,
            // SAFETY: `try_init` gives a pointer to a length.
            namelen: unsafe { *name_len },
            lpBuffers: &mut part,
            dwBufferCount: 1,
            Control: WSABUF { len: control.0.len() as u32, buf: control.0.as_mut_ptr() },
            dwFlags: 0,
        };
        // SAFETY: the function is WSARecvMsg. All pointers in the message are to memory of the length beside them, which
        // outlives the call; without the last two arguments nothing is done after it.
        let result =
            unsafe { call(socket.as_raw_socket() as SOCKET, &mut message, &mut len, ptr::null_mut(), None) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        unsafe { *name_len = message.namelen };
        Ok(message.Control.len as usize)
    };
    // SAFETY: on success WSARecvMsg has written an address of the length it says.
    let (control_len, from) = unsafe { SockAddr::try_init(receive) }?;
    Ok((len as usize, control_len.min(control.0.len()), from))
}

type ReceiveFunction = unsafe extern "system" fn(
    SOCKET,
    *mut WSAMSG,
    *mut u32,
    *mut windows_sys::Win32::System::IO::OVERLAPPED,
    windows_sys::Win32::Networking::WinSock::LPWSAOVERLAPPED_COMPLETION_ROUTINE,
) -> i32;

/// Returns WSARecvMsg, which no library exports.
fn receive_function(socket: &Socket) -> io::Result<ReceiveFunction> {
    static FUNCTION: OnceLock<ReceiveFunction> = OnceLock::new();
    if let Some(function) = FUNCTION.get() {
        return Ok(*function);
    }
    let id = WSAID_WSARECVMSG;
    let mut function: LPFN_WSARECVMSG = None;
    let mut written = 0;
    // SAFETY: each pointer is to a variable of the size beside it. What is written is a function of this type, or NULL.
    let result = unsafe {
        WSAIoctl(
            socket.as_raw_socket() as SOCKET,
            SIO_GET_EXTENSION_FUNCTION_POINTER,
            (&raw const id).cast::<c_void>(),
            size_of_val(&id) as u32,
            (&raw mut function).cast::<c_void>(),
            size_of_val(&function) as u32,
            &mut written,
            ptr::null_mut(),
            None,
        )
    };
    match function {
        Some(function) if result == 0 => Ok(*FUNCTION.get_or_init(|| function)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads the control messages of a datagram, up to one that is cut.
fn control_of(mut messages: &[u8]) -> Control {
    let mut control = Control::default();
    while let Some(rest) = read_control(messages, &mut control) {
        messages = rest;
    }
    control
}

/// Reads one control message. Returns those behind it; `None` if it is cut, or the last one.
fn read_control<'a>(message: &'a [u8], control: &mut Control) -> Option<&'a [u8]> {
    let len = usize::from_ne_bytes(at(message, offset_of!(CMSGHDR, cmsg_len))?);
    let level = i32::from_ne_bytes(at(message, offset_of!(CMSGHDR, cmsg_level))?);
    let kind = i32::from_ne_bytes(at(message, offset_of!(CMSGHDR, cmsg_type))?);
    // The header needs no padding: it is a word and two halves.
    let data = message.get(size_of::<CMSGHDR>()..)?;
    match (level, kind) {
        (IPPROTO_IP, IP_PKTINFO) => {
            let address = Ipv4Addr::from(at::<4>(data, 0)?);
            control.packet = Some((address.into(), u32::from_ne_bytes(at(data, 4)?)));
        }
        (IPPROTO_IPV6, IPV6_PKTINFO) => {
            let address = Ipv6Addr::from(at::<16>(data, 0)?);
            control.packet = Some((address.into(), u32::from_ne_bytes(at(data, 16)?)));
        }
        // Windows answers to the option IP_RECVTTL by IP_TTL, and to its older name by itself.
        (IPPROTO_IP, IP_TTL | IP_RECVTTL) | (IPPROTO_IPV6, IPV6_HOPLIMIT) => {
            control.hops = u8::try_from(i32::from_ne_bytes(at(data, 0)?)).ok();
        }
        _ => {}
    }
    // A length of zero must not make the loop endless.
    message.get(len.max(1).checked_next_multiple_of(size_of::<usize>())?..)
}

/// Returns the bytes from `offset` on, if there are enough.
fn at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A control message: its header, its data, and padding to a word.
    fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let len = size_of::<CMSGHDR>() + data.len();
        let mut message = [&len.to_ne_bytes()[..], &level.to_ne_bytes(), &kind.to_ne_bytes(), data].concat();
        message.resize(len.next_multiple_of(size_of::<usize>()), 0);
        message
    }

    #[test]
    fn packet_information_and_ttl_are_found_behind_other_messages() {
        let v4 = [&[239, 2, 3, 4][..], &7_u32.to_ne_bytes()].concat();
        let v6 = [&"ff12::ef02:304".parse::<Ipv6Addr>().unwrap().octets()[..], &9_u32.to_ne_bytes()].concat();
        let (v4, v6) = (message(IPPROTO_IP, IP_PKTINFO, &v4), message(IPPROTO_IPV6, IPV6_PKTINFO, &v6));
        let other = message(IPPROTO_IP, 1, &[1]);
        for (level, kind, packet, to, interface) in [
            (IPPROTO_IP, IP_TTL, &v4, "239.2.3.4", 7),
            (IPPROTO_IP, IP_RECVTTL, &v4, "239.2.3.4", 7),
            (IPPROTO_IPV6, IPV6_HOPLIMIT, &v6, "ff12::ef02:304", 9),
        ] {
            let hops = message(level, kind, &255_i32.to_ne_bytes());
            let expected = Control { packet: Some((to.parse().unwrap(), interface)), hops: Some(255) };
            assert_eq!(control_of(&[&other[..], packet, &hops].concat()), expected);
        }
        assert_eq!(control_of(&other), Control::default());
    }

    #[test]
    fn messages_that_are_cut_or_without_length_are_none() {
        let whole = message(IPPROTO_IP, IP_PKTINFO, &[0; 8]);
        for len in 0..whole.len() {
            assert_eq!(control_of(&whole[..len]), Control::default());
        }
        let mut endless = message(IPPROTO_IP, 1, &[0; 8]);
        endless[..size_of::<usize>()].fill(0);
        assert_eq!(control_of(&endless), Control::default());
        endless[..size_of::<usize>()].fill(0xFF);
        assert_eq!(control_of(&endless), Control::default());
    }

    #[test]
    fn a_datagram_that_is_too_long_is_dropped() {
        let owned = crate::sys::socket::open_unicast(false, 1, 0, &Refusals::default())
            .expect("there are free ports");
        let port = crate::sys::socket::port_of(&owned).expect("it is bound");
        let socket = owned.get().expect("it is open");
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let way = Way::default();
        let mut buffer = [0; 4];
        for payload in [&b"longer"[..], b"fits"] {
            send(socket, payload, to, &way).expect("there is a loopback");
        }
        let wait = || {
            let mut poller = crate::sys::poller::Poller::default();
            poller.watch([owned.descriptor()]);
            poller.poll(std::time::Duration::from_secs(10)).expect("it can be polled");
            assert!(poller.at(owned.descriptor()).is_readable);
        };
        wait();
        assert!(receive_one(socket, &mut buffer).expect("one waits").is_none());
        wait();
        let (received, to) = receive_one(socket, &mut buffer).expect("one waits").expect("it is whole");
        assert_eq!(&buffer[..received.len], b"fits");
        assert_eq!((received.from.port(), to), (port, Ipv4Addr::LOCALHOST.into()));
        assert_eq!(received.arrival, Arrival::Unicast);
    }
}
