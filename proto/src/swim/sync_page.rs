//! `SyncPage`: a page of the list of members, each with its identity, its address and its message.

use std::net::SocketAddr;

use crate::swim::codec::{IDENTITY_LEN, get_identity, put_identity};
use crate::swim::member::MemberId;
use crate::swim::packet::split_updates;
use crate::wire::InstanceId;
use crate::wire::known_answers::fnv1a;

pub(crate) struct SyncPage {
    pub bytes: Vec<u8>,
    max_len: usize,
    /// The id of the last entry.
    pub end: Option<InstanceId>,
}

impl SyncPage {
    /// Returns an empty page of at most so many bytes.
    pub fn new(max_len: usize) -> Self {
        SyncPage { bytes: Vec::with_capacity(max_len), max_len, end: None }
    }

    /// Adds a member with its message, which is empty for a former member. Returns false if there is no room.
    pub fn push(&mut self, member: &MemberId, record: &[u8]) -> bool {
        let len = IDENTITY_LEN + record.len();
        if self.bytes.len() + 2 + len > self.max_len {
            return false;
        }
        self.bytes.extend_from_slice(&(len as u16).to_be_bytes());
        put_identity(&mut self.bytes, member);
        self.bytes.extend_from_slice(record);
        self.end = Some(member.id);
        true
    }

    /// Returns the ids in a page, up to the first malformed entry.
    pub fn ids(bytes: &[u8]) -> impl Iterator<Item = InstanceId> {
        split_updates(bytes).unwrap_or_default().into_iter().filter_map(|entry| entry.first_chunk().copied())
    }

    /// Decodes a page that came from a member at an address. The page lacks the sender's own address, which it does not
    /// know.
    pub fn read(
        bytes: &[u8],
        sender: InstanceId,
        address: SocketAddr,
    ) -> impl Iterator<Item = (MemberId, &[u8])> {
        let entry = move |mut entry| -> Option<(MemberId, &[u8])> {
            let member = get_identity(&mut entry).ok()?;
            Some((if member.id == sender { MemberId { address, ..member } } else { member }, entry))
        };
        split_updates(bytes).unwrap_or_default().into_iter().filter_map(entry)
    }
}

/// Hashes the port and value of a member (FNV-1a). The digest of a list is the exclusive or of these. Two lists with equal
/// digests that differ only delay an update a little, so the hash needs no key.
pub(crate) fn digest_of(id: &InstanceId, port: u16, value: &[u8]) -> u64 {
    fnv1a(id.iter().chain(&port.to_be_bytes()).chain(value))
}
