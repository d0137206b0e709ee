//! `Adversary`: what an attacker on the link has seen, and what it makes of that. It has no key of the nodes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use peers_proto::wire::{self, InstanceId, Message, Nonce};

use crate::case::{self, Datagram, Sequence};

const EXPIRY: Duration = Duration::from_secs(35);

/// A datagram that was sent.
#[derive(Clone)]
pub struct Recording {
    pub bytes: Vec<u8>,
    pub from: SocketAddr,
}

#[derive(Default)]
pub struct Adversary {
    recorded: Vec<Recording>,
    nonces: Vec<Nonce>,
    /// The last number of each instance.
    numbers: HashMap<InstanceId, u64>,
}

impl Adversary {
    /// Records a datagram, and what can be read of it.
    pub fn record(&mut self, recording: &Recording) {
        self.recorded.push(recording.clone());
        match wire::decode(&recording.bytes) {
            Ok(Message::Native(_, about)) => {
                self.nonces.extend(about.nonce);
                self.numbers.insert(about.id, about.sequence);
            }
            Ok(Message::Probe(probe)) => self.nonces.push(probe.nonce),
            _ => {}
        }
    }

    /// Returns a datagram from an address, forged of one of these instances, or recorded. `None` if none is recorded.
    pub fn datagram(&mut self, what: &Datagram, from: SocketAddr, ids: &[InstanceId]) -> Option<Recording> {
        let bytes = match what {
            Datagram::Message(message) => self.forge(message, ids[usize::from(message.who) % ids.len()]),
            Datagram::Altered(message, at, byte) => {
                let mut bytes = self.last(message.who)?.bytes.clone();
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *byte;
                bytes
            }
            Datagram::Line(name) => wire::encode_legacy(&name.text()),
            Datagram::Raw(bytes) | Datagram::Sealed(bytes, _) => bytes.clone(),
            Datagram::Replay(back) => return Some(Recording { from, ..self.last(*back)?.clone() }),
            Datagram::Echo(back) => return self.last(*back).cloned(),
        };
        Some(Recording { bytes, from })
    }

    /// Returns a message of an instance. Its number is near the last one, its echo a nonce that was sent lately.
    pub fn forge(&mut self, message: &case::Message, id: InstanceId) -> Vec<u8> {
        let number = self.numbers.entry(id).or_default();
        *number = match message.sequence {
            Sequence::Next => number.saturating_add(1),
            Sequence::Same => *number,
            Sequence::Any(any) => number.wrapping_add(any),
        };
        let nonce = |back: u8| nth_last(&self.nonces, back).copied().unwrap_or_default();
        let echo = message.echo.map(|back| back.map_or([4; 16], nonce));
        let cluster = if message.foreign { "red" } else { "" };
        message.plain(cluster, id, *number, echo, EXPIRY)
    }

    /// Returns copies of the last datagrams that were recorded.
    pub fn recorded_last(&self, count: u8) -> Vec<Recording> {
        let first = self.recorded.len().saturating_sub(count.into());
        self.recorded[first..].to_vec()
    }

    fn last(&self, back: u8) -> Option<&Recording> {
        nth_last(&self.recorded, back)
    }
}

fn nth_last<T>(of: &[T], back: u8) -> Option<&T> {
    of.iter().nth_back(usize::from(back))
}
