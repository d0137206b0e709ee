//! An event loop without sockets: the network is a loop over the hosts, and time is virtual.
//!
//! `cargo run -p peers-proto --example event_loop` prints which peers each node lists, and when.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_proto::{Arrival, Destination, Event, Key, Node, Received, Settings, Transmit};

/// Index of the one interface of each host.
const INTERFACE: u32 = 1;

struct Host {
    name: &'static str,
    address: SocketAddr,
    node: Node,
}

struct Network {
    start: Instant,
    now: Instant,
    hosts: Vec<Host>,
    lines: Vec<String>,
}

impl Network {
    fn new() -> Self {
        // The only look at the clock. An event loop with sockets reads one that counts suspends, such as CLOCK_BOOTTIME.
        #[allow(clippy::disallowed_methods)]
        let start = Instant::now();
        Network { start, now: start, hosts: Vec::new(), lines: Vec::new() }
    }

    /// Starts a node. A real program draws the id, the seed and the secret seed from the system's random source.
    fn start(&mut self, name: &'static str, value: &[u8]) {
        let number = self.hosts.len() as u8 + 1;
        let settings = Settings {
            id: [number; 16],
            seed: number.into(),
            secret_seed: Key::new([number; 32]),
            name: name.into(),
            value: value.into(),
            ..Settings::default()
        };
        let node = Node::new(settings, self.now);
        self.hosts.push(Host { name, address: ([192, 0, 2, number], 50_000).into(), node });
    }

    /// Stops a node: its goodbyes take 15 ms.
    fn stop(&mut self, host: usize) {
        self.hosts[host].node.stop(self.now);
        while !self.hosts[host].node.is_stopped() {
            self.run_for(Duration::from_millis(5));
        }
        self.deliver();
        self.hosts.remove(host);
    }

    /// Runs all nodes for a time, from deadline to deadline.
    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.deliver();
            self.take_events();
            let next = self.hosts.iter().filter_map(|host| host.node.poll_timeout()).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = next.max(self.now);
            for host in &mut self.hosts {
                host.node.handle_timeout(self.now);
            }
        }
        self.now = end;
    }

    /// Carries the datagrams of all nodes to their destinations.
    fn deliver(&mut self) {
        while let Some((from, transmit)) = self.poll_transmit() {
            for host in &mut self.hosts {
                let arrival = match transmit.to {
                    // The group loops back: the sender receives its own datagram.
                    Destination::Group | Destination::GroupV4 | Destination::Interface { .. } => {
                        Arrival::Group
                    }
                    Destination::Peer { address, .. } if address == host.address => Arrival::Unicast,
                    Destination::Peer { .. } => continue,
                };
                let received = Received { from, interface: INTERFACE, arrival, hops: Some(255) };
                host.node.handle_datagram(&transmit.payload, received, self.now);
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, Transmit)> {
        self.hosts.iter_mut().find_map(|host| Some((host.address, host.node.poll_transmit()?)))
    }

    fn take_events(&mut self) {
        let seconds = (self.now - self.start).as_secs();
        for host in &mut self.hosts {
            while let Some(event) = host.node.poll_event() {
                let what = match event {
                    Event::Joined(peer) => format!("{} joined", peer.name),
                    Event::Updated(peer) => {
                        format!("{} has now {:?}", peer.name, String::from_utf8_lossy(&peer.value))
                    }
                    Event::Left(peer, reason) => format!("{} left ({reason:?})", peer.name),
                    other => format!("{other:?}"),
                };
                self.lines.push(format!("{seconds:2} s, {}: {what}", host.name));
            }
        }
    }
}

/// Returns what two nodes print of each other.
fn run() -> Vec<String> {
    let mut network = Network::new();
    network.start("kitchen", b"kettle");
    network.run_for(Duration::from_secs(5));

    network.start("attic", b"telescope");
    network.run_for(Duration::from_secs(5));

    let (kitchen, attic) = (0, 1);
    network.hosts[kitchen].node.set_value(b"oven", network.now).expect("it is short");
    network.run_for(Duration::from_secs(5));

    network.stop(attic);
    network.run_for(Duration::from_secs(5));
    network.lines
}

fn main() {
    run().iter().for_each(|line| println!("{line}"));
}

#[test]
fn two_nodes_list_each_other_and_a_goodbye_ends_that() {
    let expected = [
        " 5 s, kitchen: attic joined",
        " 5 s, attic: kitchen joined",
        "10 s, attic: kitchen has now \"oven\"",
        "15 s, kitchen: attic left (Goodbye)",
    ];
    assert_eq!(run(), expected);
}
