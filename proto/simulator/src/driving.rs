//! How a [`World`] drives its nodes: what the library's driver does, with what is handed in and taken out looked at.

use std::net::SocketAddr;
use std::sync::Arc;

use peers_proto::{Destination, Event, Received, Transmit, wire};

use crate::process::{Datagram, Program, Serial, State};
use crate::topology::{self, Link};
use crate::trace::digest_of_peer;
use crate::view::{Cause, Change};
use crate::world::{Happening, World};

/// In worlds of no more processes than this, a list is compared with its events whenever there were any.
const SMALL: usize = 64;

impl World {
    pub(crate) fn deliver(&mut self, receiver: Serial, datagram: &Datagram, link: Link) {
        self.trace.note([self.now.as_nanos() as u64, receiver as u64, datagram.digest]);
        let now = self.instant();
        let process = &mut self.processes[receiver];
        let Some(node) = &mut process.node else { return };
        self.current = Some(receiver);
        let Datagram { from, arrival, .. } = *datagram;
        let received = Received { from, interface: topology::interface(link), arrival, hops: Some(255) };
        node.handle_datagram(&datagram.payload, received, now);
        let is_line = matches!(wire::decode(&datagram.payload), Ok(wire::Message::Legacy { .. }));
        let sender = datagram.sender;
        let cause = Cause { sender, is_line };
        self.settle(receiver, Some(cause));
        if is_line {
            let name = self.processes[datagram.sender].program.name.clone();
            let view = &mut self.processes[receiver].view;
            let change = view.note_line(&name, datagram.from.ip(), cause);
            self.note_change(change);
        }
    }

    pub(crate) fn hear_unreachable(&mut self, serial: Serial, to: SocketAddr) {
        let now = self.instant();
        let process = &mut self.processes[serial];
        if let (State::Running, Some(node)) = (process.state, &mut process.node) {
            self.current = Some(serial);
            node.handle_unreachable(to, 0, now);
            self.settle(serial, None);
        }
    }

    pub(crate) fn wake(&mut self, serial: Serial) {
        let process = &mut self.processes[serial];
        if process.state == State::Stopped && process.node.is_some() {
            return self.send_goodbye(serial);
        }
        if process.state != State::Running {
            process.armed = process.armed.filter(|armed| *armed > self.now);
            return;
        }
        match process.node {
            None => self.send_line(serial),
            // One that was queued before an earlier one took its place.
            Some(_) if process.armed != Some(self.now) => {}
            Some(_) => {
                process.armed = None;
                self.handle_timeout(serial);
            }
        }
    }

    /// Sends what is left of the goodbyes of one that has stopped.
    fn send_goodbye(&mut self, serial: Serial) {
        self.processes[serial].armed = None;
        self.handle_timeout(serial);
        self.processes[serial].node.take_if(|node| node.is_stopped());
    }

    /// Wakes a node if it is time, as a driver does.
    pub(crate) fn handle_timeout(&mut self, serial: Serial) {
        let now = self.instant();
        let Some(node) = &mut self.processes[serial].node else { return };
        self.current = Some(serial);
        if node.poll_timeout().is_some_and(|due| due <= now) {
            node.handle_timeout(now);
            assert!(
                node.poll_timeout().is_none_or(|due| due > now),
                "a timeout that was handled is due again"
            );
        }
        self.settle(serial, None);
    }

    /// The legacy program's whole part.
    pub(crate) fn send_line(&mut self, serial: Serial) {
        let Program { name, interval, .. } = self.processes[serial].program.clone();
        let payload: Arc<[u8]> = wire::encode_legacy(&name).into();
        let transmit = Transmit { payload, to: Destination::GroupV4, source: None, only_on_link: false };
        self.transmit(serial, &transmit);
        self.push(self.now + interval, Happening::Timeout(serial));
    }

    /// Takes what a node puts out, as a driver does after each call.
    pub(crate) fn settle(&mut self, serial: Serial, cause: Option<Cause>) {
        let now = self.instant();
        self.current = Some(serial);
        self.take_events(serial, cause);
        loop {
            let Some(node) = &mut self.processes[serial].node else { return };
            if node.poll_reopen() {
                node.handle_network_change(now);
            }
            let Some(transmit) = node.poll_transmit() else { break };
            self.transmit(serial, &transmit);
        }
        self.arm(serial);
    }

    pub(crate) fn take_events(&mut self, serial: Serial, cause: Option<Cause>) {
        let mut had_any = false;
        while let Some(event) = self.processes[serial].node.as_mut().and_then(|node| node.poll_event()) {
            had_any = true;
            self.take_event(serial, &event, cause);
        }
        if had_any && self.processes.len() <= SMALL {
            self.check_list(serial);
        }
    }

    pub(crate) fn take_event(&mut self, viewer: Serial, event: &Event, cause: Option<Cause>) {
        let now = self.now;
        let change = self.processes[viewer].view.apply(event, cause, now);
        let change = change.unwrap_or_else(|wrong| panic!("{wrong}: {event:?}"));
        if let Event::Joined(peer) | Event::Updated(peer) | Event::Left(peer, _) = event {
            self.trace.note([self.now.as_nanos() as u64, viewer as u64, digest_of_peer(peer)]);
        }
        assert!(change.added != Some(viewer), "it lists itself: {event:?}");
        if let (Event::Left(_, reason), Some(gone)) = (event, change.removed) {
            self.judge_leave(viewer, gone, *reason, event);
        }
        self.note_change(change);
    }

    pub(crate) fn note_change(&mut self, change: Change) {
        if let Some(removed) = change.removed {
            self.processes[removed].listed_by -= 1;
            self.knowing -= usize::from(self.processes[removed].is_alive());
        }
        if let Some(added) = change.added {
            self.processes[added].listed_by += 1;
            self.knowing += usize::from(self.processes[added].is_alive());
        }
    }

    /// Queues the node's next timeout, unless one that is early enough is queued.
    pub(crate) fn arm(&mut self, serial: Serial) {
        let process = &mut self.processes[serial];
        let Some(due) = process.node.as_ref().and_then(|node| node.poll_timeout()) else { return };
        let due = due.saturating_duration_since(self.base).max(self.now);
        if process.armed.is_none_or(|armed| due < armed) {
            process.armed = Some(due);
            self.push(due, Happening::Timeout(serial));
        }
    }
}
