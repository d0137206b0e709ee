//! `SplitPacket`: a packet of another member, split and checked before foca gets it; and what this node's own packets say beside
//! what foca puts into them.

use std::net::SocketAddr;

use foca::{Header, Member, Message};

use crate::swim::codec::{
    IDENTITY_LEN, KIND, MEMBER_LEN, SHORTEST_HEADER, get_header, get_member, put_header, put_member,
};
use crate::swim::member::MemberId;

/// Bytes that a packet keeps free for the claim about its addressee.
pub(crate) const CLAIM_LEN: usize = 2 + MEMBER_LEN;

/// A packet that was split.
pub(crate) struct SplitPacket<'a> {
    /// The header as foca reads it: from the address that it came from, and to the present generation of this node.
    pub header: Header<MemberId>,
    /// The generation of this node as the sender knows it.
    pub known_generation: u32,
    /// What it claims of members.
    pub claims: Vec<Member<MemberId>>,
    /// Messages of the native protocol, each written by its own sender.
    pub updates: Vec<&'a [u8]>,
}

impl SplitPacket<'_> {
    /// Returns the packet with these claims alone.
    pub fn with_claims(&self, claims: &[Member<MemberId>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_header(&mut bytes, &self.header).expect("a vector has room");
        if !claims.is_empty() {
            put_claims(&mut bytes, claims);
        }
        bytes
    }
}

/// Splits a packet that came from an address to this node. Returns `None` if it is malformed, or for another node.
pub(crate) fn take_apart<'a>(packet: &'a [u8], from: SocketAddr, own: &MemberId) -> Option<SplitPacket<'a>> {
    let mut header = get_header(packet).ok()?;
    header.src.address = from;
    // A node that joins at an address knows no id.
    let is_join = header.dst.is_unknown() && header.message == Message::Announce;
    if header.dst.id != own.id && !is_join {
        return None;
    }
    // A member of an earlier generation is this node all the same: its answer has the right one.
    let known_generation = header.dst.generation;
    header.dst = *own;
    let rest = &packet[header_len(packet)?..];
    let (claims, rest) = match has_claims(packet) {
        true => split_claims(rest)?,
        false => (Vec::new(), rest),
    };
    Some(SplitPacket { header, known_generation, claims, updates: split_updates(rest)? })
}

/// Removes the claims that are `kept` from an own packet, and puts one more before the others.
pub(crate) fn edit(
    packet: &mut Vec<u8>,
    claim: Option<Member<MemberId>>,
    kept: impl Fn(&Member<MemberId>) -> bool,
) {
    let Some(header_len) = header_len(packet).filter(|_| has_claims(packet)) else { return };
    let Some((mut claims, updates)) = split_claims(&packet[header_len..]) else { return };
    let count = claims.len();
    claims.retain(|claim| !kept(claim));
    if claim.is_none() && claims.len() == count {
        return;
    }
    let updates = updates.to_vec();
    claims.splice(0..0, claim);
    packet.truncate(header_len);
    put_claims(packet, &claims);
    packet.extend(updates);
}

/// Adds one claim and one update to a header.
pub(crate) fn append(header: &mut Vec<u8>, claim: &Member<MemberId>, update: &[u8]) {
    put_claims(header, std::slice::from_ref(claim));
    header.extend((update.len() as u16).to_be_bytes());
    header.extend(update);
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

/// Returns the length of a header: some are about a third member.
fn header_len(packet: &[u8]) -> Option<usize> {
    let kind = packet.get(KIND)?;
    Some(SHORTEST_HEADER + if (2..=5).contains(kind) { IDENTITY_LEN } else { 0 })
}

fn put_claims(packet: &mut Vec<u8>, claims: &[Member<MemberId>]) {
    packet.extend((claims.len() as u16).to_be_bytes());
    claims.iter().for_each(|claim| put_member(packet, claim));
}

/// Returns false for a join, and for the packet that says to a member that it is down.
fn has_claims(packet: &[u8]) -> bool {
    !matches!(packet[KIND], 6 | 10)
}

fn split_claims(rest: &[u8]) -> Option<(Vec<Member<MemberId>>, &[u8])> {
    if rest.is_empty() {
        return Some((Vec::new(), rest));
    }
    let (count, rest) = rest.split_first_chunk()?;
    let (members, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*count)) * MEMBER_LEN)?;
    let claims = members.chunks_exact(MEMBER_LEN).map(|member| get_member(member).ok());
    Some((claims.collect::<Option<_>>()?, rest))
}

/// Returns the incarnation of the sender of an own packet.
pub(crate) fn incarnation_of(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[IDENTITY_LEN], packet[IDENTITY_LEN + 1]])
}
