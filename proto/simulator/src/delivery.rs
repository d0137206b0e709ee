//! How a [`World`] takes datagrams from one process to others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use peers_proto::{Arrival, Destination, Family, Transmit};

use crate::process::{self, Datagram, Serial, State};
use crate::topology::{self, Firewall, LINKS, Link};
use crate::trace::digest;
use crate::world::{Happening, World};

/// A host hears itself after this time, whatever the network is like.
const LOOPBACK_DELAY: Duration = Duration::from_micros(20);

impl World {
    pub(crate) fn transmit(&mut self, sender: Serial, transmit: &Transmit) {
        let payload = &transmit.payload;
        let hash = digest(payload);
        self.trace.note([self.now.as_nanos() as u64, sender as u64, hash]);
        let host = self.processes[sender].host;
        let arrival = match transmit.to {
            Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => Arrival::Group,
            Destination::Peer { .. } => Arrival::Unicast,
        };
        for link in 0..LINKS {
            if !self.hosts[host].is_on(link) {
                continue;
            }
            let from = self.source_of(sender, link);
            let datagram =
                Arc::new(Datagram { payload: payload.clone(), digest: hash, sender, from, arrival });
            match transmit.to {
                Destination::GroupV4 if !topology::is_ipv4(link) => {}
                Destination::Interface { index, family }
                    if topology::interface(link) != index
                        || topology::is_ipv4(link) != (family == Family::V4) => {}
                Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => {
                    self.send_to_group(datagram, link)
                }
                Destination::Peer { address, .. } => self.send_to_peer(datagram, link, address),
            }
        }
    }

    /// The address that the datagrams of a process come from.
    pub(crate) fn source_of(&self, serial: Serial, link: Link) -> SocketAddr {
        let process = &self.processes[serial];
        self.hosts[process.host].address(link, process.source_port(serial))
    }

    /// Queues one delivery for all receivers with the same delay.
    fn send_to_group(&mut self, datagram: Arc<Datagram>, link: Link) {
        self.traffic.note(&datagram.payload, true);
        self.record(&datagram, link);
        let mut deliveries: Vec<(Duration, Vec<Serial>)> = Vec::new();
        for at in 0..self.members[link].len() {
            let receiver = self.members[link][at];
            for delay in self.copies(datagram.sender, receiver, link) {
                match deliveries.iter_mut().find(|(other, _)| *other == delay) {
                    Some((_, receivers)) => receivers.push(receiver),
                    None => deliveries.push((delay, vec![receiver])),
                }
            }
        }
        for (delay, receivers) in deliveries {
            self.push(self.now + delay, Happening::Group(datagram.clone(), link, receivers));
        }
    }

    fn send_to_peer(&mut self, datagram: Arc<Datagram>, link: Link, to: SocketAddr) {
        let Some(receiver) = process::serial_of_port(to.port()) else { return };
        if !self.is_on_way_to(receiver, link, to) {
            return;
        }
        self.traffic.note(&datagram.payload, false);
        self.record(&datagram, link);
        for delay in self.copies(datagram.sender, receiver, link) {
            self.push(self.now + delay, Happening::Unicast(datagram.clone(), link, to));
        }
    }

    /// After what times copies of a datagram arrive.
    fn copies(
        &mut self,
        sender: Serial,
        receiver: Serial,
        link: Link,
    ) -> impl Iterator<Item = Duration> + use<> {
        let own = sender == receiver;
        let arrives = !own && self.are_connected(sender, receiver, link);
        let looped = own.then_some(LOOPBACK_DELAY);
        let others = arrives.then(|| self.conditions.draw(&mut self.rng));
        looped.into_iter().chain(others.into_iter().flatten())
    }

    /// True if nothing keeps the two apart on a link on which the sender is.
    fn are_connected(&self, sender: Serial, receiver: Serial, link: Link) -> bool {
        let (from, to) = (self.processes[sender].host, self.processes[receiver].host);
        let partition = self.partitions.last().filter(|partition| partition.healed.is_none());
        self.hosts[to].is_on(link) && !partition.is_some_and(|partition| partition.separates(from, to))
    }

    pub(crate) fn receive(&mut self, receiver: Serial, datagram: &Arc<Datagram>, link: Link) {
        match self.processes[receiver].state {
            State::Running => self.deliver(receiver, datagram, link),
            State::Suspended => self.processes[receiver].keep(datagram.clone(), link),
            State::Stopped | State::Killed => {}
        }
    }

    pub(crate) fn receive_unicast(&mut self, datagram: Arc<Datagram>, link: Link, to: SocketAddr) {
        let Some(receiver) = process::serial_of_port(to.port()) else { return };
        if !self.is_on_way_to(receiver, link, to) {
            return;
        }
        let process = &self.processes[receiver];
        let is_open = process.is_alive() && process.source_port(receiver) == to.port();
        let is_local = process.host == self.processes[datagram.sender].host;
        match self.hosts[process.host].firewall {
            Firewall::None | Firewall::Stealth if is_open => self.receive(receiver, &datagram, link),
            _ if is_local && is_open => self.receive(receiver, &datagram, link),
            Firewall::None | Firewall::Rejecting => self.refuse(datagram.sender, to),
            Firewall::Stealth | Firewall::Dropping => {}
        }
    }

    /// Tells the sender of a datagram that nobody is there.
    fn refuse(&mut self, sender: Serial, to: SocketAddr) {
        for delay in self.conditions.draw(&mut self.rng).take(1) {
            self.push(self.now + delay, Happening::Unreachable(sender, to));
        }
    }

    /// True if the host of the process has that address still.
    fn is_on_way_to(&self, receiver: Serial, link: Link, to: SocketAddr) -> bool {
        let process = self.processes.get(receiver);
        process.is_some_and(|process| self.hosts[process.host].address(link, to.port()) == to)
    }
}
