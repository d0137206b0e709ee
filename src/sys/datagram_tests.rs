//! What each system's `datagram` has to do.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::Socket;

use crate::sys::batch::{Buffer, LENGTH, ReceiveBatch, Received};
use crate::sys::optional::Refusals;
use crate::sys::poller::Poller;
use crate::sys::socket::{OwnedSocket, open_unicast, port_of};
use crate::sys::{Way, datagram};
use peers_proto::Arrival;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// [`datagram::receive`], or what takes its place.
type Receive = fn(&Socket, &mut [Buffer], &mut dyn FnMut(usize, Received, IpAddr)) -> io::Result<usize>;

fn open() -> (OwnedSocket, SocketAddr) {
    let socket = open_unicast(false, 1, 0, &Refusals::default()).expect("there are free ports");
    let port = port_of(&socket).expect("it is bound");
    (socket, (HERE, port).into())
}

/// Receives `count` datagrams, each with its sender.
fn receive(call: Receive, socket: &OwnedSocket, count: usize) -> Vec<(Vec<u8>, SocketAddr)> {
    let mut poller = Poller::default();
    let (mut batch, mut all) = (ReceiveBatch::new(), Vec::new());
    while all.len() < count {
        poller.watch([socket.descriptor()]);
        poller.poll(Duration::from_secs(10)).expect("it can be polled");
        assert!(poller.at(socket.descriptor()).is_readable, "{} of {count} came", all.len());
        batch.clear();
        let is_full = batch.fill(LENGTH, |buffers, take| {
            let mut checked = |number, received: Received, to| {
                assert_eq!((to, received.arrival), (HERE, Arrival::Unicast));
                assert_ne!(received.interface, 0);
                assert!(received.hops.is_none_or(|hops| hops == 255), "{:?}", received.hops);
                take(number, received);
            };
            call(socket.get().expect("it is open"), buffers, &mut checked).expect("some wait")
        });
        assert_eq!(is_full, batch.iter().count() == LENGTH);
        all.extend(batch.iter().map(|(bytes, received)| (bytes.to_vec(), received.from)));
    }
    all
}

/// Datagrams for one socket arrive, each once and in order, and then none waits.
fn check(call: Receive) {
    let ((sender, from), (receiver, to)) = (open(), open());
    let payloads: Vec<Vec<u8>> = (0..100).map(|number| vec![number; number.into()]).collect();
    for payload in &payloads {
        let sender = sender.get().expect("it is open");
        datagram::send(sender, payload, to, &Way::default()).expect("there is a loopback");
    }
    let expected: Vec<_> = payloads.into_iter().map(|payload| (payload, from)).collect();
    assert_eq!(receive(call, &receiver, expected.len()), expected);
    let mut nothing = ReceiveBatch::new();
    nothing.fill(LENGTH, |buffers, _| {
        let receiver = receiver.get().expect("it is open");
        assert!(call(receiver, buffers, &mut |_, _, _| panic!("none waits")).is_err());
        0
    });
}

#[test]
fn datagrams_arrive_in_order() {
    check(|socket, buffers, take| datagram::receive(socket, buffers, &Refusals::default(), take));
}

#[test]
#[cfg(unix)]
fn datagrams_arrive_in_order_one_by_one() {
    use crate::sys::batch::receive_each;
    check(|socket, buffers, take| {
        receive_each(buffers, take, |buffer| datagram::receive_one(socket, buffer).map(Some))
    });
}
