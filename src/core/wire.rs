//! What is on the wire: datagram to [`Message`] and back, both formats. Never trusts a length, never panics.
//!
//! `docs/PROTOCOL.md` is the specification; the numbers here are its numbers.

use std::convert::Infallible;
use std::time::Duration;

use minicbor::{Decoder, Encoder};

use super::name;

/// The longest datagram. With headers it stays below the 1280 bytes that every IPv6 link carries whole (RFC 8200,
/// section 5), so none is fragmented.
pub const MAX_DATAGRAM: usize = 1200;

/// The longest message of ours. What is left to [`MAX_DATAGRAM`] is for the envelope that seals it: header, nonce and tag
/// have 46 bytes.
pub const MAX_MESSAGE: usize = 1152;

/// The longest announcement. A query that is padded to be as long may have one byte more, for padding comes in no fewer than
/// two, and two more for what only a query says.
pub const MAX_ANNOUNCE: usize = MAX_MESSAGE - 2;

/// What the ancestor's line begins with; the sender's name follows, to the end of the datagram.
const ANCESTOR_PREFIX: &[u8] = b"multitastic:";

/// What a message of ours begins with, before its version and kind.
const MAGIC: &[u8; 4] = b"PEER";
const VERSION: u8 = 1;

/// What a sealed message begins with; nonce, sealed message and tag follow. It is authenticated with them.
pub const SEALED: [u8; 6] = *b"PEER\x01\x00";

/// The kind of a message that is no announcement: see [`Message::Challenge`].
const KIND_CHALLENGE: u8 = 4;

/// The keys of the map that follows the header.
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
}

/// The random id of one run of a node.
pub type InstanceId = [u8; 16];

/// Random bytes that only somebody who is there now can repeat.
pub type Challenge = [u8; 16];

/// A datagram's meaning.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The ancestor's beacon: somebody of this name is alive.
    Ancestor {
        /// The sender's name.
        name: &'a str,
    },
    /// A message of ours.
    Native(Kind, Announcement<'a>),
    /// A message of ours to a newcomer: repeat these bytes in an announcement, and you are listed.
    Challenge {
        /// The challenger's cluster.
        cluster: &'a str,
        /// The challenger.
        id: InstanceId,
        /// The bytes.
        challenge: Challenge,
    },
    /// A message that is sealed.
    Sealed,
}

/// What a message of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The sender is alive.
    Announce = 1,
    /// The sender is alive, and asks whoever hears it to say the same.
    Query = 2,
    /// The sender ends.
    Goodbye = 3,
}

/// What every message of ours tells of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement<'a> {
    /// Only nodes of one cluster list each other.
    pub cluster: &'a str,
    /// Which run of which node.
    pub id: InstanceId,
    /// Rises with every message that the sender makes.
    pub sequence: u64,
    /// The sender's name.
    pub name: &'a str,
    /// How long the sender is to be held live without a further message, in whole milliseconds.
    pub expiry: Duration,
    /// The port at which the sender offers its service; 0 for none.
    pub port: u16,
    /// The sender's value.
    pub value: &'a [u8],
    /// Of a query: the answer is wanted by the group, for those to the sender alone seem not to reach it.
    pub answer_to_group: bool,
    /// What a cluster with keys adds.
    pub proof: Option<Proof>,
}

/// In a cluster with keys each message both answers a challenge and puts one, or has zeros in its place: so all are of one
/// length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof {
    /// The challenge that is put to who hears this; zeros if none.
    pub challenge: Challenge,
    /// The challenge that this answers; zeros if none.
    pub response: Challenge,
}

/// The datagram is not a message of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Reads a datagram.
pub fn decode(datagram: &[u8]) -> Result<Message<'_>, Malformed> {
    match datagram.strip_prefix(MAGIC) {
        Some(rest) if datagram.len() <= MAX_DATAGRAM => decode_native(rest),
        Some(_) => Err(Malformed),
        None => decode_ancestor(datagram),
    }
}

fn decode_ancestor(datagram: &[u8]) -> Result<Message<'_>, Malformed> {
    let name = datagram.strip_prefix(ANCESTOR_PREFIX).ok_or(Malformed)?;
    let name = std::str::from_utf8(name).map_err(|_| Malformed)?;
    name::check(name).map_err(|_| Malformed)?;
    Ok(Message::Ancestor { name })
}

fn decode_native(rest: &[u8]) -> Result<Message<'_>, Malformed> {
    let [VERSION, kind, map @ ..] = rest else { return Err(Malformed) };
    let kind = match *kind {
        0 => return Ok(Message::Sealed),
        1 => Kind::Announce,
        2 => Kind::Query,
        3 => Kind::Goodbye,
        KIND_CHALLENGE => return decode_map(map)?.challenge(),
        _ => return Err(Malformed),
    };
    Ok(Message::Native(kind, decode_map(map)?.announcement()?))
}

/// The pairs of a map as they are found, before what is missing is noticed.
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
        // Padding, or a later version's, which it made so that we can do without it.
        _ => Ok(decoder.skip()?),
    }
}

/// Keeps the first of a key; a second one makes the message ambiguous.
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

/// The ancestor's beacon for `name`, which has passed [`name::check`].
pub fn encode_ancestor(name: &str) -> Vec<u8> {
    [ANCESTOR_PREFIX, name.as_bytes()].concat()
}

/// The datagram of a message. A query is padded to the length of the longest announcement, so that whoever answers sends
/// no more than was sent to it.
///
/// `about` has a value of no more than [`room_for_value`] bytes.
pub fn encode(kind: Kind, about: &Announcement<'_>) -> Vec<u8> {
    let least = if kind == Kind::Query { MAX_ANNOUNCE } else { 0 };
    encode_padded(kind, about, least)
}

/// The datagram of a message, padded to `least` bytes if it would have less (or to one more, if one is missing).
pub fn encode_padded(kind: Kind, about: &Announcement<'_>, least: usize) -> Vec<u8> {
    let bare = encode_bare(kind, about, false);
    if bare.len() >= least {
        return bare;
    }
    let mut padded = encode_bare(kind, about, true);
    pad(&mut padded, least);
    padded
}

fn encode_bare(kind: Kind, about: &Announcement<'_>, is_padded: bool) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(if is_padded { MAX_MESSAGE } else { MAX_DATAGRAM / 4 });
    datagram.extend_from_slice(MAGIC);
    datagram.extend([VERSION, kind as u8]);
    let mut encoder = Encoder::new(datagram);
    encode_map(&mut encoder, about, is_padded).expect("a vector takes all that is written to it");
    encoder.into_writer()
}

type Encoded = Result<(), minicbor::encode::Error<Infallible>>;

fn encode_map(encoder: &mut Encoder<Vec<u8>>, about: &Announcement<'_>, is_padded: bool) -> Encoded {
    let optional = [
        !about.cluster.is_empty(),
        about.port != 0,
        !about.value.is_empty(),
        about.answer_to_group,
        about.proof.is_some(),
        about.proof.is_some(),
        is_padded,
    ];
    encoder.map(4 + optional.iter().filter(|there| **there).count() as u64)?;
    if !about.cluster.is_empty() {
        encoder.u64(key::CLUSTER)?.str(about.cluster)?;
    }
    encoder.u64(key::ID)?.bytes(&about.id)?;
    encoder.u64(key::SEQUENCE)?.u64(about.sequence)?;
    encoder.u64(key::NAME)?.str(about.name)?;
    encoder.u64(key::EXPIRY)?.u64(u64::try_from(about.expiry.as_millis()).unwrap_or(u64::MAX))?;
    if about.port != 0 {
        encoder.u64(key::PORT)?.u16(about.port)?;
    }
    if !about.value.is_empty() {
        encoder.u64(key::VALUE)?.bytes(about.value)?;
    }
    if about.answer_to_group {
        encoder.u64(key::ANSWER_TO_GROUP)?.bool(true)?;
    }
    if let Some(Proof { challenge, response }) = &about.proof {
        encoder.u64(key::CHALLENGE)?.bytes(challenge)?.u64(key::RESPONSE)?.bytes(response)?;
    }
    Ok(())
}

/// The datagram of a challenge, padded to `least` bytes if it would have less.
pub fn encode_challenge(cluster: &str, id: InstanceId, challenge: Challenge, least: usize) -> Vec<u8> {
    let bare = |is_padded: bool| {
        let mut encoder = Encoder::new([&MAGIC[..], &[VERSION, KIND_CHALLENGE]].concat());
        let pairs = 2 + u64::from(!cluster.is_empty()) + u64::from(is_padded);
        let encoded = encode_challenge_map(&mut encoder, pairs, cluster, id, challenge);
        encoded.expect("a vector takes all that is written to it");
        encoder.into_writer()
    };
    if bare(false).len() >= least {
        return bare(false);
    }
    let mut padded = bare(true);
    pad(&mut padded, least);
    padded
}

fn encode_challenge_map(
    encoder: &mut Encoder<Vec<u8>>,
    pairs: u64,
    cluster: &str,
    id: InstanceId,
    challenge: Challenge,
) -> Encoded {
    encoder.map(pairs)?;
    if !cluster.is_empty() {
        encoder.u64(key::CLUSTER)?.str(cluster)?;
    }
    encoder.u64(key::ID)?.bytes(&id)?.u64(key::CHALLENGE)?.bytes(&challenge)?;
    Ok(())
}

/// Adds the pair of the padding, which the map's head has counted already. Ends at `least` bytes, or one after them if only
/// one is missing.
fn pad(datagram: &mut Vec<u8>, least: usize) {
    // What is missing holds the key, the head of the byte string, and the zeros. The head may be longer than it need be,
    // so that every length can be had (RFC 8949, section 3, allows that).
    datagram.push(key::PADDING as u8);
    let zeros = match least.saturating_sub(datagram.len()) {
        missing @ ..=24 => {
            let zeros = missing.saturating_sub(1);
            datagram.push(0x40 | zeros as u8);
            zeros
        }
        missing @ 25..=257 => {
            datagram.extend([0x58, (missing - 2) as u8]);
            missing - 2
        }
        missing => {
            let zeros = missing - 3;
            datagram.extend([0x59, (zeros >> 8) as u8, zeros as u8]);
            zeros
        }
    };
    datagram.resize(datagram.len() + zeros, 0);
}

/// The most bytes of value that fit beside this name and cluster, whatever the other numbers are. There is always
/// some: the longest texts leave more than 500.
pub fn room_for_value(name: &str, cluster: &str) -> usize {
    let largest = Announcement {
        cluster,
        id: [0; 16],
        sequence: u64::MAX,
        name,
        expiry: Duration::MAX,
        port: u16::MAX,
        value: &[],
        // Only a query says this, and a query may be longer.
        answer_to_group: false,
        // Also without keys, so that the room does not depend on them.
        proof: Some(Proof::default()),
    };
    // A value brings its key and the head of a byte string.
    let value_head = 4;
    MAX_ANNOUNCE - encode(Kind::Announce, &largest).len() - value_head
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
    fn an_encoded_line_is_the_ancestors_and_reads_back() {
        let datagram = encode_ancestor("zürich-1");
        assert_eq!(datagram, "multitastic:zürich-1".as_bytes());
        assert_eq!(decode(&datagram), Ok(Message::Ancestor { name: "zürich-1" }));
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
            &encode_ancestor(&"n".repeat(name::MAX_LEN + 1)),
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
    fn a_query_is_never_shorter_than_an_announcement_and_both_keep_to_their_limits() {
        let name = "n".repeat(60);
        let room = room_for_value(&name, "blue");
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
    fn a_value_as_long_as_the_room_fits_and_there_is_room_beside_the_longest_texts() {
        let longest = "n".repeat(name::MAX_LEN);
        let room = room_for_value(&longest, &longest);
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
    fn unknown_keys_are_skipped_and_all_else_that_is_unexpected_is_malformed() {
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
        for (at, byte) in [(4, 2), (5, 4), (5, 5)] {
            let mut datagram = other_version.clone();
            datagram[at] = byte;
            assert_eq!(decode(&datagram), Err(Malformed), "byte {at} is {byte}");
        }
    }
}
