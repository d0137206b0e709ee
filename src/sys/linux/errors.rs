//! Errors of datagrams that were sent before, from the error queue of the socket that sent them.

use std::io;
use std::net::SocketAddr;

use nix::sys::socket::{ControlMessageOwned, MsgFlags};
use socket2::Socket;

use crate::sys::unix::message::{address_of, receive_message};

/// Room for the control message of an error: the error, and the address of who answered.
const CONTROL_SIZE: usize = 256;

/// Takes one error from the socket's queue: whether it says that nobody is there, and where the datagram was sent that
/// it is about. An error if none waits.
pub fn receive_error(socket: &Socket) -> io::Result<(bool, SocketAddr)> {
    let mut control = [0; CONTROL_SIZE];
    let message = receive_message(socket, &mut [], &mut control, MsgFlags::MSG_ERRQUEUE)?;
    let is_nobody_there = message.cmsgs()?.any(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            is_nobody_there(&error)
        }
        _ => false,
    });
    Ok((is_nobody_there, address_of(&message)?))
}

/// True for the two answers that say so, the port's and the host's. Others, of firewalls and routers, say that they will
/// not tell.
fn is_nobody_there(error: &libc::sock_extended_err) -> bool {
    match error.ee_origin {
        // Destination unreachable: host (also where nobody answers to ARP), port (RFC 792).
        libc::SO_EE_ORIGIN_ICMP => error.ee_type == 3 && matches!(error.ee_code, 1 | 3),
        // Destination unreachable: address, port (RFC 4443, section 3.1).
        libc::SO_EE_ORIGIN_ICMP6 => error.ee_type == 1 && matches!(error.ee_code, 3 | 4),
        _ => false,
    }
}
