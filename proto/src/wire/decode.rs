//! Datagram to message.

use std::time::Duration;

use minicbor::Decoder;

use super::{
    Addresses, Announcement, ClusterKind, ClusterMessage, Content, InstanceId, KIND_PROBE, Kind,
    LEGACY_PREFIX, MAGIC, MAX_DATAGRAM, Malformed, Message, Probe, VERSION, key, name,
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

/// The pairs of a map. Those that are missing have their defaults.
#[derive(Default)]
struct Pairs<'a> {
    /// The known keys that were found, a bit each.
    found: u32,
    about: Announcement<'a>,
    packet: &'a [u8],
    digest: u64,
    after: InstanceId,
    entries: &'a [u8],
}

fn decode_map(bytes: &[u8]) -> Result<Pairs<'_>, Malformed> {
    let mut decoder = Decoder::new(bytes);
    let mut pairs = Pairs::default();
    for _ in 0..decoder.map()?.ok_or(Malformed)? {
        pairs.decode_pair(&mut decoder)?;
    }
    match decoder.position() == bytes.len() {
        true => Ok(pairs),
        false => Err(Malformed),
    }
}

impl<'a> Pairs<'a> {
    fn decode_pair(&mut self, decoder: &mut Decoder<'a>) -> Result<(), Malformed> {
        let key = decoder.u64()?;
        if key <= key::LAST {
            // A second pair of a key makes the message ambiguous.
            if self.has(key) {
                return Err(Malformed);
            }
            self.found |= 1 << key;
        }
        let about = &mut self.about;
        match key {
            key::CLUSTER => about.cluster = decoder.str()?,
            key::ID => about.id = sixteen(decoder)?,
            key::SEQUENCE => about.sequence = decoder.u64()?,
            key::NAME => about.name = decoder.str()?,
            key::EXPIRY => about.expiry = Duration::from_millis(decoder.u64()?),
            key::PORT => about.port = decoder.u16()?,
            key::VALUE => about.value = decoder.bytes()?,
            key::PADDING => about.known_answers = decoder.bytes()?,
            key::ANSWER_TO_GROUP => about.answer_to_group = decoder.bool()?,
            key::NONCE => about.nonce = Some(sixteen(decoder)?),
            key::ECHO => about.echo = Some(sixteen(decoder)?),
            key::PACKET => self.packet = decoder.bytes()?,
            key::DIGEST => self.digest = decoder.u64()?,
            key::AFTER => self.after = sixteen(decoder)?,
            key::ENTRIES => self.entries = decoder.bytes()?,
            key::ADDRESSES => about.addresses = Addresses::decode(decoder)?,
            key::OBSERVER => about.is_observer = decoder.bool()?,
            key::TO_SEED => about.to_seed = decoder.bool()?,
            // Of a later revision, which does not need it to be understood.
            _ => decoder.skip()?,
        }
        Ok(())
    }

    fn announcement(self) -> Result<Announcement<'a>, Malformed> {
        self.check(&[key::ID, key::SEQUENCE, key::NAME, key::EXPIRY])?;
        name::check(self.about.name).map_err(|_| Malformed)?;
        Ok(self.about)
    }

    fn probe(self) -> Result<Message<'a>, Malformed> {
        self.check(&[key::ID, key::NONCE])?;
        let Announcement { cluster, id, nonce, .. } = self.about;
        Ok(Message::Probe(Probe { cluster, id, nonce: nonce.ok_or(Malformed)? }))
    }

    fn cluster_message(self, kind: ClusterKind) -> Result<Message<'a>, Malformed> {
        self.check(&[key::ID, key::SEQUENCE])?;
        let content = match kind {
            ClusterKind::Packet if self.has(key::PACKET) => Content::Packet(self.packet),
            ClusterKind::Packet => return Err(Malformed),
            _ if self.has(key::DIGEST) => Content::Digest(self.digest),
            _ if self.has(key::AFTER) && self.has(key::ENTRIES) => Content::Page(self.after, self.entries),
            _ => return Err(Malformed),
        };
        let Announcement { cluster, id, sequence, .. } = self.about;
        Ok(Message::Cluster(kind, ClusterMessage { cluster, id, sequence, content }))
    }

    /// Checks that these keys were found, and that the cluster is a valid one.
    fn check(&self, required: &[u64]) -> Result<(), Malformed> {
        let is_complete = required.iter().all(|key| self.has(*key));
        match is_complete && name::check_cluster(self.about.cluster).is_ok() {
            true => Ok(()),
            false => Err(Malformed),
        }
    }

    fn has(&self, key: u64) -> bool {
        self.found & 1 << key != 0
    }
}

fn sixteen(decoder: &mut Decoder<'_>) -> Result<[u8; 16], Malformed> {
    decoder.bytes()?.try_into().map_err(|_| Malformed)
}
