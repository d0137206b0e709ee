//! What each system's `Messages` has to do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use socket2::Socket;

use super::{Messages, Outgoing};
use crate::core::Arrival;
use crate::driver::batch::{Batch, LENGTH};
use crate::driver::family;
use crate::driver::system::{Watched, Way, descriptor_of};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn open() -> (Socket, SocketAddr) {
    let socket = family::open_unicast(false, 1, 0).expect("there are free ports");
    let port = family::port_of(&socket).expect("it is bound");
    (socket, (HERE, port).into())
}

/// What is received when so many datagrams have come, each with its sender.
fn receive(messages: &mut Messages, socket: &Socket, count: usize) -> Vec<(Vec<u8>, SocketAddr)> {
    let mut watched = Watched::default();
    watched.add(descriptor_of(socket)).expect("it is open");
    let (mut batch, mut all) = (Batch::new(), Vec::new());
    while all.len() < count {
        watched.poll(10_000).expect("it can be polled");
        assert!(watched.at(descriptor_of(socket)).is_readable, "{} of {count} came", all.len());
        batch.clear();
        let is_full = batch.fill(LENGTH, |buffers, take| {
            let received = messages.receive(socket, buffers, |number, received, to| {
                assert_eq!((to, received.arrival), (HERE, Arrival::Unicast));
                assert_ne!(received.interface, 0);
                take(number, received);
            });
            received.expect("some wait")
        });
        assert_eq!(is_full, batch.iter().count() == LENGTH);
        all.extend(batch.iter().map(|(bytes, received)| (bytes.to_vec(), received.from)));
    }
    all
}

#[test]
fn one_payload_for_many_and_many_for_one_arrive_each_once_and_in_order() {
    let mut messages = Messages::new();
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
        let count = messages.send(&sender, left).expect("there is a loopback");
        assert!((1..=left.len()).contains(&count));
        left = &left[count..];
    }
    for (socket, _) in &receivers[1..] {
        assert_eq!(receive(&mut messages, socket, 1), [(b"all".to_vec(), from)]);
    }
    let numbers = (0..100).map(|number| vec![number; number.into()]);
    let expected: Vec<_> =
        [b"all".to_vec()].into_iter().chain(numbers).map(|payload| (payload, from)).collect();
    assert_eq!(receive(&mut messages, many, expected.len()), expected);
    let mut nothing = Batch::new();
    nothing.fill(LENGTH, |buffers, _| {
        assert!(messages.receive(many, buffers, |_, _, _| panic!("none waits")).is_err());
        0
    });
}
