//! `MemberId`: the identity of a member in the SWIM protocol.

use std::net::SocketAddr;

use foca::Identity;

use crate::wire::InstanceId;

/// An instance, in one of its generations: after it was wrongly declared down it comes back with the next one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemberId {
    pub id: InstanceId,
    pub generation: u32,
    /// The address it was received from, here or at the member that says so. No node knows its own address from outside.
    pub address: SocketAddr,
}

impl MemberId {
    /// Returns the identity of a seed, of which only the address is known.
    pub fn unknown_at(address: SocketAddr) -> Self {
        MemberId { id: InstanceId::default(), generation: 0, address }
    }

    /// Returns true for a seed of which only the address is known.
    pub fn is_unknown(&self) -> bool {
        self.id == InstanceId::default()
    }
}

/// Addresses are not compared: a member may be known by several.
impl PartialEq for MemberId {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.generation) == (other.id, other.generation)
    }
}

impl Eq for MemberId {}

impl Identity for MemberId {
    type Addr = InstanceId;

    fn renew(&self) -> Option<Self> {
        let generation = self.generation.checked_add(1)?;
        Some(MemberId { generation, ..*self })
    }

    fn addr(&self) -> InstanceId {
        self.id
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.generation > adversary.generation
    }
}
