//! The wire format: encodes and decodes datagrams of both formats. It trusts no length, and does not panic.
//!
//! `docs/PROTOCOL.md` is the specification; the numbers here are its numbers.

mod addresses;
mod cluster;
mod decode;
mod encode;
pub mod known_answers;
pub mod name;
mod writer;

use std::fmt;
use std::time::Duration;

pub use addresses::{Addresses, MAX_ADDRESSES};
pub use cluster::{
    ClusterKind, ClusterMessage, Content, UPDATE_OVERHEAD, encode_cluster, max_packet_len, max_page_len,
};
pub use decode::decode;
pub use encode::{
    encode, encode_legacy, encode_probe, encode_query, encode_within, max_announce_len, max_value_len,
    min_probe_len,
};

/// Maximum length of a datagram. With headers it fits into the 1280 bytes that every IPv6 link carries whole (RFC 8200,
/// section 5), so none is fragmented.
pub const MAX_DATAGRAM: usize = 1200;

/// Maximum length of a message. The rest of [`MAX_DATAGRAM`] is for the seal: header, nonce and tag have 46 bytes.
pub const MAX_MESSAGE: usize = 1152;

/// What a sealed message begins with; nonce, sealed message and tag follow. It is authenticated with them.
pub const SEALED: [u8; 6] = *b"PEER\x01\x00";

/// What the legacy beacon begins with; the sender's name follows, to the end of the datagram.
const LEGACY_PREFIX: &[u8] = b"multitastic:";

/// What a message begins with, before its version and kind.
const MAGIC: &[u8; 4] = b"PEER";
const VERSION: u8 = 1;
const KIND_PROBE: u8 = 4;

/// Keys of the map that follows the header.
mod key {
    pub const CLUSTER: u64 = 0;
    pub const ID: u64 = 1;
    pub const SEQUENCE: u64 = 2;
    pub const NAME: u64 = 3;
    pub const EXPIRY: u64 = 4;
    pub const PORT: u64 = 5;
    pub const VALUE: u64 = 6;
    pub const PADDING: u64 = 7;
    pub const ANSWER_TO_GROUP: u64 = 8;
    pub const NONCE: u64 = 9;
    pub const ECHO: u64 = 10;
    pub const PACKET: u64 = 11;
    pub const DIGEST: u64 = 12;
    pub const AFTER: u64 = 13;
    pub const ENTRIES: u64 = 14;
    pub const ADDRESSES: u64 = 15;
    pub const OBSERVER: u64 = 16;
    pub const TO_SEED: u64 = 17;
    pub const LAST: u64 = TO_SEED;
}

/// Maximum step of a sequence number. A forged message moves the number no further, and 2^32 such steps are left.
pub(crate) const MAX_STEP: u64 = 1 << 32;

/// Random id of one run of a node.
pub type InstanceId = [u8; 16];

/// Bytes that only a node that receives at a path can repeat.
pub type Nonce = [u8; 16];

/// A decoded datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The legacy beacon: a node of this name is alive.
    Legacy {
        /// The sender's name.
        name: &'a str,
    },
    /// An announce, a query or a goodbye.
    Native(Kind, Announcement<'a>),
    /// A probe: the receiver repeats the nonce in an announce to the sender.
    Probe(Probe<'a>),
    /// A message between the members of a cluster.
    Cluster(ClusterKind, ClusterMessage<'a>),
    /// A sealed message.
    Sealed,
}

/// The kinds that have an [`Announcement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The sender is alive.
    Announce = 1,
    /// The sender is alive, and each receiver is to announce itself.
    Query = 2,
    /// The sender ends.
    Goodbye = 3,
}

/// What an announce, a query and a goodbye have in common: all that is known of their sender.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Announcement<'a> {
    /// The sender's cluster.
    pub cluster: &'a str,
    /// The run of the sender.
    pub id: InstanceId,
    /// Rises with every message of the sender.
    pub sequence: u64,
    /// The sender's name.
    pub name: &'a str,
    /// How long the sender stays listed without a further message, in whole milliseconds.
    pub expiry: Duration,
    /// Port of the sender's service; 0 for none.
    pub port: u16,
    /// The sender's value.
    pub value: &'a [u8],
    /// Of a query: the filter of known answers, or other padding. The encoder takes it from
    /// [`encode_query`] alone.
    pub known_answers: &'a [u8],
    /// Of a query: replies go to the group.
    pub answer_to_group: bool,
    /// A nonce that the receiver is to repeat.
    pub nonce: Option<Nonce>,
    /// The nonce that this message repeats.
    pub echo: Option<Nonce>,
    /// Further addresses of the sender on the link.
    pub addresses: Addresses,
    /// Of a query: the sender is answered and not listed.
    pub is_observer: bool,
    /// The receiver is a seed of the sender.
    pub to_seed: bool,
}

/// A probe of one instance: the receiver repeats the nonce in an announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe<'a> {
    /// The sender's cluster.
    pub cluster: &'a str,
    /// The run of the sender.
    pub id: InstanceId,
    /// The nonce to repeat.
    pub nonce: Nonce,
}

/// The datagram is not a message of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the datagram is not a message of the protocol")
    }
}

impl std::error::Error for Malformed {}

impl From<minicbor::decode::Error> for Malformed {
    fn from(_: minicbor::decode::Error) -> Self {
        Malformed
    }
}
