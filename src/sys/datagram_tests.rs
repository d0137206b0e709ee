//! What each system's `Messages` has to do.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;

use crate::sys::batch::{Buffer, LENGTH, ReceiveBatch, Received};
use crate::sys::poller::Poller;
use crate::sys::socket::{OwnedSocket, open_unicast, port_of};
use crate::sys::{Outgoing, Way};
use peers_proto::Arrival;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn open() -> (OwnedSocket, SocketAddr) {
    let socket = open_unicast(false, 1, 0).expect("there are free ports");
    let port = port_of(&socket).expect("it is bound");
    (socket, (HERE, port).into())
}

/// `Messages::receive`, of one system or the other.
type Receive<'a> =
    &'a mut dyn FnMut(&Socket, &mut [Buffer], &mut dyn FnMut(usize, Received, IpAddr)) -> io::Result<usize>;

/// What is received when so many datagrams have come, each with its sender.
fn receive(call: Receive<'_>, socket: &OwnedSocket, count: usize) -> Vec<(Vec<u8>, SocketAddr)> {
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
                take(number, received);
            };
            call(socket.get().expect("it is open"), buffers, &mut checked).expect("some wait")
        });
        assert_eq!(is_full, batch.iter().count() == LENGTH);
        all.extend(batch.iter().map(|(bytes, received)| (bytes.to_vec(), received.from)));
    }
    all
}

/// One payload for many and many for one arrive, each once and in order.
fn check(mut send: impl FnMut(&Socket, &[Outgoing]) -> io::Result<usize>, call: Receive<'_>) {
    let (sender, from) = open();
    let receivers: Vec<_> = (0..100).map(|_| open()).collect();
    let (many, its_address) = &receivers[0];
    let outgoing = |payload: &[u8], to| Outgoing {
        payload: Arc::from(payload),
        to,
        way: Way { interface: 0, source: None },
    };
    let mut datagrams: Vec<Outgoing> = receivers.iter().map(|(_, to)| outgoing(b"all", *to)).collect();
    datagrams.extend((0..100).map(|number| outgoing(&vec![number; number.into()], *its_address)));
    let mut left = &datagrams[..];
    while !left.is_empty() {
        let count = send(sender.get().expect("it is open"), left).expect("there is a loopback");
        assert!((1..=left.len()).contains(&count));
        left = &left[count..];
    }
    for (socket, _) in &receivers[1..] {
        assert_eq!(receive(call, socket, 1), [(b"all".to_vec(), from)]);
    }
    let numbers = (0..100).map(|number| vec![number; number.into()]);
    let expected: Vec<_> =
        [b"all".to_vec()].into_iter().chain(numbers).map(|payload| (payload, from)).collect();
    assert_eq!(receive(call, many, expected.len()), expected);
    let mut nothing = ReceiveBatch::new();
    nothing.fill(LENGTH, |buffers, _| {
        assert!(call(many.get().expect("it is open"), buffers, &mut |_, _, _| panic!("none waits")).is_err());
        0
    });
}

#[test]
fn all_datagrams_arrive_by_the_systems_calls() {
    let (mut sends, mut receives) =
        (crate::sys::datagram::Messages::new(), crate::sys::datagram::Messages::new());
    check(|socket, all| sends.send(socket, all), &mut |socket, buffers, take| {
        receives.receive(socket, buffers, take)
    });
}

#[test]
fn all_datagrams_arrive_one_at_a_time() {
    use crate::sys::portable::datagram::Messages;
    let (mut sends, mut receives) = (Messages::new(), Messages::new());
    check(|socket, all| sends.send(socket, all), &mut |socket, buffers, take| {
        receives.receive(socket, buffers, take)
    });
}
