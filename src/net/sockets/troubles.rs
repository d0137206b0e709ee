//! What is wrong with the sockets and interfaces, in words.

use std::net::SocketAddr;

use super::{Sockets, held, is_unsupported};
use crate::health::Reason;
use crate::interface_status::Usage;
use crate::net::link::Link;
use crate::net::socket_pair::{self, SocketPair};
use crate::sys::options;
use peers_proto::Family;

impl Sockets {
    /// Why the node can reach no peer at all, or none of another host.
    pub(super) fn isolation(&self) -> Option<(Reason, String)> {
        if self.config.multicast {
            return match (&self.listing_error, self.interfaces.is_empty(), self.choice.is_loopback_alone) {
                (Some(failed), true, _) => {
                    Some((Reason::NoInterface, format!("the interfaces cannot be listed: {failed}")))
                }
                (None, true, _) => Some(self.no_interface("no interface that may be used is up")),
                (_, false, true) => {
                    Some(self.no_interface("loopback alone is used: no other interface is up"))
                }
                (_, false, false) => None,
            };
        }
        let error = self.refusal.as_ref()?;
        match socket_pair::reason_of(error, Reason::NoInterface) {
            Reason::Permission => Some((Reason::Permission, format!("sending to seeds and peers: {error}"))),
            // With an interface up, the fault may lie with the peers.
            reason => self.interfaces.iter().all(|interface| interface.is_loopback).then(|| {
                let words = "nothing could be sent, and no interface that may be used is up but loopback";
                (reason, format!("{words}: {error}"))
            }),
        }
    }

    /// Says that no interface is up, and what each one lacks.
    fn no_interface(&self, words: &str) -> (Reason, String) {
        let has = |is_v6| self.config.groups.iter().any(|group| group.is_ipv6() == is_v6);
        let address = match (has(false), has(true)) {
            (true, true) => "an IPv4 or link-local IPv6 address",
            (true, false) => "an IPv4 address",
            (false, _) => "a link-local IPv6 address",
        };
        let mut words = format!("{words} with {address}");
        let mut named: Vec<&str> = Vec::new();
        for status in &self.choice.all {
            let is_out =
                matches!(status.usage, Usage::Used | Usage::NotNamed | Usage::FamilyOff | Usage::Loopback);
            if !is_out && status.kind != "loopback" && !named.contains(&&*status.name) {
                named.push(&status.name);
                words += &format!("; {}: {}", status.name, status.why);
            }
        }
        (Reason::NoInterface, words)
    }

    /// Which sockets the system refuses. A family that it does not have is no trouble.
    pub(super) fn missing_sockets(&self) -> Option<(Reason, String)> {
        let shut = self.shut.iter().filter(|(_, failed)| !is_unsupported(&failed.error));
        let shut = shut.map(|(group, failed)| format!("{} is not used: {failed}", name_of(*group)));
        let deaf = self.pairs.iter().filter_map(|pair| {
            let failed = pair.receiver_error.as_ref()?;
            let group = name_of(pair.group());
            Some(match options::is_port_held(&failed.error) {
                true => format!("nothing is received from the {group} group: {}", held(pair.group().port())),
                false => format!("nothing is received from the {group} group: {failed}"),
            })
        });
        let all: Vec<String> = shut.chain(deaf).collect();
        let words = || format!("{}; the node tries again at each announcement", all.join("; "));
        (!all.is_empty()).then(|| (Reason::Socket, words()))
    }

    fn uses(&self, index: u32, family: Family) -> bool {
        self.interfaces.iter().any(|used| used.index == index && used.source(family).is_some())
    }

    pub(super) fn failing_receives(&self) -> Option<(Reason, String)> {
        let failing = |pair: &SocketPair| Some((pair.group(), pair.receive_error.as_ref()?.to_string()));
        let (group, error) = self.pairs.iter().find_map(failing)?;
        Some((Reason::NotReceiving, format!("receiving by {}: recvmsg: {error}", name_of(group))))
    }

    /// The interfaces in use by which nothing is received. If they are all, the node itself notices.
    pub(super) fn silence(&self) -> Option<(Reason, String)> {
        let (mut silent, mut count) = (Vec::new(), 0);
        for pair in &self.pairs {
            let is_used = |link: &&Link| self.uses(link.index, pair.family());
            for link in pair.links.iter().filter(is_used) {
                count += 1;
                silent.extend(link.is_silent.then(|| format!("{} by {}", link.name, name_of(pair.group()))));
            }
        }
        let words = || {
            let where_to = silent.join(", ");
            format!(
                "nothing is received through {where_to}, not even the node's own announcements; a firewall may drop UDP multicast"
            )
        };
        (!silent.is_empty() && silent.len() < count).then(|| (Reason::NotReceiving, words()))
    }
}

fn name_of(group: SocketAddr) -> &'static str {
    if group.is_ipv6() { "IPv6" } else { "IPv4" }
}
