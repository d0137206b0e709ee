//! `MemberCodec`: the packets of SWIM as bytes. `docs/CLUSTER.md` has the layout.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::mpsc::Sender;

use bytes::{Buf, BufMut};
use foca::{Codec, Header, Member, Message, State};

use crate::swim::member::MemberId;

/// Bytes of an identity: id, generation, address, port.
pub(crate) const IDENTITY_LEN: usize = 16 + 4 + 16 + 2;

/// Bytes of what a packet tells of one member: identity, incarnation, state.
pub(crate) const MEMBER_LEN: usize = IDENTITY_LEN + 2 + 1;

/// Where in a packet the sender's address is.
pub(crate) const SENDER_ADDRESS: std::ops::Range<usize> = 20..IDENTITY_LEN;

/// Where in a packet its addressee begins: after the sender and its incarnation.
pub(crate) const ADDRESSEE: usize = IDENTITY_LEN + 2;

/// The addressee (id and generation), the kind and a number.
pub(crate) const SHORTEST_HEADER: usize = ADDRESSEE + 20 + 2;

/// The packet is none, or has no room.
#[derive(Debug)]
pub(crate) struct Wrong;

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no packet of SWIM")
    }
}

impl std::error::Error for Wrong {}

/// Writes and reads packets for foca. Each state of a member that foca takes over is written once, so that the codec passes it on.
pub(crate) struct MemberCodec {
    pub taken_over: Sender<Member<MemberId>>,
}

impl Codec<MemberId> for MemberCodec {
    type Error = Wrong;

    fn encode_header(&mut self, header: &Header<MemberId>, buf: impl BufMut) -> Result<(), Wrong> {
        MemberCodec::encode(header, buf)
    }

    fn decode_header(&mut self, buf: impl Buf) -> Result<Header<MemberId>, Wrong> {
        MemberCodec::decode(buf)
    }

    fn encode_member(&mut self, member: &Member<MemberId>, mut buf: impl BufMut) -> Result<(), Wrong> {
        if buf.remaining_mut() < MEMBER_LEN {
            return Err(Wrong);
        }
        put_member(&mut buf, member);
        // The receiver lives as long as foca.
        let _ = self.taken_over.send(member.clone());
        Ok(())
    }

    fn decode_member(&mut self, buf: impl Buf) -> Result<Member<MemberId>, Wrong> {
        decode_member(buf)
    }
}

impl MemberCodec {
    /// Reads a header.
    pub fn decode(mut buf: impl Buf) -> Result<Header<MemberId>, Wrong> {
        if buf.remaining() < SHORTEST_HEADER {
            return Err(Wrong);
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
            7 => Message::Feed,
            8 => Message::Gossip,
            9 => Message::Broadcast,
            10 => Message::TurnUndead,
            _ => return Err(Wrong),
        };
        Ok(Header { src, src_incarnation, dst, message })
    }

    /// Writes a header.
    pub fn encode(header: &Header<MemberId>, mut buf: impl BufMut) -> Result<(), Wrong> {
        let (kind, number, other) = parts(&header.message);
        let needed = SHORTEST_HEADER + other.map_or(0, |_| IDENTITY_LEN);
        if buf.remaining_mut() < needed {
            return Err(Wrong);
        }
        put_identity(&mut buf, &header.src);
        buf.put_u16(header.src_incarnation);
        buf.put_slice(&header.dst.id);
        buf.put_u32(header.dst.generation);
        buf.put_slice(&[kind, number]);
        if let Some(other) = other {
            put_identity(&mut buf, other);
        }
        Ok(())
    }
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
pub(crate) fn decode_member(mut buf: impl Buf) -> Result<Member<MemberId>, Wrong> {
    if buf.remaining() < MEMBER_LEN {
        return Err(Wrong);
    }
    let id = get_identity(&mut buf)?;
    let incarnation = buf.get_u16();
    let state = match buf.get_u8() {
        0 => State::Alive,
        1 => State::Suspect,
        2 => State::Down,
        _ => return Err(Wrong),
    };
    Ok(Member::new(id, incarnation, state))
}

/// The kind of a message, its number, and the third member that it is about.
fn parts(message: &Message<MemberId>) -> (u8, u8, Option<&MemberId>) {
    match message {
        Message::Ping(number) => (0, *number, None),
        Message::Ack(number) => (1, *number, None),
        Message::PingReq { target, probe_number } => (2, *probe_number, Some(target)),
        Message::IndirectPing { origin, probe_number } => (3, *probe_number, Some(origin)),
        Message::IndirectAck { target, probe_number } => (4, *probe_number, Some(target)),
        Message::ForwardedAck { origin, probe_number } => (5, *probe_number, Some(origin)),
        Message::Announce => (6, 0, None),
        Message::Feed => (7, 0, None),
        Message::Gossip => (8, 0, None),
        Message::Broadcast => (9, 0, None),
        Message::TurnUndead => (10, 0, None),
    }
}

/// Writes an identity; IPv4 addresses are mapped (RFC 4291, section 2.5.5.2).
pub(crate) fn put_identity(buf: &mut impl BufMut, member: &MemberId) {
    buf.put_slice(&member.id);
    buf.put_u32(member.generation);
    put_address(buf, member.address);
}

pub(crate) fn put_address(buf: &mut impl BufMut, address: SocketAddr) {
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    buf.put_slice(&ip.octets());
    buf.put_u16(address.port());
}

/// Reads an identity, which is that of some node.
pub(crate) fn get_identity(buf: &mut impl Buf) -> Result<MemberId, Wrong> {
    if buf.remaining() < IDENTITY_LEN {
        return Err(Wrong);
    }
    let mut id = [0; 16];
    buf.copy_to_slice(&mut id);
    let generation = buf.get_u32();
    let mut ip = [0; 16];
    buf.copy_to_slice(&mut ip);
    let address = (Ipv6Addr::from(ip).to_canonical(), buf.get_u16()).into();
    let member = MemberId { id, generation, address };
    if member.is_unknown() { Err(Wrong) } else { Ok(member) }
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
            Message::Feed,
            Message::Gossip,
            Message::Broadcast,
            Message::TurnUndead,
        ];
        for message in messages {
            let header = Header { src, src_incarnation: 300, dst: other, message };
            let mut bytes = Vec::new();
            MemberCodec::encode(&header, &mut bytes).expect("a vector has room");
            let read = MemberCodec::decode(&bytes[..]).expect("it was just written");
            assert_eq!(read, header);
            assert_eq!(read.src.address, src.address);
            for len in 0..bytes.len() {
                assert!(MemberCodec::decode(&bytes[..len]).is_err(), "cut to {len}");
            }
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
            let read = decode_member(&bytes[..]).expect("it was just written");
            assert_eq!((&read, read.id().address), (&told, told.id().address));
        }
    }

    #[test]
    fn nobody_is_nobody() {
        let nobody = MemberId::unknown_at(([192, 0, 2, 1], 5).into());
        let mut bytes = Vec::new();
        put_identity(&mut bytes, &nobody);
        assert!(get_identity(&mut &bytes[..]).is_err());
    }
}
