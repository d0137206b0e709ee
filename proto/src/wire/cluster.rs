//! The messages between the members of a cluster: packets of SWIM, and pages of the list of all.

use minicbor::Encoder;

use super::{InstanceId, MAGIC, MAX_MESSAGE, VERSION, key};
use crate::wire::encode::{Encoded, padded};

/// The most bytes of a message beside a packet, or the entries of a page that is asked for, and the cluster.
const PACKET_OVERHEAD: usize = 6 + 1 + 4 + 18 + 10 + 4;

/// The most bytes more of a page, for where it begins.
const PAGE_OVERHEAD: usize = 18;

/// So many bytes less of value there are in a cluster than in a message alone: what tells of a member has to fit into a packet
/// beside its header, and into a page beside an identity.
pub const UPDATE_OVERHEAD: usize = 128;

/// Which message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterKind {
    /// A packet of SWIM.
    Packet = 5,
    /// Asks whether the sender's list is the addressee's, or for a page of that.
    Ask = 6,
    /// Answers that.
    Tell = 7,
}

/// What a message between members tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterMessage<'a> {
    /// The sender's cluster.
    pub cluster: &'a str,
    /// The sender.
    pub id: InstanceId,
    /// Rises with every message that the sender makes.
    pub sequence: u64,
    /// What it is about.
    pub content: Content<'a>,
}

/// What a message between members is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A packet of SWIM.
    Packet(&'a [u8]),
    /// The digest of the sender's list.
    Digest(u64),
    /// The entries of the sender's list that follow this id.
    Page(InstanceId, &'a [u8]),
}

/// The most bytes of a packet in a message of this cluster.
pub fn max_packet_len(cluster: &str) -> usize {
    MAX_MESSAGE - PACKET_OVERHEAD - cluster.len()
}

/// The most bytes of entries in a message of `len` bytes of this cluster.
pub fn max_page_len(cluster: &str, len: usize) -> usize {
    len.min(MAX_MESSAGE).saturating_sub(PACKET_OVERHEAD + PAGE_OVERHEAD + cluster.len())
}

/// The datagram of a message between members, padded to `min_len` bytes if it would have less.
pub fn encode_cluster(kind: ClusterKind, message: &ClusterMessage<'_>, min_len: usize) -> Vec<u8> {
    let encode = |is_padded| {
        let mut encoder = Encoder::new([&MAGIC[..], &[VERSION, kind as u8]].concat());
        encode_map(&mut encoder, message, is_padded).expect("a vector takes all that is written to it");
        encoder.into_writer()
    };
    padded(encode, min_len, 1)
}

fn encode_map(encoder: &mut Encoder<Vec<u8>>, message: &ClusterMessage<'_>, is_padded: bool) -> Encoded {
    let is_page = matches!(message.content, Content::Page(..));
    let optional = [!message.cluster.is_empty(), is_page, is_padded];
    encoder.map(3 + optional.iter().filter(|there| **there).count() as u64)?;
    if !message.cluster.is_empty() {
        encoder.u64(key::CLUSTER)?.str(message.cluster)?;
    }
    encoder.u64(key::ID)?.bytes(&message.id)?.u64(key::SEQUENCE)?.u64(message.sequence)?;
    match message.content {
        Content::Packet(packet) => encoder.u64(key::PACKET)?.bytes(packet)?,
        Content::Digest(digest) => encoder.u64(key::DIGEST)?.u64(digest)?,
        Content::Page(after, entries) => {
            encoder.u64(key::AFTER)?.bytes(&after)?.u64(key::ENTRIES)?.bytes(entries)?
        }
    };
    Ok(())
}
