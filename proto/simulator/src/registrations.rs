//! `Registrations`: what a user of one process has registered, and whether what is told of it can be true.

use std::collections::BTreeMap;
use std::time::Duration;

use peers_proto::{Event, LeaveReason, Peer};

use crate::trace::digest_of_peer;
use crate::view::Change;

#[derive(Default)]
pub struct Registrations(BTreeMap<String, Registration>);

struct Registration {
    /// `None` while it is not listed as yet.
    digest: Option<u64>,
    until: Duration,
}

impl Registrations {
    /// Takes note that an entry is about to be registered. The keys are nobody's names.
    pub fn note(&mut self, key: &str, until: Duration) {
        self.0.entry(key.to_owned()).or_insert(Registration { digest: None, until }).until = until;
    }

    /// Takes in an event, or says what is wrong with it.
    pub fn apply(&mut self, event: &Event, peer: &Peer, now: Duration) -> Result<Change, &'static str> {
        let entry = self.0.get_mut(&peer.name).ok_or("nobody has registered that")?;
        let digest = Some(digest_of_peer(peer));
        match event {
            Event::Joined(_) if entry.digest.is_none() => entry.digest = digest,
            Event::Updated(_) if entry.digest.is_some() && entry.digest != digest => entry.digest = digest,
            Event::Left(_, LeaveReason::Expired) if entry.digest == digest && entry.until <= now => {
                self.0.remove(&peer.name);
            }
            _ => return Err("that cannot be told of what was registered"),
        }
        Ok(Change::default())
    }

    pub fn digest_of(&self, peer: &Peer) -> Option<u64> {
        self.0.get(&peer.name)?.digest
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
