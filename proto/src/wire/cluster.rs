//! The messages between members of a cluster: packets of SWIM, and pages of the list.

use super::writer::Writer;
use super::{InstanceId, MAX_MESSAGE, key};

/// Maximum bytes of a message beside the cluster and a packet, or the entries of a page.
const PACKET_OVERHEAD: usize = 6 + 1 + 4 + 18 + 10 + 4;

/// Maximum bytes of a page for the id that it begins after.
const PAGE_OVERHEAD: usize = 18;

/// Bytes by which a value in a cluster is shorter than in a message alone. A message about a member fits into a packet
/// beside its header, and into a page beside an identity.
pub const UPDATE_OVERHEAD: usize = 128;

/// The kind of a message between members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterKind {
    /// A packet of SWIM.
    Packet = 5,
    /// Asks whether two lists are equal, or for a page of the list.
    Ask = 6,
    /// Answers that.
    Tell = 7,
}

/// A message between members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterMessage<'a> {
    /// The sender's cluster.
    pub cluster: &'a str,
    /// The sender's id.
    pub id: InstanceId,
    /// Rises with every message of the sender.
    pub sequence: u64,
    /// Its content.
    pub content: Content<'a>,
}

/// The content of a message between members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A packet of SWIM.
    Packet(&'a [u8]),
    /// The digest of the sender's list.
    Digest(u64),
    /// The entries of the sender's list that follow this id.
    Page(InstanceId, &'a [u8]),
}

/// Returns the maximum length of a packet in a message of this cluster.
pub fn max_packet_len(cluster: &str) -> usize {
    MAX_MESSAGE - PACKET_OVERHEAD - cluster.len()
}

/// Returns the maximum length of the entries in a message of `len` bytes of this cluster.
pub fn max_page_len(cluster: &str, len: usize) -> usize {
    len.min(MAX_MESSAGE).saturating_sub(PACKET_OVERHEAD + PAGE_OVERHEAD + cluster.len())
}

/// Encodes a message between members, padded to `min_len` bytes if it has fewer.
pub fn encode_cluster(kind: ClusterKind, message: &ClusterMessage<'_>, min_len: usize) -> Vec<u8> {
    let mut writer = Writer::new(kind as u8, message.cluster);
    writer.pair(key::ID, |encoder| encoder.bytes(&message.id));
    writer.pair(key::SEQUENCE, |encoder| encoder.u64(message.sequence));
    match message.content {
        Content::Packet(packet) => writer.pair(key::PACKET, |encoder| encoder.bytes(packet)),
        Content::Digest(digest) => writer.pair(key::DIGEST, |encoder| encoder.u64(digest)),
        Content::Page(after, entries) => {
            writer.pair(key::AFTER, |encoder| encoder.bytes(&after));
            writer.pair(key::ENTRIES, |encoder| encoder.bytes(entries));
        }
    }
    // Not longer than `min_len`: an answer is not longer than its request.
    writer.finish(min_len, min_len).0
}
