//! What can be done to a [`World`].

use std::net::SocketAddr;
use std::time::Duration;

use peers_proto::{Mode, Node};

use crate::process::{self, Process, Program, Serial, State};
use crate::topology::{Firewall, Host, HostNumber, Link, Partition};
use crate::view::Change;
use crate::world::{Happening, World};

impl World {
    pub fn add_host(&mut self, links: &[Link]) -> HostNumber {
        let number = self.hosts.len();
        self.hosts.push(Host::new(number, links));
        number
    }

    pub fn start(&mut self, host: HostNumber, program: Program) -> Serial {
        let serial = self.processes.len();
        let node_seed = self.rng.u64(..);
        let node = (!program.is_legacy)
            .then(|| Node::new(process::settings(serial, &program, node_seed), self.instant()));
        let mut process = Process::new(program, host, State::Running, node, self.now);
        process.is_maligned = self.hosts[host].firewall == Firewall::Rejecting;
        self.processes.push(process);
        for link in self.hosts[host].links.clone() {
            self.members[link].push(serial);
        }
        self.update_interfaces(serial);
        match self.processes[serial].node {
            Some(_) => self.handle_timeout(serial),
            None => self.push(self.now, Happening::Timeout(serial)),
        }
        serial
    }

    /// As many hosts, each with one node of the defaults, all started now.
    pub fn start_many(&mut self, count: usize, legacy: bool) {
        self.start_many_of(count, &Program { legacy, ..Program::named("") });
    }

    /// As many hosts, each with one node of this program, with a name of its own, all started now.
    pub fn start_many_of(&mut self, count: usize, program: &Program) {
        for _ in 0..count {
            let host = self.add_host(&[0]);
            self.start(host, Program { name: format!("node-{host}"), ..program.clone() });
        }
    }

    /// As many hosts, each with one node of this mode, all started now, with the first `seeds` of them as their seeds.
    pub fn start_cluster(&mut self, count: usize, mode: Mode, seeds: usize) {
        let first = self.processes.len();
        let seeds: Vec<Serial> = (first..first + seeds).collect();
        for _ in 0..count {
            self.start_member(mode, &seeds);
        }
    }

    /// One more host, with a node of this mode.
    pub fn start_member(&mut self, mode: Mode, seeds: &[Serial]) -> Serial {
        let host = self.add_host(&[0]);
        let program = Program { mode, legacy: false, ..Program::named(format!("node-{host}")) };
        let serial = self.start(host, program);
        // What is not there yet has its address all the same.
        let addresses = seeds.iter().map(|seed| process::first_address(*seed)).collect::<Vec<_>>();
        self.set_seed_addresses(serial, &addresses);
        serial
    }

    /// Ends a process as it should be ended.
    pub fn stop(&mut self, serial: Serial) {
        let now = self.instant();
        if let Some(node) = &mut self.processes[serial].node {
            node.stop(now);
            self.settle(serial, None);
        }
        self.end(serial, State::Stopped);
    }

    /// Ends a process as a crash does.
    pub fn kill(&mut self, serial: Serial) {
        self.end(serial, State::Killed);
    }

    pub fn set_firewall(&mut self, host: HostNumber, firewall: Firewall) {
        self.hosts[host].firewall = firewall;
        if firewall == Firewall::Rejecting {
            self.malign_all_of(host);
        }
    }

    /// A host gets other IPv4 addresses. Its memberships stay.
    pub fn renumber(&mut self, host: HostNumber) {
        self.hosts[host].moves += 1;
        self.hosts[host].last_down = Some(self.now);
    }

    /// A node opens its sockets anew, and gets another port.
    pub fn reopen(&mut self, serial: Serial) {
        let process = &mut self.processes[serial];
        process.reopened += 1;
        process.undisturbed_since = self.now;
        // Its host answers for the port that it had.
        process.is_maligned = true;
        self.change_network(serial);
    }

    /// Registers an entry with a node, for a time.
    pub fn register(&mut self, serial: Serial, key: &str, value: &[u8], ttl: Duration) {
        let (now, until) = (self.instant(), self.now + ttl);
        let process = &mut self.processes[serial];
        if let Some(node) = &mut process.node {
            process.view.registrations.note(key, until);
            node.register(key, value, Some(ttl), now).expect("there is room for an entry");
            self.settle(serial, None);
        }
    }

    /// Gives a process the addresses of others, on their first links, as its seeds.
    pub fn set_seeds(&mut self, serial: Serial, seeds: &[Serial]) {
        let first_link = |seed: Serial| self.hosts[self.processes[seed].host].links[0];
        let seeds: Vec<SocketAddr> =
            seeds.iter().map(|seed| self.source_of(*seed, first_link(*seed))).collect();
        self.set_seed_addresses(serial, &seeds);
    }

    fn set_seed_addresses(&mut self, serial: Serial, seeds: &[SocketAddr]) {
        let now = self.instant();
        if let Some(node) = &mut self.processes[serial].node {
            node.set_seeds(seeds, now);
            self.settle(serial, None);
        }
    }

    pub fn suspend(&mut self, serial: Serial) {
        self.processes[serial].state = State::Suspended;
        self.processes[serial].undisturbed_since = self.now;
    }

    /// Lets a process go on. `with_backlog` tells whether its socket kept what came in the meantime.
    pub fn resume(&mut self, serial: Serial, with_backlog: bool) {
        let process = &mut self.processes[serial];
        process.state = State::Running;
        process.undisturbed_since = self.now;
        // What its socket kept may be older than what it remembers of those that are gone.
        process.view.forget_departed();
        let backlog = std::mem::take(&mut process.backlog);
        for (datagram, link) in backlog.into_iter().filter(|_| with_backlog) {
            self.deliver(serial, &datagram, link);
        }
        self.handle_timeout(serial);
    }

    pub fn set_value(&mut self, serial: Serial, value: &[u8]) {
        let now = self.instant();
        let process = &mut self.processes[serial];
        process.program.value = value.to_vec();
        if let Some(node) = &mut process.node {
            node.set_value(value, now).expect("a short value fits");
            self.settle(serial, None);
        }
    }

    pub fn change_network(&mut self, serial: Serial) {
        let now = self.instant();
        self.update_interfaces(serial);
        if let Some(node) = &mut self.processes[serial].node {
            node.handle_network_change(now);
            self.settle(serial, None);
        }
    }

    /// Hands a node the addresses of its host, and its port.
    pub(crate) fn update_interfaces(&mut self, serial: Serial) {
        let now = self.instant();
        let process = &mut self.processes[serial];
        let port = process.source_port(serial);
        if let Some(node) = &mut process.node {
            node.set_interfaces(&self.hosts[process.host].interfaces(), &[port], now);
        }
    }

    pub fn set_link(&mut self, host: HostNumber, link: Link, is_up: bool) {
        let host = &mut self.hosts[host];
        host.down.retain(|down| *down != link);
        if !is_up {
            host.down.push(link);
        }
        host.last_down = Some(self.now);
    }

    /// Keeps hosts apart unless they are on one side.
    pub fn partition(&mut self, sides: Vec<u8>) {
        self.heal();
        self.partitions.push(Partition::new(sides));
    }

    pub fn heal(&mut self) {
        if let Some(partition) = self.partitions.last_mut() {
            partition.healed.get_or_insert(self.now);
        }
    }

    fn end(&mut self, serial: Serial, how: State) {
        let process = &mut self.processes[serial];
        process.state = how;
        // One that stops has two goodbyes left to send.
        process.node.take_if(|node| how == State::Killed || node.is_stopped());
        process.backlog.clear();
        self.knowing -= process.listed_by;
        let listed: Vec<Serial> = process.view.listed().collect();
        for listed in listed {
            self.note_change(Change { added: None, removed: Some(listed) });
        }
        for members in &mut self.members {
            members.retain(|member| *member != serial);
        }
    }
}
