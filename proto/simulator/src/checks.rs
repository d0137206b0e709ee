//! What can be seen of a [`World`], and what has to be so in each.

use peers_proto::{Event, LeaveReason, Peer};

use crate::process::{self, Process, Program, Serial, State};
use crate::topology::{HostNumber, Link};
use crate::world::World;

impl World {
    pub fn program(&self, serial: Serial) -> &Program {
        &self.processes[serial].program
    }

    pub fn host_of(&self, serial: Serial) -> HostNumber {
        self.processes[serial].host
    }

    pub fn times_reopened(&self, serial: Serial) -> u16 {
        self.processes[serial].reopened
    }

    pub fn links_of(&self, host: HostNumber) -> &[Link] {
        &self.hosts[host].links
    }

    pub fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// The processes that run or are suspended.
    pub fn alive(&self) -> Vec<Serial> {
        (0..self.processes.len()).filter(|serial| self.processes[*serial].is_alive()).collect()
    }

    pub fn is_suspended(&self, serial: Serial) -> bool {
        self.processes[serial].state == State::Suspended
    }

    /// True if every process of `count` knows every other, and nobody that is gone is counted.
    pub fn all_know_all(&self, count: usize) -> bool {
        self.knowing == count * (count - 1)
    }

    /// How many list that process.
    pub fn listed_by(&self, serial: Serial) -> usize {
        self.processes[serial].listed_by
    }

    pub fn peers(&self, serial: Serial) -> Vec<Peer> {
        let node = self.processes[serial].node.as_ref();
        node.map(|node| node.peers(self.instant())).unwrap_or_default()
    }

    /// Checks that all lists are what the events told.
    pub fn check_lists(&mut self) {
        for serial in self.alive() {
            self.current = Some(serial);
            if !self.is_suspended(serial) {
                self.check_list(serial);
            }
        }
    }

    /// Checks that every list has exactly those that are there, with what they tell.
    pub fn check_truth(&mut self) {
        let alive = self.alive();
        for viewer in alive.iter().copied().filter(|viewer| self.processes[*viewer].node.is_some()) {
            self.current = Some(viewer);
            let own = self.program(viewer);
            let others = alive.iter().copied().filter(|other| *other != viewer);
            let mut expected: Vec<Serial> =
                others.filter(|other| own.should_list(self.program(*other))).collect();
            let list = self.peers(viewer);
            for peer in &list {
                let found = expected.iter().position(|serial| self.is_truth(peer, *serial));
                let found = found.unwrap_or_else(|| panic!("nobody is as it is listed: {peer:?}"));
                expected.remove(found);
            }
            let missing: Vec<_> = expected.iter().map(|serial| self.label(*serial)).collect();
            assert!(missing.is_empty(), "the list lacks {missing:?}");
        }
    }

    /// True if that is what there is to know of the process.
    fn is_truth(&self, peer: &Peer, serial: Serial) -> bool {
        let Process { program, host, .. } = &self.processes[serial];
        let is_address = |ip| self.hosts[*host].has_address(ip);
        let is_same_run = match program.is_legacy {
            true => peer.id.is_none(),
            false => {
                peer.id.map(process::serial_of_id) == Some(serial)
                    && peer.port == process::service_port(serial)
                    && peer.value == program.value
            }
        };
        is_same_run && peer.name == program.name && peer.address.is_some_and(is_address)
    }

    /// Whether one can have left for that reason.
    pub(crate) fn judge_leave(&mut self, viewer: Serial, gone: Serial, reason: LeaveReason, event: &Event) {
        if reason != LeaveReason::Goodbye {
            self.left.push((viewer, gone));
        }
        match (reason, self.processes[gone].state) {
            (LeaveReason::Goodbye, state) => {
                assert!(state == State::Stopped, "one that did not say goodbye has left so: {event:?}");
            }
            (LeaveReason::Unreachable, State::Running | State::Suspended) => {
                let is_maligned = self.processes[gone].is_maligned;
                assert!(is_maligned, "one that is there is unreachable: {event:?}");
            }
            (LeaveReason::Unreachable, _) => {}
            (_, State::Running) if self.were_connected(viewer, gone) => self.false_leaves += 1,
            _ => {}
        }
    }

    /// True if for the expiry time nothing kept the two apart but the usual conditions of the network. That the viewer has
    /// slept is no excuse: it has to ask first.
    pub(crate) fn were_connected(&self, viewer: Serial, gone: Serial) -> bool {
        let Process { program, undisturbed_since, .. } = &self.processes[gone];
        let since = self.now.saturating_sub(program.expiry);
        let hosts = [self.host_of(viewer), self.host_of(gone)];
        let were_up = hosts
            .map(|host| &self.hosts[host])
            .iter()
            .all(|host| host.down.is_empty() && host.last_down.is_none_or(|last| last <= since));
        let were_apart = self.partitions.iter().any(|partition| {
            partition.healed.is_none_or(|healed| healed > since) && partition.separates(hosts[0], hosts[1])
        });
        *undisturbed_since <= since && were_up && !were_apart
    }

    pub(crate) fn check_list(&self, serial: Serial) {
        let now = self.instant();
        let Process { node: Some(node), view, .. } = &self.processes[serial] else { return };
        // Before a node has done what is due, its list is ahead of its events.
        if node.poll_timeout().is_none_or(|due| due > now) {
            let list = node.peers(now);
            view.compare(&list).unwrap_or_else(|wrong| panic!("{wrong}: {list:#?}"));
        }
    }

    pub(crate) fn label(&self, serial: Serial) -> String {
        format!("{}#{serial}", self.program(serial).name)
    }
}
