//! `Index`: which instance it is, by its name and where it sends from.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use super::wire::InstanceId;

/// What is known of the sender of an ancestor's line: its name (as a hash, keyed at random) and the port it sends from.
/// A node sends its lines and its messages from one port; and two nodes of one name on one port are on two hosts.
pub(super) type LineKey = (u64, u16);

#[derive(Default)]
pub(super) struct Index {
    hasher: RandomState,
    lines: HashMap<LineKey, InstanceId>,
    places: BTreeSet<(u64, IpAddr, InstanceId)>,
}

impl Index {
    pub fn line_key(&self, name: &str, port: u16) -> LineKey {
        (self.hasher.hash_one(name), port)
    }

    pub fn insert_line(&mut self, id: InstanceId, name: &str, port: u16) {
        self.lines.insert(self.line_key(name, port), id);
    }

    pub fn remove_line(&mut self, id: InstanceId, name: &str, port: u16) {
        let key = self.line_key(name, port);
        if self.lines.get(&key) == Some(&id) {
            self.lines.remove(&key);
        }
    }

    pub fn insert_place(&mut self, id: InstanceId, name: &str, address: IpAddr) {
        self.places.insert((self.hasher.hash_one(name), address, id));
    }

    pub fn remove_place(&mut self, id: InstanceId, name: &str, address: IpAddr) {
        self.places.remove(&(self.hasher.hash_one(name), address, id));
    }

    /// The instance whose line this is.
    pub fn sender_of_line(&self, key: &LineKey) -> Option<InstanceId> {
        self.lines.get(key).copied()
    }

    /// The instances of this name at this address, in the order of their ids.
    pub fn namesakes(&self, name: &str, address: IpAddr) -> impl Iterator<Item = InstanceId> {
        let hash = self.hasher.hash_one(name);
        let all = (hash, address, InstanceId::default())..=(hash, address, [0xff; 16]);
        self.places.range(all).map(|(_, _, id)| *id)
    }
}
