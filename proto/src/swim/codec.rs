//! `MemberCodec`: the packets of SWIM as bytes. `docs/CLUSTER.md` has the layout.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::mpsc::Sender;

use bytes::{Buf, BufMut};
use foca::{Codec, Header, Member, Message, State};

use crate::swim::member::MemberId;
use crate::wire::Malformed;

/// Bytes of an identity: id, generation, address, port.
pub(crate) const IDENTITY_LEN: usize = 16 + 4 + 16 + 2;

/// Bytes of what a packet tells of one member: identity, incarnation, state.
pub(crate) const MEMBER_LEN: usize = IDENTITY_LEN + 2 + 1;

/// Where in a packet its kind is: after the sender, its incarnation, and the addressee (id and generation).
pub(crate) const KIND: usize = IDENTITY_LEN + 2 + 20;

/// A kind that members ignore.
const RESERVED: u8 = 7;

/// The header of a packet that is about no third member ends with the kind and a number.
pub(crate) const SHORTEST_HEADER: usize = KIND + 2;

/// Writes and reads packets for foca. Each state of a member that foca takes over is written once, so that the codec passes it on.
pub(crate) struct MemberCodec {
    pub taken_over: Sender<Member<MemberId>>,
}

impl Codec<MemberId> for MemberCodec {
    type Error = Malformed;

    fn encode_header(&mut self, header: &Header<MemberId>, buf: impl BufMut) -> Result<(), Malformed> {
        put_header(buf, header)
    }

    fn decode_header(&mut self, buf: impl Buf) -> Result<Header<MemberId>, Malformed> {
        get_header(buf)
    }

    fn encode_member(&mut self, member: &Member<MemberId>, mut buf: impl BufMut) -> Result<(), Malformed> {
        if buf.remaining_mut() < MEMBER_LEN {
            return Err(Malformed);
        }
        put_member(&mut buf, member);
        // The receiver lives as long as foca.
        let _ = self.taken_over.send(member.clone());
        Ok(())
    }

    fn decode_member(&mut self, buf: impl Buf) -> Result<Member<MemberId>, Malformed> {
        get_member(buf)
    }
}

/// Reads a header.
pub(crate) fn get_header(mut buf: impl Buf) -> Result<Header<MemberId>, Malformed> {
    if buf.remaining() < SHORTEST_HEADER {
        return Err(Malformed);
    }
    let src = get_identity(&mut buf)?;
    let src_incarnation = buf.get_u16();
    // Its address is of no use to itself.
    let mut dst = MemberId { address: src.address, ..src };
    buf.copy_to_slice(&mut dst.id);
    dst.generation = buf.get_u32();
    let (kind, probe_number) = (buf.get_u8(), buf.get_u8());
    let message = match kind {
        0 => Message::Ping(probe_number),
        1 => Message::Ack(probe_number),
        2 => Message::PingReq { target: get_identity(&mut buf)?, probe_number },
        3 => Message::IndirectPing { origin: get_identity(&mut buf)?, probe_number },
        4 => Message::IndirectAck { target: get_identity(&mut buf)?, probe_number },
        5 => Message::ForwardedAck { origin: get_identity(&mut buf)?, probe_number },
        6 => Message::Announce,
        8 => Message::Gossip,
        10 => Message::TurnUndead,
        _ => return Err(Malformed),
    };
    Ok(Header { src, src_incarnation, dst, message })
}

/// Writes a header.
pub(crate) fn put_header(mut buf: impl BufMut, header: &Header<MemberId>) -> Result<(), Malformed> {
    let (kind, number, third) = parts(&header.message);
    if buf.remaining_mut() < SHORTEST_HEADER + third.map_or(0, |_| IDENTITY_LEN) {
        return Err(Malformed);
    }
    put_identity(&mut buf, &header.src);
    buf.put_u16(header.src_incarnation);
    buf.put_slice(&header.dst.id);
    buf.put_u32(header.dst.generation);
    buf.put_slice(&[kind, number]);
    third.into_iter().for_each(|third| put_identity(&mut buf, third));
    Ok(())
}

/// Writes what is claimed of a member.
pub(crate) fn put_member(buf: &mut impl BufMut, member: &Member<MemberId>) {
    put_identity(buf, member.id());
    buf.put_u16(member.incarnation());
    buf.put_u8(match member.state() {
        State::Alive => 0,
        State::Suspect => 1,
        State::Down => 2,
    });
}

/// Reads what is claimed of a member.
pub(crate) fn get_member(mut buf: impl Buf) -> Result<Member<MemberId>, Malformed> {
    if buf.remaining() < MEMBER_LEN {
        return Err(Malformed);
    }
    let id = get_identity(&mut buf)?;
    let incarnation = buf.get_u16();
    let state = match buf.get_u8() {
        0 => State::Alive,
        1 => State::Suspect,
        2 => State::Down,
        _ => return Err(Malformed),
    };
    Ok(Member::new(id, incarnation, state))
}

/// Returns the kind of a packet, its number, and the third member that it is about.
pub(crate) fn parts(message: &Message<MemberId>) -> (u8, u8, Option<&MemberId>) {
    match message {
        Message::Ping(number) => (0, *number, None),
        Message::Ack(number) => (1, *number, None),
        Message::PingReq { target, probe_number } => (2, *probe_number, Some(target)),
        Message::IndirectPing { origin, probe_number } => (3, *probe_number, Some(origin)),
        Message::IndirectAck { target, probe_number } => (4, *probe_number, Some(target)),
        Message::ForwardedAck { origin, probe_number } => (5, *probe_number, Some(origin)),
        Message::Announce => (6, 0, None),
        Message::Gossip => (8, 0, None),
        Message::TurnUndead => (10, 0, None),
        // Nothing makes foca send these.
        Message::Feed | Message::Broadcast => (RESERVED, 0, None),
    }
}

/// Writes an identity; IPv4 addresses are mapped (RFC 4291, section 2.5.5.2).
pub(crate) fn put_identity(buf: &mut impl BufMut, member: &MemberId) {
    buf.put_slice(&member.id);
    buf.put_u32(member.generation);
    let ip = match member.address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    buf.put_slice(&ip.octets());
    buf.put_u16(member.address.port());
}

/// Reads an identity, which is that of some node.
pub(crate) fn get_identity(buf: &mut impl Buf) -> Result<MemberId, Malformed> {
    if buf.remaining() < IDENTITY_LEN {
        return Err(Malformed);
    }
    let mut id = [0; 16];
    buf.copy_to_slice(&mut id);
    let generation = buf.get_u32();
    let mut ip = [0; 16];
    buf.copy_to_slice(&mut ip);
    let address = (Ipv6Addr::from(ip).to_canonical(), buf.get_u16()).into();
    let member = MemberId { id, generation, address };
    if member.is_unknown() { Err(Malformed) } else { Ok(member) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(number: u8, address: &str) -> MemberId {
        MemberId { id: [number; 16], generation: 7, address: address.parse().expect("an address") }
    }

    #[test]
    fn packets_of_each_kind_read_back() {
        let (src, other) = (member(1, "192.0.2.1:5"), member(2, "[2001:db8::2]:9"));
        let messages = [
            Message::Ping(3),
            Message::Ack(4),
            Message::PingReq { target: other, probe_number: 5 },
            Message::IndirectPing { origin: other, probe_number: 6 },
            Message::IndirectAck { target: other, probe_number: 7 },
            Message::ForwardedAck { origin: other, probe_number: 8 },
            Message::Announce,
            Message::Gossip,
            Message::TurnUndead,
        ];
        for message in messages {
            let header = Header { src, src_incarnation: 300, dst: other, message };
            let mut bytes = Vec::new();
            put_header(&mut bytes, &header).expect("a vector has room");
            let read = get_header(&bytes[..]).expect("it was just written");
            assert_eq!((&read, read.src.address), (&header, src.address));
            assert!((0..bytes.len()).all(|len| get_header(&bytes[..len]).is_err()), "it is cut");
        }
    }

    #[test]
    fn members_read_back_with_their_addresses() {
        for (address, state) in
            [("192.0.2.1:5", State::Alive), ("[2001:db8::2]:9", State::Suspect), ("0.0.0.0:0", State::Down)]
        {
            let told = Member::new(member(1, address), 9, state);
            let mut bytes = Vec::new();
            put_member(&mut bytes, &told);
            assert_eq!(bytes.len(), MEMBER_LEN);
            let read = get_member(&bytes[..]).expect("it was just written");
            assert_eq!((&read, read.id().address), (&told, told.id().address));
        }
        assert!(get_member(&[0; MEMBER_LEN][..]).is_err(), "the id of zeros is no instance");
    }
}
