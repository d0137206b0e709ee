//! `Snapshot`: the live peers at one moment.

use std::iter;
use std::time::Instant;

use crate::event::PeerView;
use crate::peer_table::PeerTable;
use crate::static_entries::StaticEntries;

/// The live peers at one moment, ordered by name and then by id, lent by the node.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    peers: &'a PeerTable,
    static_entries: &'a StaticEntries,
    now: Instant,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn new(peers: &'a PeerTable, static_entries: &'a StaticEntries, now: Instant) -> Self {
        Snapshot { peers, static_entries, now }
    }

    /// Returns the maximum number of peers: the node may hold entries past their deadlines.
    pub fn max_len(&self) -> usize {
        self.peers.len() + self.static_entries.len()
    }

    /// Returns the maximum number of bytes of all names and values.
    pub fn max_bytes(&self) -> usize {
        let (legacy, registered) = (self.static_entries.legacy(), self.static_entries.registered());
        self.peers.bytes_used() + legacy.bytes + registered.bytes
    }

    /// Returns the peers in order.
    pub fn iter(&self) -> impl Iterator<Item = PeerView<'a>> + use<'a> {
        let Snapshot { peers, static_entries, now } = *self;
        let mut peer_slots = peers.in_order().peekable();
        let mut static_slots = static_entries.in_order().peekable();
        let next = move || {
            // An entry without an id precedes the peers of its name.
            match peer_slots.next_if(|(name, _)| static_slots.peek().is_none_or(|(first, _)| name < first)) {
                Some((_, slot)) => Some(peers.live_view(slot, now)),
                None => static_slots.next().map(|(_, slot)| static_entries.live_view(slot, now)),
            }
        };
        iter::from_fn(next).flatten()
    }
}
