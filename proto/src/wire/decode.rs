//! Datagram to message.

use std::time::Duration;

use minicbor::Decoder;

use super::{
    Addresses, Announcement, ClusterKind, ClusterMessage, Content, InstanceId, KIND_PROBE, Kind,
    LEGACY_PREFIX, MAGIC, MAX_DATAGRAM, Malformed, Message, Nonce, Probe, VERSION, key, name,
};

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
        KIND_PROBE => return decode_map(map)?.probe(),
        5 => return decode_map(map)?.cluster_message(ClusterKind::Packet),
        6 => return decode_map(map)?.cluster_message(ClusterKind::Ask),
        7 => return decode_map(map)?.cluster_message(ClusterKind::Tell),
        _ => return Err(Malformed),
    };
    Ok(Message::Native(kind, decode_map(map)?.announcement()?))
}

/// The pairs of a map as they are found, before missing ones are noticed.
#[derive(Default)]
struct Found<'a> {
    cluster: Option<&'a str>,
    id: Option<InstanceId>,
    sequence: Option<u64>,
    name: Option<&'a str>,
    expiry: Option<u64>,
    port: Option<u16>,
    value: Option<&'a [u8]>,
    padding: Option<&'a [u8]>,
    answer_to_group: Option<bool>,
    nonce: Option<Nonce>,
    echo: Option<Nonce>,
    packet: Option<&'a [u8]>,
    digest: Option<u64>,
    after: Option<InstanceId>,
    entries: Option<&'a [u8]>,
    addresses: Option<Addresses>,
    is_observer: Option<bool>,
    to_seed: Option<bool>,
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
            known_answers: self.padding.unwrap_or_default(),
            answer_to_group: self.answer_to_group.unwrap_or_default(),
            nonce: self.nonce,
            echo: self.echo,
            addresses: self.addresses.unwrap_or_default(),
            is_observer: self.is_observer.unwrap_or_default(),
            to_seed: self.to_seed.unwrap_or_default(),
        })
    }

    fn probe(self) -> Result<Message<'a>, Malformed> {
        let (id, nonce) = (self.id.ok_or(Malformed)?, self.nonce.ok_or(Malformed)?);
        Ok(Message::Probe(Probe { cluster: self.cluster()?, id, nonce }))
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
        key::ID => once(&mut found.id, sixteen(decoder)?),
        key::SEQUENCE => once(&mut found.sequence, decoder.u64()?),
        key::NAME => once(&mut found.name, decoder.str()?),
        key::EXPIRY => once(&mut found.expiry, decoder.u64()?),
        key::PORT => once(&mut found.port, decoder.u16()?),
        key::VALUE => once(&mut found.value, decoder.bytes()?),
        key::PADDING => once(&mut found.padding, decoder.bytes()?),
        key::ANSWER_TO_GROUP => once(&mut found.answer_to_group, decoder.bool()?),
        key::NONCE => once(&mut found.nonce, sixteen(decoder)?),
        key::ECHO => once(&mut found.echo, sixteen(decoder)?),
        key::PACKET => once(&mut found.packet, decoder.bytes()?),
        key::DIGEST => once(&mut found.digest, decoder.u64()?),
        key::AFTER => once(&mut found.after, sixteen(decoder)?),
        key::ENTRIES => once(&mut found.entries, decoder.bytes()?),
        key::ADDRESSES => once(&mut found.addresses, Addresses::decode(decoder)?),
        key::OBSERVER => once(&mut found.is_observer, decoder.bool()?),
        key::TO_SEED => once(&mut found.to_seed, decoder.bool()?),
        // Of a later revision, which does not need it to be understood.
        _ => Ok(decoder.skip()?),
    }
}

fn sixteen(decoder: &mut Decoder<'_>) -> Result<[u8; 16], Malformed> {
    decoder.bytes()?.try_into().map_err(|_| Malformed)
}

/// Keeps the first of a key; a second one makes the message ambiguous.
fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Malformed> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed),
    }
}
