//! Message to datagram.

use std::convert::Infallible;
use std::time::Duration;

use minicbor::Encoder;

use super::{
    Announcement, Challenge, InstanceId, KIND_CHALLENGE, Kind, LEGACY_PREFIX, MAGIC, MAX_ANNOUNCE,
    MAX_DATAGRAM, MAX_MESSAGE, Proof, VERSION, key,
};

/// Encodes the legacy beacon of `name`, which has passed [`check`](crate::wire::name::check).
pub fn encode_legacy(name: &str) -> Vec<u8> {
    [LEGACY_PREFIX, name.as_bytes()].concat()
}

/// Encodes a message. A query is padded to the length of the longest announce, so that no reply is longer than its query.
///
/// `about` has a value of at most [`max_value_len`] bytes.
pub fn encode(kind: Kind, about: &Announcement<'_>) -> Vec<u8> {
    let min_len = if kind == Kind::Query { MAX_ANNOUNCE } else { 0 };
    encode_padded(kind, about, min_len)
}

/// Encodes a message, padded to `min_len` bytes if it has fewer (or to one more, if one is missing).
pub fn encode_padded(kind: Kind, about: &Announcement<'_>, min_len: usize) -> Vec<u8> {
    padded(|is_padded| encode_bare(kind, about, is_padded), min_len, 0)
}

/// Encodes an announce that replies to a message of `len` bytes, padded to its length, or to one byte less if one is
/// missing.
pub fn encode_answer(about: &Announcement<'_>, len: usize) -> Vec<u8> {
    padded(|is_padded| encode_bare(Kind::Announce, about, is_padded), len, 1)
}

/// Pads the result of `encode` to `len` bytes, unless no more than `tolerated` are missing. Padding has at least two bytes.
pub(crate) fn padded(encode: impl Fn(bool) -> Vec<u8>, len: usize, tolerated: usize) -> Vec<u8> {
    let bare = encode(false);
    if bare.len() + tolerated >= len {
        return bare;
    }
    let mut padded = encode(true);
    pad(&mut padded, len);
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

pub(crate) type Encoded = Result<(), minicbor::encode::Error<Infallible>>;

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

/// Encodes a challenge in reply to a message of `len` bytes, and no longer than it; see [`encode_answer`].
pub fn encode_challenge(cluster: &str, id: InstanceId, challenge: Challenge, len: usize) -> Vec<u8> {
    let encode = |is_padded: bool| {
        let mut encoder = Encoder::new([&MAGIC[..], &[VERSION, KIND_CHALLENGE]].concat());
        let pairs = 2 + u64::from(!cluster.is_empty()) + u64::from(is_padded);
        let encoded = encode_challenge_map(&mut encoder, pairs, cluster, id, challenge);
        encoded.expect("a vector takes all that is written to it");
        encoder.into_writer()
    };
    padded(encode, len, 1)
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

/// Adds the pair of the padding, which the map's head counts already. Ends at `min_len` bytes, or one after them if only
/// one is missing.
fn pad(datagram: &mut Vec<u8>, min_len: usize) {
    // The missing bytes hold the key, the head of the byte string, and the zeros. The head may be longer than necessary, so
    // that every length is possible (RFC 8949, section 3, allows that).
    datagram.push(key::PADDING as u8);
    let zeros = match min_len.saturating_sub(datagram.len()) {
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

/// Returns the maximum length of a value beside this name and cluster, whatever the numbers are. It is above 500 even with
/// the longest texts.
pub fn max_value_len(name: &str, cluster: &str) -> usize {
    let largest = Announcement {
        cluster,
        id: [0; 16],
        sequence: u64::MAX,
        name,
        expiry: Duration::MAX,
        port: u16::MAX,
        value: &[],
        // Only a query has this key, and a query may be longer.
        answer_to_group: false,
        // Also without keys, so that the length does not depend on them.
        proof: Some(Proof::default()),
    };
    // A value brings its key and the head of a byte string.
    let value_head = 4;
    MAX_ANNOUNCE - encode(Kind::Announce, &largest).len() - value_head
}
