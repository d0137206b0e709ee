//! `MemberId`: who a member of the cluster is, for the SWIM protocol.

use std::net::SocketAddr;

use foca::Identity;

use crate::wire::InstanceId;

/// An instance, in one of its lives: one that was wrongly taken for dead comes back with the next generation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemberId {
    pub id: InstanceId,
    pub generation: u32,
    /// Where it was heard from: by us, or by who told of it. No node knows how it is seen, so none tells its own.
    pub address: SocketAddr,
}

impl MemberId {
    /// Who may be at an address: a seed, of which no more is known.
    pub fn unknown_at(address: SocketAddr) -> Self {
        MemberId { id: InstanceId::default(), generation: 0, address }
    }

    /// True for a seed of which nothing but the address is known.
    pub fn is_unknown(&self) -> bool {
        self.id == InstanceId::default()
    }
}

/// A member may be known by several addresses.
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
