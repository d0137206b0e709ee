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
        let usage = self.static_entries.usage();
        self.peers.bytes_used() + usage.legacy_bytes + usage.registered_bytes
    }

    /// Returns the peers in order.
    pub fn iter(&self) -> impl Iterator<Item = PeerView<'a>> + use<'a> {
        let Snapshot { peers, static_entries, now } = *self;
        let mut static_entries = static_entries.iter(now).peekable();
        let mut peers = peers.in_order(now).peekable();
        // An entry without an id precedes the peers of its name.
        iter::from_fn(move || {
            peers
                .next_if(|peer| static_entries.peek().is_none_or(|entry| peer.name < entry.name))
                .or_else(|| static_entries.next())
        })
    }
}
