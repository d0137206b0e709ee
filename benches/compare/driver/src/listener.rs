//! A program that receives the group's datagrams and drops them: what the kernel's own receiving costs.

use std::io::{IoSliceMut, stdin};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::process;
use std::thread;

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg};
use socket2::{Domain, Socket, Type};

use crate::sender::{GROUP, PORT};

/// Datagrams that one call takes at most.
const BATCH: usize = 64;
const ROOM: usize = 1500;

/// `how` is the system call: "recvfrom" or "recvmmsg". Ends with its input.
pub fn run(how: &str) -> Result<(), String> {
    let socket = open().map_err(|error| format!("listening: {error}"))?;
    println!("ready");
    thread::spawn(|| {
        stdin().lines().for_each(drop);
        process::exit(0);
    });
    let received = match how {
        "recvfrom" => one_by_one(&socket),
        "recvmmsg" => in_batches(&socket),
        _ => return Err(format!("{how:?} is neither recvfrom nor recvmmsg")),
    };
    received.map_err(|error| format!("{how}: {error}"))
}

fn open() -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((GROUP, PORT)).into())?;
    socket.join_multicast_v4(&GROUP, &Ipv4Addr::UNSPECIFIED)?;
    Ok(socket)
}

fn one_by_one(socket: &Socket) -> std::io::Result<()> {
    let socket = std::net::UdpSocket::from(socket.try_clone()?);
    let mut buffer = [0; ROOM];
    loop {
        socket.recv_from(&mut buffer)?;
    }
}

fn in_batches(socket: &Socket) -> std::io::Result<()> {
    let mut buffers = [[0; ROOM]; BATCH];
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    loop {
        let mut slices = buffers.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
        // Waits for the first datagram, and takes those that are there with it.
        recvmmsg(socket.as_raw_fd(), &mut headers, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)?;
    }
}
