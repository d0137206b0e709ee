//! Finds the instances of a name.

use super::PeerTable;

/// Maximum number of instances of one name that a message is compared with.
const MAX_INSTANCES: usize = 256;

impl PeerTable {
    /// Returns the slots of instances of this name.
    pub(super) fn instances_of(&self, name: &str) -> impl Iterator<Item = u32> {
        self.names.get(name).into_iter().flatten().copied().take(MAX_INSTANCES)
    }

    pub(super) fn insert_name(&mut self, slot: u32) {
        let PeerTable { names, peers, .. } = self;
        let entry = peers.at(slot);
        let slots = names.entry(entry.name.clone()).or_insert_with(|| Vec::with_capacity(1));
        let place = slots.partition_point(|other| peers.at(*other).id < entry.id);
        slots.insert(place, slot);
    }

    pub(super) fn remove_name(&mut self, name: &str, slot: u32) {
        let Some(slots) = self.names.get_mut(name) else { return };
        slots.retain(|other| *other != slot);
        if slots.is_empty() {
            self.names.remove(name);
        }
    }
}
