//! Splits a packet before SWIM sees it: fills in the sender's address, leaves out members for which there is no capacity,
//! and separates the updates.

use std::net::SocketAddr;

use crate::swim::codec::{
    ADDRESSEE, IDENTITY_LEN, MEMBER_LEN, MemberCodec, SENDER_ADDRESS, SHORTEST_HEADER, put_address,
};
use crate::swim::member::MemberId;
use crate::wire::InstanceId;
use foca::{Codec, Header, Message};

/// A packet that was split.
pub(crate) struct Packet<'a> {
    /// Header and members, for SWIM.
    pub bytes: Vec<u8>,
    pub header: Header<MemberId>,
    /// Messages of the native protocol, each written by its own sender.
    pub updates: Vec<&'a [u8]>,
}

/// Splits a packet that came from an address to this node. `admits` tells for which ids there is capacity. Returns `None`
/// if it is malformed.
pub(crate) fn take_apart<'a>(
    packet: &'a [u8],
    from: SocketAddr,
    own: &MemberId,
    mut admits: impl FnMut(&InstanceId) -> bool,
) -> Option<Packet<'a>> {
    let mut bytes = packet.get(..SHORTEST_HEADER)?.to_vec();
    let mut address = Vec::with_capacity(SENDER_ADDRESS.len());
    put_address(&mut address, from);
    bytes[SENDER_ADDRESS].copy_from_slice(&address);
    name_addressee(&mut bytes, own);
    let has_third = (2..=5).contains(&bytes[SHORTEST_HEADER - 2]);
    let header_len = SHORTEST_HEADER + if has_third { IDENTITY_LEN } else { 0 };
    bytes.extend_from_slice(packet.get(SHORTEST_HEADER..header_len)?);
    let header = MemberCodec.decode_header(&bytes[..]).ok()?;
    let mut rest = &packet[header_len..];
    if !matches!(header.message, Message::Announce | Message::TurnUndead | Message::Broadcast) {
        rest = copy_members(rest, &mut bytes, &mut admits)?;
    }
    Some(Packet { bytes, header, updates: split_updates(rest)? })
}

/// Fills in the id of this node, which a node that joins at a seed does not know.
fn name_addressee(bytes: &mut [u8], own: &MemberId) {
    let addressee = &mut bytes[ADDRESSEE..ADDRESSEE + 20];
    if addressee.iter().all(|byte| *byte == 0) {
        addressee[..16].copy_from_slice(&own.id);
        addressee[16..].copy_from_slice(&own.generation.to_be_bytes());
    }
}

/// Copies the members for which there is capacity, and returns the rest of the packet.
fn copy_members<'a>(
    rest: &'a [u8],
    bytes: &mut Vec<u8>,
    mut admits: impl FnMut(&InstanceId) -> bool,
) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return Some(rest);
    }
    let (count, rest) = rest.split_first_chunk()?;
    let (members, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*count)) * MEMBER_LEN)?;
    let admitted =
        members.chunks_exact(MEMBER_LEN).filter(|member| member.first_chunk().is_some_and(&mut admits));
    let admitted: Vec<&[u8]> = admitted.collect();
    bytes.extend_from_slice(&(admitted.len() as u16).to_be_bytes());
    bytes.extend(admitted.into_iter().flatten());
    Some(rest)
}

/// Splits the updates: each has its length before it.
pub(crate) fn split_updates(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut updates = Vec::new();
    while !rest.is_empty() {
        let (len, tail) = rest.split_first_chunk()?;
        let (piece, tail) = tail.split_at_checked(u16::from_be_bytes(*len).into())?;
        updates.push(piece);
        rest = tail;
    }
    Some(updates)
}
