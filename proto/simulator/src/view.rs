//! `View`: what a user of one process has been told, and whether that can be true.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use peers_proto::{Event, LeaveReason, Peer, Source};

use crate::process::{Serial, serial_of_id};
use crate::registrations::Registrations;
use crate::trace::digest_of_peer;

/// A node remembers those that are gone for its expiry time, or for this if that is shorter.
const SHORTEST_MEMORY: Duration = Duration::from_secs(5);

/// The peers that the events so far amount to.
pub struct View {
    /// By the process, a hash of what is known of it; 0 for those not listed.
    instances: Vec<u64>,
    /// By the name, what is known by legacy beacons alone.
    lines: BTreeMap<String, Line>,
    pub registrations: Registrations,
    len: usize,
    /// Who was told to be gone, for as long as that is remembered.
    departed: BTreeMap<Serial, Departure>,
    /// Those who were told to be unreachable, and came back in that time: they are not believed to be so again.
    walled: BTreeSet<Serial>,
    memory: Duration,
}

struct Departure {
    /// Those who said goodbye cannot come back; those who were unreachable may.
    by_goodbye: bool,
    remembered_until: Duration,
}

struct Line {
    digest: u64,
    address: Option<IpAddr>,
    /// Who sent the last line of that name from that address.
    sender: Serial,
}

/// The datagram that an event follows from, if it was one.
#[derive(Clone, Copy)]
pub struct Cause {
    pub sender: Serial,
    pub is_line: bool,
}

/// Whose entry came and whose went.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub added: Option<Serial>,
    pub removed: Option<Serial>,
}

impl View {
    /// The view of a node of that expiry.
    pub fn new(expiry: Duration) -> Self {
        View {
            instances: Vec::new(),
            lines: BTreeMap::new(),
            registrations: Registrations::default(),
            len: 0,
            departed: BTreeMap::new(),
            walled: BTreeSet::new(),
            memory: expiry.max(SHORTEST_MEMORY),
        }
    }

    /// Takes in an event, or says what is wrong with it.
    pub fn apply(
        &mut self,
        event: &Event,
        cause: Option<Cause>,
        now: Duration,
    ) -> Result<Change, &'static str> {
        match event {
            Event::Joined(peer) | Event::Updated(peer) | Event::Left(peer, _)
                if peer.source == Source::Registered =>
            {
                self.registrations.apply(event, peer, now)
            }
            Event::Joined(peer) => self.join(peer, cause, now),
            Event::Updated(peer) => self.update(peer, cause, now),
            Event::Left(peer, reason) => self.leave(peer, *reason, now),
            Event::Resync => Err("events were lost although all are taken at once"),
            _ => Err("the event is of an unknown kind"),
        }
    }

    fn join(&mut self, peer: &Peer, cause: Option<Cause>, now: Duration) -> Result<Change, &'static str> {
        let cause = cause.ok_or("an entry came without a datagram")?;
        let sender = match peer.id {
            Some(id) => self.join_instance(serial_of_id(id), peer)?,
            None => self.join_line(peer, cause)?,
        };
        self.come_back(sender, now)?;
        self.len += 1;
        Ok(Change { added: Some(sender), removed: None })
    }

    /// One has joined that may have been taken for gone.
    fn come_back(&mut self, serial: Serial, now: Duration) -> Result<(), &'static str> {
        match self.departed.get(&serial).filter(|departure| now < departure.remembered_until) {
            Some(Departure { by_goodbye: true, .. }) => Err("one that said goodbye has joined again"),
            Some(Departure { by_goodbye: false, .. }) => {
                self.walled.insert(serial);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn join_instance(&mut self, serial: Serial, peer: &Peer) -> Result<Serial, &'static str> {
        if self.lists_instance(serial) {
            return Err("an instance that is listed has joined");
        }
        let line = self.lines.get(&peer.name);
        if line.is_some_and(|line| line.sender == serial) {
            return Err("one whose line is listed has joined instead of being updated");
        }
        self.set_instance(serial, digest_of_peer(peer));
        Ok(serial)
    }

    fn join_line(&mut self, peer: &Peer, cause: Cause) -> Result<Serial, &'static str> {
        if peer.source != Source::Legacy {
            return Err("an entry of a line has another source");
        }
        if !cause.is_line {
            return Err("an entry without an id came without a line");
        }
        if self.lists_instance(cause.sender) {
            return Err("the line of a listed instance has joined");
        }
        let line = Line { digest: digest_of_peer(peer), address: peer.address, sender: cause.sender };
        match self.lines.insert(peer.name.clone(), line) {
            Some(_) => Err("a line that is listed has joined"),
            None => Ok(cause.sender),
        }
    }

    fn update(&mut self, peer: &Peer, cause: Option<Cause>, now: Duration) -> Result<Change, &'static str> {
        let digest = digest_of_peer(peer);
        let previous = match peer.id.map(serial_of_id) {
            Some(serial) if self.lists_instance(serial) => {
                std::mem::replace(&mut self.instances[serial], digest)
            }
            Some(serial) => return self.turn_into_instance(serial, peer, now),
            None => return self.update_line(peer, cause),
        };
        match previous == digest {
            true => Err("nothing has changed by an update"),
            false => Ok(Change::default()),
        }
    }

    fn update_line(&mut self, peer: &Peer, cause: Option<Cause>) -> Result<Change, &'static str> {
        let line = cause.filter(|cause| cause.is_line);
        let line = line.ok_or("an entry without an id was updated without a line")?;
        let sender = line.sender;
        let line = Line { digest: digest_of_peer(peer), address: peer.address, sender: line.sender };
        let entry = self.lines.get_mut(&peer.name).ok_or("a line that is not listed was updated")?;
        let previous = std::mem::replace(entry, line);
        match previous.digest == entry.digest {
            true => Err("nothing has changed by an update"),
            false => Ok(Change { added: Some(sender), removed: Some(previous.sender) }),
        }
    }

    /// The entry of a line has become that of the instance that sends it.
    fn turn_into_instance(
        &mut self,
        serial: Serial,
        peer: &Peer,
        now: Duration,
    ) -> Result<Change, &'static str> {
        self.come_back(serial, now)?;
        let line = self.lines.remove(&peer.name).ok_or("an instance that is not listed was updated")?;
        self.set_instance(serial, digest_of_peer(peer));
        Ok(Change { added: Some(serial), removed: Some(line.sender) })
    }

    fn leave(&mut self, peer: &Peer, reason: LeaveReason, now: Duration) -> Result<Change, &'static str> {
        let serial = match peer.id.map(serial_of_id) {
            Some(serial) if self.lists_instance(serial) => {
                self.instances[serial] = 0;
                serial
            }
            Some(_) => return Err("an instance that is not listed has left"),
            None => self.lines.remove(&peer.name).ok_or("a line that is not listed has left")?.sender,
        };
        let was_walled = self.walled.remove(&serial);
        if was_walled && reason == LeaveReason::Unreachable {
            return Err("one that was wrongly taken for unreachable is so again");
        }
        if reason != LeaveReason::Expired {
            let by_goodbye = reason == LeaveReason::Goodbye;
            self.departed.insert(serial, Departure { by_goodbye, remembered_until: now + self.memory });
        }
        self.len -= 1;
        Ok(Change { added: None, removed: Some(serial) })
    }

    /// Takes note that a line has been heard, after its events. The entry of its name and address, if there is one, is
    /// now the sender's.
    pub fn note_line(&mut self, name: &str, address: IpAddr, cause: Cause) -> Change {
        let sender = cause.sender;
        let is_known = self.lists_instance(sender);
        match self.lines.get_mut(name) {
            Some(line) if !is_known && line.sender != sender && line.address == Some(address) => {
                let removed = std::mem::replace(&mut line.sender, sender);
                Change { added: Some(sender), removed: Some(removed) }
            }
            _ => Change::default(),
        }
    }

    /// Compares with the list that the node gives.
    pub fn compare(&self, list: &[Peer]) -> Result<(), &'static str> {
        let in_order = list.is_sorted_by(|one, next| (&one.name, one.id) < (&next.name, next.id));
        let all_known = list.iter().all(|peer| self.digest_of(peer) == Some(digest_of_peer(peer)));
        match (in_order, all_known, list.len() == self.len + self.registrations.len()) {
            (false, ..) => Err("the list is out of order"),
            (_, false, _) => Err("the list has what the events do not tell"),
            (.., false) => Err("the list lacks what the events tell"),
            _ if list.iter().any(|peer| peer.expires_in.is_zero()) => {
                Err("the list has one past its deadline")
            }
            _ => Ok(()),
        }
    }

    fn digest_of(&self, peer: &Peer) -> Option<u64> {
        match peer.id {
            Some(id) => self.instances.get(serial_of_id(id)).copied(),
            None if peer.source == Source::Registered => self.registrations.digest_of(peer),
            None => self.lines.get(&peer.name).map(|line| line.digest),
        }
    }

    /// Lets those come back that said goodbye.
    pub fn forget_departed(&mut self) {
        self.departed.clear();
    }

    /// The processes that are listed.
    pub fn listed(&self) -> impl Iterator<Item = Serial> {
        let instances = self.instances.iter().enumerate().filter(|(_, digest)| **digest != 0);
        instances.map(|(serial, _)| serial).chain(self.lines.values().map(|line| line.sender))
    }

    fn lists_instance(&self, serial: Serial) -> bool {
        self.instances.get(serial).is_some_and(|digest| *digest != 0)
    }

    fn set_instance(&mut self, serial: Serial, digest: u64) {
        if self.instances.len() <= serial {
            self.instances.resize(serial + 1, 0);
        }
        self.instances[serial] = digest;
    }
}
