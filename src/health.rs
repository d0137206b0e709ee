//! `Health`: whether a node is running, degraded or failed, and why.

use std::time::Duration;

pub use peers_proto::Counters;

/// State of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It sends and receives.
    Running,
    /// It works on, but part of its work is failing.
    Degraded,
    /// It met an internal error and no longer works.
    Failed,
}

/// What is wrong with a node, or, of a running node, a note about its network. The header `peers.h` says of each what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No interface that may be used is up.
    NoInterface,
    /// Nothing was received for the expiry time, not even the node's own announcements.
    NotReceiving,
    /// The most recent announcement could not be sent through every interface.
    SendFails,
    /// The system does not permit sending, or joining the group.
    Permission,
    /// The system did not let the node join the group on every interface.
    MulticastJoin,
    /// The name of a seed cannot be resolved.
    Resolver,
    /// The node met an internal error, of the library or of the program around it, and no longer works.
    Internal,
    /// A newcomer was refused in the last two minutes, because the registry is full.
    ListFull,
    /// In the last minute the send buffer of the system stayed full.
    SendStalls,
    /// In the last two minutes another node sent with the instance id of this node.
    IdConflict,
    /// Note: in the last two minutes a node of another cluster was there.
    OtherCluster,
    /// Note: in the last two minutes a node with another key was there, or one with keys where this node has none, or the other
    /// way round.
    OtherKey,
    /// Note: in the last two minutes a node of the same cluster in another mode was there.
    OtherMode,
    /// Note: the system refused calls or options that the node can do without.
    Limited,
    /// The system refused a socket of the node.
    Socket,
}

impl Reason {
    /// Returns true for a note: the node does all of its work.
    pub fn is_note(self) -> bool {
        matches!(self, Reason::OtherCluster | Reason::OtherKey | Reason::OtherMode | Reason::Limited)
    }
}

/// Health of a node at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What is wrong, or a note, in a code and in words; `None` if there is neither.
    pub reason: Option<(Reason, String)>,
    /// Time since a datagram was last sent.
    pub last_send_age: Option<Duration>,
    /// Time since a datagram was last received, the node's own included.
    pub last_receive_age: Option<Duration>,
    /// Interfaces in use.
    pub interfaces: usize,
    /// Entries in the registry.
    pub peers: usize,
    /// Counts since the start.
    pub counters: Counters,
}

impl Health {
    /// Returns the state, which follows from the reason.
    pub fn state(&self) -> State {
        match self.reason {
            None => State::Running,
            Some((Reason::Internal, _)) => State::Failed,
            Some((reason, _)) if reason.is_note() => State::Running,
            Some(_) => State::Degraded,
        }
    }
}
