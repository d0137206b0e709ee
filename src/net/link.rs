//! `Link`: what the sockets of one family have counted at an interface, and its receive watchdog.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::sys::batch::Received;
use crate::sys::interface::Interface;
use peers_proto::{Arrival, Family};

pub(crate) struct Link {
    pub index: u32,
    pub name: String,
    /// Number of the receiver that has joined the group here.
    pub receiver: Option<usize>,
    /// The address that the node sends from.
    address: Option<IpAddr>,
    pub sent: u64,
    pub looped_back: u64,
    pub received: u64,
    pub last_error: String,
    /// Time of the first datagram to the group since the last one from it.
    unheard_since: Option<Instant>,
    /// No datagram of the group came for the expiry time, not even the own ones.
    pub is_silent: bool,
}

impl Link {
    pub fn new(interface: &Interface) -> Self {
        Link {
            index: interface.index,
            name: interface.name.clone(),
            receiver: None,
            address: None,
            sent: 0,
            looped_back: 0,
            received: 0,
            last_error: String::new(),
            unheard_since: None,
            is_silent: false,
        }
    }

    pub fn follow(&mut self, interface: &Interface, family: Family) {
        self.name.clone_from(&interface.name);
        self.address = interface.source(family);
    }

    /// Begins the watch anew, for an interface that was joined just now.
    pub fn reset(&mut self) {
        (self.unheard_since, self.is_silent) = (None, false);
    }

    pub fn on_sent(&mut self, now: Instant) {
        self.sent += 1;
        self.unheard_since.get_or_insert(now);
    }

    pub fn on_received(&mut self, received: &Received, own_port: u16) {
        self.received += 1;
        if received.from.port() == own_port && Some(received.from.ip()) == self.address {
            self.looped_back += 1;
        }
        if received.arrival == Arrival::Group {
            self.reset();
        }
    }

    /// Notes whether the group was silent for `limit`. True if so.
    pub fn watch(&mut self, limit: Duration, now: Instant) -> bool {
        let is_over = |since: Instant| now.saturating_duration_since(since) >= limit;
        self.is_silent = self.unheard_since.is_some_and(is_over);
        self.is_silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRY: Duration = Duration::from_secs(35);

    fn received(from: &str, arrival: Arrival) -> Received {
        Received { len: 1, from: from.parse().unwrap(), interface: 2, arrival, hops: None }
    }

    fn link() -> Link {
        let mut interface = Interface::new("eth0".into(), 2, false);
        interface.add_address("192.0.2.1".parse().unwrap(), 24);
        let mut link = Link::new(&interface);
        link.follow(&interface, Family::V4);
        link
    }

    #[test]
    fn a_link_is_silent_when_no_datagram_of_the_group_comes_back() {
        let (mut link, start) = (link(), Instant::now());
        assert!(!link.watch(EXPIRY, start + 2 * EXPIRY), "nothing was sent");
        link.on_sent(start);
        link.on_sent(start + EXPIRY / 2);
        link.on_received(&received("192.0.2.7:9", Arrival::Unicast), 7);
        assert!(!link.watch(EXPIRY, start + EXPIRY - Duration::from_millis(1)));
        assert!(link.watch(EXPIRY, start + EXPIRY));
        link.on_received(&received("192.0.2.7:9", Arrival::Group), 7);
        assert!(!link.watch(EXPIRY, start + EXPIRY));
    }

    #[test]
    fn own_datagrams_are_counted_apart() {
        let mut link = link();
        for from in ["192.0.2.1:7", "192.0.2.1:8", "192.0.2.2:7"] {
            link.on_received(&received(from, Arrival::Group), 7);
        }
        assert_eq!((link.received, link.looped_back), (3, 1));
    }
}
