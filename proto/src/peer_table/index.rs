//! `Index`: finds instances by name and source.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use crate::wire::InstanceId;

/// Identifies the sender of a legacy beacon: a hash of its name, keyed at random, and its source port. A node sends its
/// beacons and its messages from one port.
pub(crate) type LegacyKey = (u64, u16);

const FIRST_ID: InstanceId = [0; 16];
const LAST_ID: InstanceId = [0xff; 16];

#[derive(Default)]
pub(crate) struct Index {
    hasher: RandomState,
    /// Slots in the order of the list.
    names: BTreeMap<(Arc<str>, InstanceId), u32>,
    legacy_keys: BTreeSet<(LegacyKey, InstanceId)>,
    addresses: BTreeSet<(u64, IpAddr, InstanceId)>,
}

impl Index {
    pub fn insert_name(&mut self, id: InstanceId, name: Arc<str>, slot: u32) {
        self.names.insert((name, id), slot);
    }

    pub fn remove_name(&mut self, id: InstanceId, name: &Arc<str>) {
        self.names.remove(&(name.clone(), id));
    }

    /// Returns all names with their slots, in the order of names and then of ids.
    pub fn names(&self) -> impl Iterator<Item = (&str, u32)> {
        self.names.iter().map(|((name, _), slot)| (&**name, *slot))
    }

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

    /// Returns the instances that may have sent a beacon: one, unless two hosts have the same name and port.
    pub fn senders_of_legacy_beacon(&self, key: LegacyKey) -> impl Iterator<Item = InstanceId> {
        self.legacy_keys.range((key, FIRST_ID)..=(key, LAST_ID)).map(|(_, id)| *id)
    }

    /// Returns true if an instance of this name is listed.
    pub fn has_name(&self, name: &str) -> bool {
        let hash = self.hasher.hash_one(name);
        self.legacy_keys.range(((hash, 0), FIRST_ID)..=((hash, u16::MAX), LAST_ID)).next().is_some()
    }

    /// Returns the instances of this name at this address, in the order of their ids.
    pub fn namesakes(&self, name: &str, address: IpAddr) -> impl Iterator<Item = InstanceId> {
        let hash = self.hasher.hash_one(name);
        self.addresses.range((hash, address, FIRST_ID)..=(hash, address, LAST_ID)).map(|(_, _, id)| *id)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.legacy_keys.is_empty() && self.addresses.is_empty()
    }
}
