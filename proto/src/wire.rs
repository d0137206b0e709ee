//! The wire format: datagram to [`Message`] and back, for both protocols. Decoding trusts no length and never panics.
//!
//! `docs/PROTOCOL.md` is the specification; the numbers here are its numbers.

mod cluster;
mod encode;
pub mod name;

use std::fmt;
use std::time::Duration;

use minicbor::Decoder;

pub use cluster::{
    ClusterKind, ClusterMessage, Content, UPDATE_OVERHEAD, encode_cluster, max_packet_len, max_page_len,
};
pub use encode::{encode, encode_answer, encode_challenge, encode_legacy, encode_padded, max_value_len};

/// Maximum length of a datagram. With headers it stays below the 1280 bytes that every IPv6 link carries whole (RFC 8200,
/// section 5), so none is fragmented.
pub const MAX_DATAGRAM: usize = 1200;

/// Maximum length of a message. The rest up to [`MAX_DATAGRAM`] is for sealing: header, nonce and tag have 46 bytes.
pub const MAX_MESSAGE: usize = 1152;

/// Maximum length of an announce. A query that is padded to this length may have one byte more, because padding has at
/// least two, and two more for a key that only queries have.
pub const MAX_ANNOUNCE: usize = MAX_MESSAGE - 2;

/// Prefix of the legacy beacon; the sender's name follows, to the end of the datagram.
const LEGACY_PREFIX: &[u8] = b"multitastic:";

/// Prefix of a message of the native protocol, before its version and kind.
const MAGIC: &[u8; 4] = b"PEER";
const VERSION: u8 = 1;

/// Prefix of a sealed message; nonce, ciphertext and tag follow. It is authenticated with them.
pub const SEALED: [u8; 6] = *b"PEER\x01\x00";

/// Kind of a message that is no announcement: see [`Message::Challenge`].
const KIND_CHALLENGE: u8 = 4;

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
    pub const CHALLENGE: u64 = 9;
    pub const RESPONSE: u64 = 10;
    pub const PACKET: u64 = 11;
    pub const DIGEST: u64 = 12;
    pub const AFTER: u64 = 13;
    pub const ENTRIES: u64 = 14;
}

/// Random id of one run of a node.
pub type InstanceId = [u8; 16];

/// Random bytes; only a node that receives them now can repeat them.
pub type Challenge = [u8; 16];

/// A decoded datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The legacy beacon: a node of this name is alive.
    Legacy {
        /// The sender's name.
        name: &'a str,
    },
    /// A message of the native protocol.
    Native(Kind, Announcement<'a>),
    /// A message to a newcomer, which is listed when it repeats the bytes in an announce.
    Challenge {
        /// The challenger's cluster.
        cluster: &'a str,
        /// The challenger's id.
        id: InstanceId,
        /// The bytes to repeat.
        challenge: Challenge,
    },
    /// A message between members of a cluster.
    Cluster(ClusterKind, ClusterMessage<'a>),
    /// A sealed message.
    Sealed,
}

/// The kind of a message of the native protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The sender is alive.
    Announce = 1,
    /// The sender is alive, and asks for an announce of each receiver.
    Query = 2,
    /// The sender ends.
    Goodbye = 3,
}

/// The content of a message of the native protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement<'a> {
    /// The sender's cluster. Only nodes of one cluster list each other.
    pub cluster: &'a str,
    /// The sender's instance id.
    pub id: InstanceId,
    /// Rises with every message of the sender.
    pub sequence: u64,
    /// The sender's name.
    pub name: &'a str,
    /// The sender's lifetime: how long it stays listed without a further message, in whole milliseconds.
    pub expiry: Duration,
    /// Port of the sender's service; 0 for none.
    pub port: u16,
    /// The sender's value.
    pub value: &'a [u8],
    /// Of a query: the reply is wanted by the group, because unicast replies seem not to arrive.
    pub answer_to_group: bool,
    /// The part that clusters with keys add.
    pub proof: Option<Proof>,
}

/// A response and a challenge, each zeros if there is none. In a cluster with keys every message has both, so that all have
/// one length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof {
    /// The challenge of the receiver; zeros if none.
    pub challenge: Challenge,
    /// The challenge that this responds to; zeros if none.
    pub response: Challenge,
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

/// Decodes a datagram.
pub fn decode(datagram: &[u8]) -> Result<Message<'_>, Malformed> {
    match datagram.strip_prefix(MAGIC) {
        Some(rest) if datagram.len() <= MAX_DATAGRAM => decode_native(rest),
        Some(_) => Err(Malformed),
        None => decode_legacy(datagram),
    }
}

fn decode_legacy(datagram: &[u8]) -> Result<Message<'_>, Malformed> {
    let name = datagram.strip_prefix(LEGACY_PREFIX).ok_or(Malformed)?;
    let name = std::str::from_utf8(name).map_err(|_| Malformed)?;
    name::check(name).map_err(|_| Malformed)?;
    Ok(Message::Legacy { name })
}

fn decode_native(rest: &[u8]) -> Result<Message<'_>, Malformed> {
    let [VERSION, kind, map @ ..] = rest else { return Err(Malformed) };
    let kind = match *kind {
        0 => return Ok(Message::Sealed),
        1 => Kind::Announce,
        2 => Kind::Query,
        3 => Kind::Goodbye,
        KIND_CHALLENGE => return decode_map(map)?.challenge(),
        5 => return decode_map(map)?.cluster_message(ClusterKind::Packet),
        6 => return decode_map(map)?.cluster_message(ClusterKind::Ask),
        7 => return decode_map(map)?.cluster_message(ClusterKind::Tell),
        _ => return Err(Malformed),
    };
    Ok(Message::Native(kind, decode_map(map)?.announcement()?))
}

/// The pairs of a map, before missing ones are noticed.
#[derive(Default)]
struct Found<'a> {
    cluster: Option<&'a str>,
    id: Option<InstanceId>,
    sequence: Option<u64>,
    name: Option<&'a str>,
    expiry: Option<u64>,
    port: Option<u16>,
    value: Option<&'a [u8]>,
    answer_to_group: Option<bool>,
    challenge: Option<Challenge>,
    response: Option<Challenge>,
    packet: Option<&'a [u8]>,
    digest: Option<u64>,
    after: Option<InstanceId>,
    entries: Option<&'a [u8]>,
}

fn decode_map(bytes: &[u8]) -> Result<Found<'_>, Malformed> {
    let mut decoder = Decoder::new(bytes);
    let mut found = Found::default();
    let pairs = decoder.map()?.ok_or(Malformed)?;
    for _ in 0..pairs {
        decode_pair(&mut decoder, &mut found)?;
    }
    match decoder.position() == bytes.len() {
        true => Ok(found),
        false => Err(Malformed),
    }
}

impl<'a> Found<'a> {
    fn announcement(self) -> Result<Announcement<'a>, Malformed> {
        let name = self.name.ok_or(Malformed)?;
        name::check(name).map_err(|_| Malformed)?;
        Ok(Announcement {
            cluster: self.cluster()?,
            id: self.id.ok_or(Malformed)?,
            sequence: self.sequence.ok_or(Malformed)?,
            name,
            expiry: Duration::from_millis(self.expiry.ok_or(Malformed)?),
            port: self.port.unwrap_or_default(),
            value: self.value.unwrap_or_default(),
            answer_to_group: self.answer_to_group.unwrap_or_default(),
            proof: self
                .challenge
                .zip(self.response)
                .map(|(challenge, response)| Proof { challenge, response }),
        })
    }

    fn challenge(self) -> Result<Message<'a>, Malformed> {
        let (id, challenge) = (self.id.ok_or(Malformed)?, self.challenge.ok_or(Malformed)?);
        Ok(Message::Challenge { cluster: self.cluster()?, id, challenge })
    }

    fn cluster_message(self, kind: ClusterKind) -> Result<Message<'a>, Malformed> {
        let content = match (kind, self.packet, self.digest, self.after, self.entries) {
            (ClusterKind::Packet, Some(packet), ..) => Content::Packet(packet),
            (ClusterKind::Packet, ..) => return Err(Malformed),
            (_, _, Some(digest), ..) => Content::Digest(digest),
            (_, _, _, Some(after), Some(entries)) => Content::Page(after, entries),
            _ => return Err(Malformed),
        };
        let (id, sequence) = (self.id.ok_or(Malformed)?, self.sequence.ok_or(Malformed)?);
        Ok(Message::Cluster(kind, ClusterMessage { cluster: self.cluster()?, id, sequence, content }))
    }

    fn cluster(&self) -> Result<&'a str, Malformed> {
        let cluster = self.cluster.unwrap_or_default();
        name::check_cluster(cluster).map(|()| cluster).map_err(|_| Malformed)
    }
}

fn decode_pair<'a>(decoder: &mut Decoder<'a>, found: &mut Found<'a>) -> Result<(), Malformed> {
    match decoder.u64()? {
        key::CLUSTER => once(&mut found.cluster, decoder.str()?),
        key::ID => once(&mut found.id, decoder.bytes()?.try_into().map_err(|_| Malformed)?),
        key::SEQUENCE => once(&mut found.sequence, decoder.u64()?),
        key::NAME => once(&mut found.name, decoder.str()?),
        key::EXPIRY => once(&mut found.expiry, decoder.u64()?),
        key::PORT => once(&mut found.port, decoder.u16()?),
        key::VALUE => once(&mut found.value, decoder.bytes()?),
        key::ANSWER_TO_GROUP => once(&mut found.answer_to_group, decoder.bool()?),
        key::CHALLENGE => once(&mut found.challenge, decoder.bytes()?.try_into().map_err(|_| Malformed)?),
        key::RESPONSE => once(&mut found.response, decoder.bytes()?.try_into().map_err(|_| Malformed)?),
        key::PACKET => once(&mut found.packet, decoder.bytes()?),
        key::DIGEST => once(&mut found.digest, decoder.u64()?),
        key::AFTER => once(&mut found.after, decoder.bytes()?.try_into().map_err(|_| Malformed)?),
        key::ENTRIES => once(&mut found.entries, decoder.bytes()?),
        // Padding, or a key of a later version, which does not depend on its being understood.
        _ => Ok(decoder.skip()?),
    }
}

/// Keeps the first value of a key; a second one makes the message ambiguous.
fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Malformed> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed),
    }
}

impl From<minicbor::decode::Error> for Malformed {
    fn from(_: minicbor::decode::Error) -> Self {
        Malformed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about<'a>(name: &'a str, value: &'a [u8]) -> Announcement<'a> {
        let expiry = Duration::from_secs(35);
        Announcement {
            cluster: "blue",
            id: [7; 16],
            sequence: 300,
            name,
            expiry,
            port: 8080,
            value,
            answer_to_group: false,
            proof: None,
        }
    }

    #[test]
    fn an_encoded_line_is_the_legacy_and_reads_back() {
        let datagram = encode_legacy("zürich-1");
        assert_eq!(datagram, "multitastic:zürich-1".as_bytes());
        assert_eq!(decode(&datagram), Ok(Message::Legacy { name: "zürich-1" }));
    }

    #[test]
    fn what_is_not_a_line_is_malformed() {
        let cases: [&[u8]; 11] = [
            b"",
            b"multitastic",
            b"multitastic:",
            b"Multitastic:a",
            b" multitastic:a",
            b"multitastic:a\n",
            b"multitastic:a\0b",
            b"multitastic:\xff\xfe",
            b"multitastic:\x1b[2J",
            &[0xff; 1500],
            &encode_legacy(&"n".repeat(name::MAX_LEN + 1)),
        ];
        for case in cases {
            assert_eq!(decode(case), Err(Malformed), "{case:?}");
        }
    }

    #[test]
    fn a_message_of_each_kind_reads_back() {
        for kind in [Kind::Announce, Kind::Query, Kind::Goodbye] {
            let full = about("zürich-1", b"\x00value\xff");
            assert_eq!(decode(&encode(kind, &full)), Ok(Message::Native(kind, full)));
            let bare = Announcement { cluster: "", port: 0, value: b"", answer_to_group: true, ..full };
            assert_eq!(decode(&encode(kind, &bare)), Ok(Message::Native(kind, bare)));
        }
    }

    #[test]
    fn query_is_never_shorter_than_an_announce_and_both_fit() {
        let name = "n".repeat(60);
        let room = max_value_len(&name, "blue");
        for value_len in 0..=room {
            let value = vec![1; value_len];
            let full = Announcement { sequence: u64::MAX, answer_to_group: true, ..about(&name, &value) };
            let (announce, query) = (encode(Kind::Announce, &full), encode(Kind::Query, &full));
            assert!(announce.len() <= MAX_ANNOUNCE, "{value_len}");
            assert!((MAX_ANNOUNCE..=MAX_MESSAGE).contains(&query.len()), "{value_len}: {}", query.len());
            assert_eq!(decode(&query), Ok(Message::Native(Kind::Query, full)));
        }
    }

    #[test]
    fn answer_is_as_long_as_its_query_or_a_byte_shorter() {
        let about = about("kitchen", b"warm");
        let lengths: [fn(&Announcement<'_>, usize) -> usize; 2] = [
            |about, len| encode_answer(about, len).len(),
            |about, len| encode_challenge(about.cluster, about.id, [3; 16], len).len(),
        ];
        for length in lengths {
            let bare = length(&about, 0);
            assert_eq!(length(&about, bare + 1), bare, "one byte cannot be padded");
            for len in (bare..=MAX_MESSAGE).filter(|len| *len != bare + 1) {
                assert_eq!(length(&about, len), len);
            }
        }
    }

    #[test]
    fn longest_value_fits_beside_the_longest_texts() {
        let longest = "n".repeat(name::MAX_LEN);
        let room = max_value_len(&longest, &longest);
        let value = vec![1; room];
        let full = Announcement {
            cluster: &longest,
            sequence: u64::MAX,
            expiry: Duration::MAX,
            proof: Some(Proof::default()),
            ..about(&longest, &value)
        };
        assert_eq!(encode(Kind::Announce, &full).len(), MAX_ANNOUNCE);
    }

    #[test]
    fn each_kind_of_cluster_message_reads_back_within_its_limit() {
        let cluster = "n".repeat(name::MAX_LEN);
        let (packet, entries) =
            (vec![1; max_packet_len(&cluster)], vec![2; max_page_len(&cluster, MAX_MESSAGE)]);
        for (kind, content) in [
            (ClusterKind::Packet, Content::Packet(&packet)),
            (ClusterKind::Ask, Content::Digest(u64::MAX)),
            (ClusterKind::Ask, Content::Page([9; 16], &entries)),
            (ClusterKind::Tell, Content::Page([0; 16], &[])),
        ] {
            let message = ClusterMessage { cluster: &cluster, id: [7; 16], sequence: u64::MAX, content };
            for min_len in [0, 500, MAX_MESSAGE] {
                let datagram = encode_cluster(kind, &message, min_len);
                assert!(
                    (min_len.saturating_sub(1)..=MAX_MESSAGE).contains(&datagram.len()),
                    "{}",
                    datagram.len()
                );
                assert_eq!(decode(&datagram), Ok(Message::Cluster(kind, message)));
            }
        }
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_read_without_a_panic() {
        let datagram = encode(Kind::Announce, &about("kitchen", b"value"));
        for len in 0..datagram.len() {
            assert_eq!(decode(&datagram[..len]), Err(Malformed), "cut to {len}");
        }
        for bit in 0..datagram.len() * 8 {
            let mut damaged = datagram.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _ = decode(&damaged);
        }
    }

    /// A message of the map written out in `pairs`.
    fn of_map(map: &[u8]) -> Vec<u8> {
        [b"PEER\x01\x01", map].concat()
    }

    const REQUIRED: &[u8] = b"\x01\x500123456789abcdef\x02\x01\x03\x61n\x04\x19\x88\xb8";

    #[test]
    fn unknown_key_is_skipped_and_all_else_unknown_is_malformed() {
        assert!(decode(&of_map(&[b"\xa4", REQUIRED].concat())).is_ok());
        let nested = b"\x18\x63\x82\xa1\x61x\xf6\xf9\x3c\x00";
        assert!(decode(&of_map(&[b"\xa5", REQUIRED, nested].concat())).is_ok(), "an unknown key");
        let cases: [(&str, Vec<u8>); 11] = [
            ("a key is missing", [b"\xa3", &REQUIRED[..REQUIRED.len() - 4]].concat()),
            ("a key comes twice", [b"\xa5", REQUIRED, b"\x02\x02"].concat()),
            ("a response is short", [b"\xa5", REQUIRED, b"\x0a\x41x"].concat()),
            ("bytes follow", [b"\xa4", REQUIRED, b"\x00"].concat()),
            ("a pair is missing", [b"\xa5", REQUIRED].concat()),
            ("a key is a text", [b"\xa5", REQUIRED, b"\x61a\x00"].concat()),
            ("the map has no length", [b"\xbf", REQUIRED, b"\xff"].concat()),
            ("the port is too large", [b"\xa5", REQUIRED, b"\x05\x1a\x00\x01\x00\x00"].concat()),
            ("the cluster has a control character", [b"\xa5", REQUIRED, b"\x00\x61\n"].concat()),
            ("it is longer than any datagram", [b"\xa5", REQUIRED, b"\x07\x59\x04\xb1", &[0; 1201]].concat()),
            (
                "the value claims more than there is",
                [b"\xa5", REQUIRED, b"\x06\x5b\xff\xff\xff\xff\xff\xff\xff\xff"].concat(),
            ),
        ];
        for (what, map) in cases {
            assert_eq!(decode(&of_map(&map)), Err(Malformed), "{what}");
        }
        let other_version = of_map(&[b"\xa4", REQUIRED].concat());
        for (at, byte) in [(4, 2), (5, 4), (5, 5), (5, 6), (5, 7), (5, 8)] {
            let mut datagram = other_version.clone();
            datagram[at] = byte;
            assert_eq!(decode(&datagram), Err(Malformed), "byte {at} is {byte}");
        }
    }
}
