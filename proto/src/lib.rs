//! The protocol of libpeers, sans-IO: no socket, no thread, no clock, no global.
//!
//! A [`Node`] is given datagrams and the time, and returns datagrams and events. It knows no sockets: the caller is the event
//! loop. `examples/event_loop.rs` is one that needs no network.
//!
//! # The event loop
//!
//! The event loop makes a [`Node`] of [`Settings`], and repeats these steps:
//!
//! 1. It calls the verb for what has happened, with `now` last: [`handle_datagram`](Node::handle_datagram),
//!    [`handle_unreachable`](Node::handle_unreachable), [`handle_network_change`](Node::handle_network_change),
//!    [`handle_timeout`](Node::handle_timeout), or a verb of the program: [`register`](Node::register),
//!    [`set_value`](Node::set_value), [`set_keys`](Node::set_keys), [`set_seeds`](Node::set_seeds), [`stop`](Node::stop).
//! 2. It sends each [`Transmit`] that [`poll_transmit`](Node::poll_transmit) returns, in order.
//! 3. It hands on each [`Event`] that [`poll_event`](Node::poll_event) returns. At most [`MAX_EVENTS`] wait.
//! 4. If [`poll_reopen`](Node::poll_reopen) returns true, it reopens its sockets, and calls `handle_network_change`.
//! 5. It waits until a datagram arrives or [`poll_timeout`](Node::poll_timeout) has come. The deadline may have passed
//!    already, if very much is due; datagrams are then received in between.
//!
//! `now` never goes back, and counts the time during which the machine is suspended. A node that is run long after its
//! deadline gives its peers time to reply before they expire. An event loop that waits on a clock that stops calls
//! `handle_timeout` before it reads the list if [`was_suspended`](Node::was_suspended) returns true.
//!
//! A node has two sockets for each address family: one at the group's port that joins the groups on each interface
//! ([`Arrival::Group`]), and one at a port of its own that it sends from ([`Arrival::Unicast`]). Multicast loops back, or the
//! node takes its sockets for broken.
//!
//! No verb blocks or panics, whatever a datagram holds. Memory is bounded by `max_peers` and constants.
//!
//! # Map
//!
//! | file | what |
//! |---|---|
//! | `node`, `node/receive`, `node/unicast`, `node/cluster` | the verbs, as lists of steps: datagrams, unicast copies, SWIM |
//! | `registry` | everything that is listed, within its limits, and the events about it |
//! | `peer_table`, `peer_table/…` | the peers: entries, indexes, tombstones of those that left |
//! | `static_entries` | registered entries and legacy peers |
//! | `snapshot` | the list of both, in order |
//! | `expiring_map`, `deadline_queue` | a map whose entries expire; which of them are due |
//! | `outbox` | numbers, seals and queues what is sent |
//! | `announce`, `replies`, `seeds` | when the node announces, replies, and queries new seeds |
//! | `probe` | when a silent peer is probed, and how much is sent in probes |
//! | `path`, `path/validation` | addresses of peers, and the challenge of newcomers in a cluster with keys |
//! | `watchdog` | whether the group is received |
//! | `timers`, `rate_limit` | all deadlines in one table; the one rate limiter |
//! | `swim`, `swim/…` | membership by SWIM, around the crate `foca` |
//! | `crypto` | keys, sealing, opening |
//! | [`wire`], `wire/…` | datagram to message and back |
//! | `settings`, `event`, `counters`, `error` | what goes into a node and comes out of it |
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | instance | one run of a program, with a random id |
//! | peer | an instance that a node lists, or an entry of another source |
//! | cluster | the nodes that list each other: those with the same cluster name, and the same keys if they have any |
//! | announce, query, goodbye | the messages of the native protocol: alive; alive, reply; leaving |
//! | legacy beacon | the datagram of protocol version 0: a name and nothing else |
//! | burst | three queries within a second, at start and after a change of the network |
//! | probe | a query to one peer that is silent or suspect |
//! | suspect | received from another address only, or replaced by another instance: probed soon |
//! | lifetime, expiry | the time for which a message renews its sender, as announced; the node's own setting |
//! | stale | not newer than what is known of its sender |
//! | tombstone | the memory of an instance that left, against stale messages |
//! | seed | an address that gets unicast copies of every message, because multicast may not reach it |
//! | static entry | an entry that the program registered, or of a legacy peer |
//! | sealed | encrypted and authenticated with a key of the cluster |

#![forbid(unsafe_code)]

mod address;
mod announce;
mod counters;
mod crypto;
mod deadline_queue;
mod error;
mod event;
mod expiring_map;
mod node;
mod outbox;
mod path;
mod peer_table;
mod probe;
mod rate_limit;
mod registry;
mod replies;
mod seeds;
mod settings;
mod snapshot;
mod static_entries;
#[cfg(feature = "swim")]
mod swim;
mod timers;
mod watchdog;
pub mod wire;

pub use counters::Counters;
pub use crypto::{KEY_LEN, Key, MAX_KEYS, WrongKeyLength};
pub use error::{NotRegistered, RegisterError, SetKeysError, ValueTooLong};
pub use event::queue::{Events, MAX_EVENTS};
pub use event::{Arrival, Destination, Event, LeaveReason, Peer, PeerView, Source, Transmit};
pub use expiring_map::{ExpiringMap, Full, Removed, Times};
pub use node::{MAX_VALUE, Node};
pub use seeds::MAX_SEEDS;
pub use settings::{GROUP_V4, GROUP_V6, HOPS, Mode, PORT, Settings};
pub use snapshot::Snapshot;
pub use static_entries::Registration;
