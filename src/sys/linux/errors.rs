//! ICMP errors of earlier datagrams, from the error queue of the socket that sent them.

use std::io;
use std::net::SocketAddr;

use nix::sys::socket::{ControlMessageOwned, MsgFlags};
use socket2::Socket;

use crate::sys::unix::message::{address_of, receive_message};

/// Size of the buffer for the control message of an error: the error, and the address that answered.
const CONTROL_SIZE: usize = 256;

/// Takes one error from the socket's queue. Returns whether it is ICMP port or host unreachable, and the destination of the
/// datagram that caused it. An error if none waits.
pub fn receive_error(socket: &Socket) -> io::Result<(bool, SocketAddr)> {
    let mut control = [0; CONTROL_SIZE];
    let message = receive_message(socket, &mut [], &mut control, MsgFlags::MSG_ERRQUEUE)?;
    let is_unreachable = message.cmsgs()?.any(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            is_unreachable(&error)
        }
        _ => false,
    });
    Ok((is_unreachable, address_of(&message)?))
}

/// True for port unreachable and host unreachable. The other codes come from firewalls and routers, and say nothing of the
/// host.
fn is_unreachable(error: &libc::sock_extended_err) -> bool {
    match error.ee_origin {
        // Destination unreachable: host (also after ARP without an answer), port (RFC 792).
        libc::SO_EE_ORIGIN_ICMP => error.ee_type == 3 && matches!(error.ee_code, 1 | 3),
        // Destination unreachable: address, port (RFC 4443, section 3.1).
        libc::SO_EE_ORIGIN_ICMP6 => error.ee_type == 1 && matches!(error.ee_code, 3 | 4),
        _ => false,
    }
}
