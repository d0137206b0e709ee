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
//!    [`handle_unreachable`](Node::handle_unreachable), [`set_interfaces`](Node::set_interfaces),
//!    [`handle_network_change`](Node::handle_network_change), [`handle_timeout`](Node::handle_timeout), or a verb of the
//!    program: [`register`](Node::register), [`set_value`](Node::set_value), [`set_keys`](Node::set_keys),
//!    [`set_seeds`](Node::set_seeds), [`stop`](Node::stop). The first deadline of a new node is the time of its start.
//! 2. It sends each [`Transmit`] that [`poll_transmit`](Node::poll_transmit) returns, in order.
//! 3. It hands on each [`Event`] that [`poll_event`](Node::poll_event) returns. At most [`MAX_EVENTS`] wait.
//! 4. If [`poll_reopen`](Node::poll_reopen) returns true, it reopens its sockets, and calls `handle_network_change`. If
//!    [`is_renewal_wanted`](Node::is_renewal_wanted) returns true, it calls [`renew_id`](Node::renew_id). It logs each
//!    [`Notice`] that [`poll_notice`](Node::poll_notice) returns.
//! 5. It waits until a datagram arrives or [`poll_timeout`](Node::poll_timeout) has come. The deadline may have passed
//!    already, if very much is due; datagrams are then received in between. After the wait it hands over all datagrams that
//!    have arrived before it calls `handle_timeout`: a node that was suspended dates them to the time before that.
//!
//! After [`stop`](Node::stop) it goes on with steps 2 and 5 until [`is_stopped`](Node::is_stopped) returns true, for 15 ms.
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
//! | `node`, `node/receive`, `node/send`, `node/unicast`, `node/cluster` | the verbs, as lists of steps: datagrams in and out, unicast copies, SWIM |
//! | `registry` | everything that is listed, within its limits, and the events about it |
//! | `peer_table`, `peer_table/…` | the peers: entries, their paths, indexes, tombstones of those that left, evictions |
//! | `static_entries` | registered entries and legacy peers |
//! | `snapshot` | the list of both, in order |
//! | `expiring_map`, `deadline_queue` | a map whose entries expire; which of them are due |
//! | `outbox` | numbers, seals and queues what is sent |
//! | `announce`, `replies`, `seeds` | when the node announces, replies, and queries new seeds |
//! | `probe` | when a silent or suspect peer is probed |
//! | `path`, `nonces` | the address of a peer, and the nonces whose echo validates it |
//! | `interfaces` | own addresses, and what they say of others |
//! | `identity`, `notices` | another node with the own id; what an administrator should know |
//! | `watchdog` | whether the group is received |
//! | `timers`, `rate_limit` | all deadlines but those of queues, in one table; the one rate limiter |
//! | `swim`, `swim/…` | membership by SWIM, around the crate `foca` |
//! | `crypto` | keys, sealing, opening |
//! | [`wire`], `wire/…` | datagram to message and back |
//! | `settings`, `event`, `counters`, `error` | what goes into a node and comes out of it |
//!
//! # Glossary
//!
//! The words are those of `docs/PROTOCOL.md`, section 1.1. Beside them:
//!
//! | word | meaning |
//! |---|---|
//! | static entry | an entry that the program registered, or of a legacy peer |
//! | burst | three queries within a second, and more while answers bring news; at start and after a change of the network |
//! | observer | a node that lists peers, and is not listed |
//! | stale | not newer than what is known of its sender |
//! | seed | an address that gets unicast copies of every message, because multicast may not reach it |
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
mod identity;
mod interfaces;
mod node;
mod nonces;
mod notices;
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
pub use event::{
    Arrival, Destination, Event, LeaveReason, Peer, PeerAddress, PeerView, Received, Source, Transmit,
};
pub use expiring_map::{ExpiringMap, Full, Removed, Times};
pub use interfaces::{Family, Interface, Network};
pub use node::{MAX_VALUE, Node};
pub use notices::Notice;
pub use seeds::MAX_SEEDS;
pub use settings::{GROUP_V4, GROUP_V6, HOPS, Mode, PORT, Settings};
pub use snapshot::Snapshot;
pub use static_entries::Registration;
