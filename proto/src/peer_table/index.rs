//! `Index`: which instance it is, by its name and where it sends from.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use crate::wire::InstanceId;

/// What is known of the sender of a legacy beacon: its name (as a hash, keyed at random) and the port it sends from.
/// A node sends its lines and its messages from one port.
pub(crate) type LineKey = (u64, u16);

const FIRST_ID: InstanceId = [0; 16];
const LAST_ID: InstanceId = [0xff; 16];

#[derive(Default)]
pub(crate) struct Index {
    hasher: RandomState,
    lines: BTreeSet<(LineKey, InstanceId)>,
    places: BTreeSet<(u64, IpAddr, InstanceId)>,
}

impl Index {
    pub fn line_key(&self, name: &str, port: u16) -> LineKey {
        (self.hasher.hash_one(name), port)
    }

    pub fn insert_line(&mut self, id: InstanceId, name: &str, port: u16) {
        self.lines.insert((self.line_key(name, port), id));
    }

    pub fn remove_line(&mut self, id: InstanceId, name: &str, port: u16) {
        self.lines.remove(&(self.line_key(name, port), id));
    }

    pub fn insert_place(&mut self, id: InstanceId, name: &str, address: IpAddr) {
        self.places.insert((self.hasher.hash_one(name), address, id));
    }

    pub fn remove_place(&mut self, id: InstanceId, name: &str, address: IpAddr) {
        self.places.remove(&(self.hasher.hash_one(name), address, id));
    }

    /// The instances whose line this may be: one, unless two hosts chance to have the same name and port.
    pub fn senders_of_line(&self, key: LineKey) -> impl Iterator<Item = InstanceId> {
        self.lines.range((key, FIRST_ID)..=(key, LAST_ID)).map(|(_, id)| *id)
    }

    /// True if an instance of this name is listed.
    pub fn has_name(&self, name: &str) -> bool {
        let hash = self.hasher.hash_one(name);
        self.lines.range(((hash, 0), FIRST_ID)..=((hash, u16::MAX), LAST_ID)).next().is_some()
    }

    /// The instances of this name at this address, in the order of their ids.
    pub fn namesakes(&self, name: &str, address: IpAddr) -> impl Iterator<Item = InstanceId> {
        let hash = self.hasher.hash_one(name);
        self.places.range((hash, address, FIRST_ID)..=(hash, address, LAST_ID)).map(|(_, _, id)| *id)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.places.is_empty()
    }
}
