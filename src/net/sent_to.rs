//! `SentTo`: the destinations to which a socket has sent lately. An ICMP error about another one is forged.

use std::collections::BTreeSet;
use std::mem;
use std::net::{SocketAddr, SocketAddrV6};

/// Number of destinations after which those before are forgotten. An error about a forgotten one has no effect: such a peer
/// expires.
const GENERATION: usize = 1024;

#[derive(Default)]
pub(crate) struct SentTo {
    recent: BTreeSet<SocketAddr>,
    former: BTreeSet<SocketAddr>,
}

impl SentTo {
    pub fn insert(&mut self, to: SocketAddr) {
        if self.recent.len() >= GENERATION {
            self.former = mem::take(&mut self.recent);
        }
        self.recent.insert(normal(to));
    }

    pub fn contains(&self, to: SocketAddr) -> bool {
        let to = normal(to);
        self.recent.contains(&to) || self.former.contains(&to)
    }
}

/// Returns the address without flow label and scope id: an error may come without them.
fn normal(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => SocketAddrV6::new(*v6.ip(), v6.port(), 0, 0).into(),
        SocketAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(number: u32) -> SocketAddr {
        (std::net::Ipv4Addr::from_bits(0x0A00_0000 + number), 50_000).into()
    }

    #[test]
    fn destinations_are_known_by_address_and_port() {
        let mut sent = SentTo::default();
        sent.insert(destination(1));
        sent.insert("[fe80::1%2]:50000".parse().unwrap());
        assert!(sent.contains(destination(1)) && !sent.contains(destination(2)));
        assert!(sent.contains("[fe80::1]:50000".parse().unwrap()));
        assert!(!sent.contains(SocketAddr::new(destination(1).ip(), 50_001)));
    }

    #[test]
    fn the_oldest_destinations_are_forgotten() {
        let mut sent = SentTo::default();
        (0..100_000).for_each(|number| sent.insert(destination(number)));
        assert!(sent.contains(destination(99_999)) && sent.contains(destination(98_976)));
        assert!(!sent.contains(destination(0)));
        assert!(sent.recent.len() + sent.former.len() <= 2 * GENERATION);
    }
}
