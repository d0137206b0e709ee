//! `Index`: which instance it is, by its name and where it sends from.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use crate::wire::InstanceId;

/// What is known of the sender of a legacy beacon: its name (as a hash, keyed at random) and the port it sends from.
/// A node sends its lines and its messages from one port.
pub(crate) type LegacyKey = (u64, u16);

const FIRST_ID: InstanceId = [0; 16];
const LAST_ID: InstanceId = [0xff; 16];

#[derive(Default)]
pub(crate) struct Index {
    hasher: RandomState,
    legacy_keys: BTreeSet<(LegacyKey, InstanceId)>,
    addresses: BTreeSet<(u64, IpAddr, InstanceId)>,
}

impl Index {
    pub fn legacy_key(&self, name: &str, port: u16) -> LegacyKey {
        (self.hasher.hash_one(name), port)
    }

    pub fn insert_legacy_key(&mut self, id: InstanceId, name: &str, port: u16) {
        self.legacy_keys.insert((self.legacy_key(name, port), id));
    }

    pub fn remove_legacy_key(&mut self, id: InstanceId, name: &str, port: u16) {
        self.legacy_keys.remove(&(self.legacy_key(name, port), id));
    }

    pub fn insert_address(&mut self, id: InstanceId, name: &str, address: IpAddr) {
        self.addresses.insert((self.hasher.hash_one(name), address, id));
    }

    pub fn remove_address(&mut self, id: InstanceId, name: &str, address: IpAddr) {
        self.addresses.remove(&(self.hasher.hash_one(name), address, id));
    }

    /// The instances whose line this may be: one, unless two hosts chance to have the same name and port.
    pub fn senders_of_legacy_beacon(&self, key: LegacyKey) -> impl Iterator<Item = InstanceId> {
        self.legacy_keys.range((key, FIRST_ID)..=(key, LAST_ID)).map(|(_, id)| *id)
    }

    /// True if an instance of this name is listed.
    pub fn has_name(&self, name: &str) -> bool {
        let hash = self.hasher.hash_one(name);
        self.legacy_keys.range(((hash, 0), FIRST_ID)..=((hash, u16::MAX), LAST_ID)).next().is_some()
    }

    /// The instances of this name at this address, in the order of their ids.
    pub fn namesakes(&self, name: &str, address: IpAddr) -> impl Iterator<Item = InstanceId> {
        let hash = self.hasher.hash_one(name);
        self.addresses.range((hash, address, FIRST_ID)..=(hash, address, LAST_ID)).map(|(_, _, id)| *id)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.legacy_keys.is_empty() && self.addresses.is_empty()
    }
}
