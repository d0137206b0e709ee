//! What a node and its event loop count.

/// Counters of a node since it was made.
///
/// [`Node::counters`](crate::Node::counters) returns those that the node counts. The event loop counts `sent`, `send_errors`,
/// `off_link`, `dropped` and `sockets_reopened`, which are 0 there:
///
/// ```
/// # let node = peers_proto::Node::new(peers_proto::Settings::default(), std::time::Instant::now());
/// use peers_proto::Counters;
///
/// let counters = Counters { sent: 2, ..node.counters() };
/// # assert_eq!((counters.sent, counters.received), (2, 0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams sent.
    pub sent: u64,
    /// Sends that the system refused.
    pub send_errors: u64,
    /// Datagrams received, of every kind.
    pub received: u64,
    /// Received: the node's own messages, looped back, and legacy beacons with its name.
    pub looped_back: u64,
    /// Received: datagrams that are not a message of the protocol.
    pub malformed: u64,
    /// Received: datagrams that no key of the node opens; not sealed ones if the node has keys, sealed ones if it has none.
    pub wrong_key: u64,
    /// Received: messages of another cluster, and legacy beacons if the node sends none.
    pub other_cluster: u64,
    /// Received: messages that are not newer than the last one of their sender: duplicates, late ones and replays.
    pub stale: u64,
    /// Received, with keys or a full list: messages of an instance that is not listed and has yet to be validated.
    pub unvalidated: u64,
    /// Newcomers and values refused because the registry was full.
    pub refused_full: u64,
    /// Replies, probes and copies not sent because of a limit.
    pub rate_limited: u64,
    /// Received: datagrams from off the link, ignored because `hops` is 1, and datagrams from an address that no host can
    /// have. The node and the event loop both count some.
    pub off_link: u64,
    /// Received: messages with the node's own instance id that the node has not sent.
    pub id_conflicts: u64,
    /// Datagrams lost because the node's inbox on a memory network was full.
    pub dropped: u64,
    /// Times the sockets were reopened, or interfaces joined or left.
    pub sockets_reopened: u64,
    /// Events dropped because they were not taken and their queue was full.
    pub events_lost: u64,
}
