//! On which interfaces the sockets of a family have joined the group.

use std::io;
use std::net::IpAddr;

use socket2::{InterfaceIndexOrAddress, Socket};

use super::{SocketPair, reason_of};
use crate::health::Reason;
use crate::sys::call_error::CallError;
use crate::sys::interface::Interface;
use crate::sys::{multicast_joins, options, socket};

impl SocketPair {
    /// Joins the group on interfaces that are new or silent or whose join was lost, and leaves those that are gone. True if there
    /// were any.
    pub fn follow(&mut self, interfaces: &[Interface]) -> io::Result<bool> {
        let family = self.family();
        let wanted: Vec<&Interface> = interfaces.iter().filter(|one| one.source(family).is_some()).collect();
        for interface in &wanted {
            self.link(interface).follow(interface, family);
        }
        if !self.wants_receiver {
            return Ok(false);
        }
        let has_left = self.leave_where_lost(&wanted)?;
        let had_receiver = !self.receivers.is_empty();
        let has_joined = self.join_where_missing(&wanted)?;
        Ok(has_left || has_joined || had_receiver == self.receivers.is_empty())
    }

    /// Leaves interfaces that are gone, that are silent, or of which the system has lost the join. True if there were any.
    fn leave_where_lost(&mut self, wanted: &[&Interface]) -> io::Result<bool> {
        let known = multicast_joins::of(self.group.ip());
        let is_known = |index| known.as_ref().is_none_or(|known| known.contains(&index));
        let is_wanted = |index| wanted.iter().any(|used| used.index == index);
        let mut has_left = false;
        for link in &mut self.links {
            let stays = is_wanted(link.index) && is_known(link.index) && !link.is_silent;
            let Some(receiver) = link.receiver.take_if(|_| !stays) else { continue };
            // Fails where the join went with the interface.
            let _ = leave(self.receivers[receiver].get()?, self.group.ip(), link.index);
            has_left |= !link.is_silent;
        }
        Ok(has_left)
    }

    /// Joins the group on each interface on which no receiver has. True if there were any.
    fn join_where_missing(&mut self, wanted: &[&Interface]) -> io::Result<bool> {
        let mut refused = Vec::new();
        let mut has_joined = false;
        for interface in wanted {
            if self.link(interface).receiver.is_some() {
                continue;
            }
            let joined = self.join(interface)?;
            let link = self.link(interface);
            match joined {
                Ok(receiver) => {
                    link.receiver = Some(receiver);
                    // One that is silent was joined all the time.
                    if !link.is_silent {
                        link.reset();
                        has_joined = true;
                    }
                }
                Err(failed) => {
                    link.last_error = failed.to_string();
                    refused.push(failed);
                }
            }
        }
        let count = wanted.len() - refused.len();
        let last = refused.pop();
        (self.receiver_error, self.join_trouble) = match last {
            Some(failed) if self.receivers.is_empty() => (Some(failed), None),
            Some(failed) => (None, Some(self.join_trouble(&failed.error, count, wanted.len()))),
            None => (None, None),
        };
        Ok(has_joined)
    }

    fn join_trouble(&self, error: &io::Error, count: usize, all: usize) -> (Reason, String) {
        let limit = options::join_limit(error, self.is_v6())
            .map_or(String::new(), |setting| format!("; the system's limit is {setting}"));
        let words = format!("joined the group on {count} of {all} interfaces: {error}{limit}");
        (reason_of(error, Reason::MulticastJoin), words)
    }

    /// Joins the group on an interface, by the last receiver, and returns its number. If the system permits it no more joins, a new
    /// receiver takes the rest: the limit is per socket. The inner result is that of the system.
    fn join(&mut self, interface: &Interface) -> io::Result<Result<usize, CallError>> {
        loop {
            if let Some(last) = self.receivers.len().checked_sub(1) {
                let joined = join(self.receivers[last].get()?, self.group.ip(), interface);
                let Err(error) = joined else { return Ok(Ok(last)) };
                let is_unused = self.links.iter().all(|link| link.receiver != Some(last));
                if is_unused || options::join_limit(&error, self.is_v6()).is_none() {
                    return Ok(Err(CallError { call: "joining the group", error }));
                }
            }
            match socket::open_receiver(self.group, &self.refusals) {
                Ok(socket) => self.receivers.push(socket),
                Err(failed) => return Ok(Err(failed)),
            }
        }
    }
}

fn join(receiver: &Socket, group: IpAddr, interface: &Interface) -> io::Result<()> {
    match group {
        IpAddr::V4(group) => options::join_v4(receiver, group, interface),
        IpAddr::V6(group) => receiver.join_multicast_v6(&group, interface.index),
    }
}

fn leave(receiver: &Socket, group: IpAddr, index: u32) -> io::Result<()> {
    match group {
        IpAddr::V4(group) => receiver.leave_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index)),
        IpAddr::V6(group) => receiver.leave_multicast_v6(&group, index),
    }
}
