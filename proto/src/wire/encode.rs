//! Message to datagram.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::writer::Writer;
use super::{
    Announcement, InstanceId, KIND_PROBE, Kind, LEGACY_PREFIX, MAX_MESSAGE, Nonce, Probe, key, known_answers,
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
    let mut writer = Writer::new(KIND_PROBE, probe.cluster);
    writer.pair(key::ID, |encoder| encoder.bytes(&probe.id));
    writer.pair(key::NONCE, |encoder| encoder.bytes(&probe.nonce));
    writer.finish(len, len).0
}

/// Returns the length of a probe without padding.
pub fn min_probe_len(cluster: &str) -> usize {
    encode_probe(&Probe { cluster, id: InstanceId::default(), nonce: Nonce::default() }, 0).len()
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
    write(Kind::Announce, &longest).len()
}

/// Returns the message, and how many bytes of padding it ends with.
fn encode_padded(kind: Kind, about: &Announcement<'_>, lengths: RangeInclusive<usize>) -> (Vec<u8>, usize) {
    let (least, most) = lengths.into_inner();
    let is_unfit = |len: usize| len > most || len + 1 == least && least == most;
    let mut about = *about;
    let mut writer = write(kind, &about);
    while !about.addresses.is_empty() && is_unfit(writer.len()) {
        about.addresses = about.addresses.without_last();
        writer = write(kind, &about);
    }
    writer.finish(least, most)
}

fn write(kind: Kind, about: &Announcement<'_>) -> Writer {
    let mut writer = Writer::new(kind as u8, about.cluster);
    writer.pair(key::ID, |encoder| encoder.bytes(&about.id));
    writer.pair(key::SEQUENCE, |encoder| encoder.u64(about.sequence));
    writer.pair(key::NAME, |encoder| encoder.str(about.name));
    writer.pair(key::EXPIRY, |encoder| {
        encoder.u64(u64::try_from(about.expiry.as_millis()).unwrap_or(u64::MAX))
    });
    if about.port != 0 {
        writer.pair(key::PORT, |encoder| encoder.u64(about.port.into()));
    }
    if !about.value.is_empty() {
        writer.pair(key::VALUE, |encoder| encoder.bytes(about.value));
    }
    writer.flag(key::ANSWER_TO_GROUP, about.answer_to_group);
    for (key, nonce) in [(key::NONCE, &about.nonce), (key::ECHO, &about.echo)] {
        if let Some(nonce) = nonce {
            writer.pair(key, |encoder| encoder.bytes(nonce));
        }
    }
    if !about.addresses.is_empty() {
        writer.pair(key::ADDRESSES, |encoder| {
            let encoder = encoder.array(about.addresses.len() as u64)?;
            about.addresses.iter().try_fold(encoder, |encoder, address| match address {
                IpAddr::V4(address) => encoder.bytes(&address.octets()),
                IpAddr::V6(address) => encoder.bytes(&address.octets()),
            })
        });
    }
    writer.flag(key::OBSERVER, about.is_observer);
    writer.flag(key::TO_SEED, about.to_seed);
    writer
}
