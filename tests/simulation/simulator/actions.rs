//! What can be done to a [`World`].

use std::collections::VecDeque;

use peers::core::Node;

use super::process::{self, Process, Program, Serial, State};
use super::topology::{Host, HostNumber, Link, Partition};
use super::view::{Change, View};
use super::world::{Happening, World};

impl World {
    pub fn add_host(&mut self, links: &[Link]) -> HostNumber {
        self.hosts.push(Host { links: links.to_vec(), down: Vec::new(), last_down: None, silent: false });
        self.hosts.len() - 1
    }

    pub fn start(&mut self, host: HostNumber, program: Program) -> Serial {
        let serial = self.processes.len();
        let node_seed = self.rng.u64(..);
        let node = (!program.is_ancestor)
            .then(|| Box::new(Node::new(process::settings(serial, &program, node_seed), self.instant())));
        self.processes.push(Process {
            program,
            host,
            state: State::Running,
            undisturbed_since: self.now,
            node,
            armed: None,
            view: View::default(),
            backlog: VecDeque::new(),
            listed_by: 0,
        });
        for link in self.hosts[host].links.clone() {
            self.members[link].push(serial);
        }
        match self.processes[serial].node {
            Some(_) => self.settle(serial, None),
            None => self.push(self.now, Happening::Timeout(serial)),
        }
        serial
    }

    /// As many hosts, each with one node of the defaults, all started now.
    pub fn start_many(&mut self, count: usize, ancestor: bool) {
        for _ in 0..count {
            let host = self.add_host(&[0]);
            self.start(host, Program { ancestor, ..Program::named(format!("node-{host}")) });
        }
    }

    /// Ends a process as it should be ended.
    pub fn stop(&mut self, serial: Serial) {
        if let Some(node) = &mut self.processes[serial].node {
            node.stop();
            self.settle(serial, None);
        }
        self.end(serial, State::Stopped);
    }

    /// Ends a process as a crash does.
    pub fn kill(&mut self, serial: Serial) {
        self.end(serial, State::Killed);
    }

    /// Makes a host answer no more for ports that nobody has.
    pub fn silence(&mut self, host: HostNumber) {
        self.hosts[host].silent = true;
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
        let timeout_first = self.rng.bool();
        if timeout_first {
            self.handle_timeout(serial);
        }
        for (datagram, link) in backlog.into_iter().filter(|_| with_backlog) {
            self.deliver(serial, &datagram, link);
        }
        if !timeout_first {
            self.handle_timeout(serial);
        }
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
        if let Some(node) = &mut self.processes[serial].node {
            node.handle_network_change(now);
            self.settle(serial, None);
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
        process.node = None;
        process.backlog.clear();
        self.knowing -= process.listed_by;
        let view = std::mem::take(&mut process.view);
        for listed in view.listed() {
            self.note_change(Change { added: None, removed: Some(listed) });
        }
        for members in &mut self.members {
            members.retain(|member| *member != serial);
        }
    }
}
