//! How a node is: running, degraded or failed, and why.

use std::time::Duration;

/// In one word, how a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It announces itself and hears.
    Running,
    /// It works on, but part of its work is failing.
    Degraded,
    /// It met an internal error and no longer works.
    Failed,
}

/// What is wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No interface that may be used is up.
    NoInterface,
    /// Nothing was heard for the expiry time, not even the node's own announcements.
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
}

/// The health of a node at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What is wrong, in a code and in words; `None` when nothing is.
    pub reason: Option<(Reason, String)>,
    /// Time since a datagram was last sent.
    pub last_send_age: Option<Duration>,
    /// Time since a datagram was last heard, the node's own included.
    pub last_receive_age: Option<Duration>,
    /// Interfaces in use.
    pub interfaces: usize,
    /// Entries in the registry.
    pub peers: usize,
    /// What was counted since the start.
    pub counters: Counters,
}

/// What a node counts, from its start on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams sent.
    pub sent: u64,
    /// Sends that the system refused.
    pub send_errors: u64,
    /// Datagrams heard, of every kind.
    pub received: u64,
    /// Heard: the node's own announcements, looped back.
    pub looped_back: u64,
    /// Received: neither a message of the protocol nor a legacy beacon.
    pub malformed: u64,
    /// Heard: what none of the node's keys opens, or is not sealed where the node has keys.
    pub wrong_key: u64,
    /// Heard: messages of another cluster.
    pub other_cluster: u64,
    /// Heard: messages not newer than what was known, which are duplicates, latecomers and replays.
    pub stale: u64,
    /// Heard, in a cluster with keys: messages of an instance that is not listed and has answered no challenge, which are those
    /// of newcomers and replays of one that is gone.
    pub unvalidated: u64,
    /// Newcomers refused because the registry was full.
    pub refused_full: u64,
    /// Answers and questions not sent, because too many were asked for.
    pub rate_limited: u64,
    /// Heard: what came from beyond the links in use, by a router, where announcements are not routed.
    pub off_link: u64,
    /// Datagrams lost because the node's queue on a memory network was full.
    pub dropped: u64,
    /// Times the sockets were opened anew, or interfaces joined or left.
    pub sockets_reopened: u64,
    /// Events lost because the queue was full.
    pub events_lost: u64,
}

impl Health {
    /// The reason, summed up in one word.
    pub fn state(&self) -> State {
        match self.reason {
            None => State::Running,
            Some((Reason::Internal, _)) => State::Failed,
            Some(_) => State::Degraded,
        }
    }
}
