//! Message to datagram.

use std::convert::Infallible;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use minicbor::Encoder;

use super::{
    Addresses, Announcement, InstanceId, KIND_PROBE, Kind, LEGACY_PREFIX, MAGIC, MAX_MESSAGE, Nonce, Probe,
    VERSION, key, known_answers,
};

/// Encodes the legacy beacon for `name`, which has passed [`check`](crate::wire::name::check).
pub fn encode_legacy(name: &str) -> Vec<u8> {
    [LEGACY_PREFIX, name.as_bytes()].concat()
}

/// Encodes a message: a query with the length of the longest message, so that no reply is longer; others without padding.
///
/// `about` has a value of at most [`max_value_len`] bytes.
pub fn encode(kind: Kind, about: &Announcement<'_>) -> Vec<u8> {
    let least = if kind == Kind::Query { MAX_MESSAGE } else { 0 };
    encode_within(kind, about, least..=MAX_MESSAGE)
}

/// Encodes a message within these lengths: padded to the lower one, and without those addresses that do not fit into the
/// higher one. Padding has two bytes at least: with one byte missing, the message is one byte longer, or one byte shorter if
/// that is too long.
pub fn encode_within(kind: Kind, about: &Announcement<'_>, lengths: RangeInclusive<usize>) -> Vec<u8> {
    encode_padded(kind, about, lengths).0
}

/// Encodes a query to the group, with the instances of `known` in its filter of known answers.
pub fn encode_query(about: &Announcement<'_>, known: impl Iterator<Item = InstanceId>) -> Vec<u8> {
    let (mut query, filter_len) = encode_padded(Kind::Query, about, MAX_MESSAGE..=MAX_MESSAGE);
    let filter_begins = query.len() - filter_len;
    known_answers::insert(&mut query[filter_begins..], about.sequence, known);
    query
}

/// Encodes a probe of `len` bytes; see [`encode_within`].
pub fn encode_probe(probe: &Probe<'_>, len: usize) -> Vec<u8> {
    let encode = |is_padded: bool| {
        let mut encoder = Encoder::new([&MAGIC[..], &[VERSION, KIND_PROBE]].concat());
        encode_probe_map(&mut encoder, probe, is_padded).expect("a vector takes all that is written to it");
        encoder.into_writer()
    };
    padded(encode, len, len).0
}

/// Returns the maximum length of a value beside this name and cluster, whatever the other numbers are. There is always
/// some: the longest texts leave more than 500 bytes.
pub fn max_value_len(name: &str, cluster: &str) -> usize {
    // A value has a key and the head of a byte string.
    let value_head = 4;
    MAX_MESSAGE
        - max_announce_len(&Announcement { cluster, name, port: u16::MAX, ..Announcement::default() })
        - value_head
}

/// Returns the length of the longest announce with the same texts, value and port: one with all numbers in their longest
/// form, a nonce, an echo and the mark of a message to a seed, and without further addresses.
pub fn max_announce_len(about: &Announcement<'_>) -> usize {
    let longest = Announcement {
        cluster: about.cluster,
        sequence: u64::MAX,
        name: about.name,
        // A lifetime may be clamped; the number that was announced is not.
        expiry: Duration::MAX,
        port: about.port,
        value: about.value,
        nonce: Some(Nonce::default()),
        echo: Some(Nonce::default()),
        to_seed: true,
        ..Announcement::default()
    };
    encode_bare(Kind::Announce, &longest, false).len()
}

/// Returns the message, and how many bytes of padding it ends with.
fn encode_padded(kind: Kind, about: &Announcement<'_>, lengths: RangeInclusive<usize>) -> (Vec<u8>, usize) {
    let (least, most) = lengths.into_inner();
    let mut about = *about;
    let is_unfit = |len: usize| len > most || len + 1 == least && least == most;
    while !about.addresses.is_empty() && is_unfit(encode_bare(kind, &about, false).len()) {
        about.addresses = about.addresses.without_last();
    }
    padded(|is_padded| encode_bare(kind, &about, is_padded), least, most)
}

/// Returns what `encode` makes, padded to `least` bytes, and the length of the padding. With one byte missing, there is one
/// more, unless that is more than `most`: padding has two bytes at least.
pub(super) fn padded(encode: impl Fn(bool) -> Vec<u8>, least: usize, most: usize) -> (Vec<u8>, usize) {
    let bare = encode(false);
    if bare.len() >= least || bare.len() + 2 > most {
        return (bare, 0);
    }
    let mut padded = encode(true);
    let zeros = pad(&mut padded, least);
    (padded, zeros)
}

fn encode_bare(kind: Kind, about: &Announcement<'_>, is_padded: bool) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(if is_padded { MAX_MESSAGE } else { MAX_MESSAGE / 4 });
    datagram.extend_from_slice(MAGIC);
    datagram.extend([VERSION, kind as u8]);
    let mut encoder = Encoder::new(datagram);
    encode_map(&mut encoder, about, is_padded).expect("a vector takes all that is written to it");
    encoder.into_writer()
}

pub(super) type Encoded = Result<(), minicbor::encode::Error<Infallible>>;

fn encode_map(encoder: &mut Encoder<Vec<u8>>, about: &Announcement<'_>, is_padded: bool) -> Encoded {
    let optional = [
        !about.cluster.is_empty(),
        about.port != 0,
        !about.value.is_empty(),
        about.answer_to_group,
        about.nonce.is_some(),
        about.echo.is_some(),
        !about.addresses.is_empty(),
        about.is_observer,
        about.to_seed,
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
    encode_flag(encoder, key::ANSWER_TO_GROUP, about.answer_to_group)?;
    if let Some(nonce) = &about.nonce {
        encoder.u64(key::NONCE)?.bytes(nonce)?;
    }
    if let Some(echo) = &about.echo {
        encoder.u64(key::ECHO)?.bytes(echo)?;
    }
    encode_addresses(encoder, &about.addresses)?;
    encode_flag(encoder, key::OBSERVER, about.is_observer)?;
    encode_flag(encoder, key::TO_SEED, about.to_seed)
}

fn encode_flag(encoder: &mut Encoder<Vec<u8>>, key: u64, is_set: bool) -> Encoded {
    if is_set {
        encoder.u64(key)?.bool(true)?;
    }
    Ok(())
}

fn encode_addresses(encoder: &mut Encoder<Vec<u8>>, addresses: &Addresses) -> Encoded {
    if addresses.is_empty() {
        return Ok(());
    }
    encoder.u64(key::ADDRESSES)?.array(addresses.len() as u64)?;
    for address in addresses.iter() {
        match address {
            IpAddr::V4(address) => encoder.bytes(&address.octets())?,
            IpAddr::V6(address) => encoder.bytes(&address.octets())?,
        };
    }
    Ok(())
}

fn encode_probe_map(encoder: &mut Encoder<Vec<u8>>, probe: &Probe<'_>, is_padded: bool) -> Encoded {
    encoder.map(2 + u64::from(!probe.cluster.is_empty()) + u64::from(is_padded))?;
    if !probe.cluster.is_empty() {
        encoder.u64(key::CLUSTER)?.str(probe.cluster)?;
    }
    encoder.u64(key::ID)?.bytes(&probe.id)?.u64(key::NONCE)?.bytes(&probe.nonce)?;
    Ok(())
}

/// Adds the pair of the padding, which the map's head has counted already. Ends at `least` bytes, or one after them if only
/// one is missing. Returns the number of zeros at the end.
fn pad(datagram: &mut Vec<u8>, least: usize) -> usize {
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
    zeros
}
