//! The protocol, sans-IO: no socket, no thread, no clock, no global.
//!
//! A [`Node`] is handed bytes and the time, and puts out bytes and events. Its caller (in libpeers
//! `src/runtime`; in a test, the test) calls one of its verbs, each with `now` last, and then takes what there is from
//! [`poll_transmit`](Node::poll_transmit) and [`poll_event`](Node::poll_event), and calls
//! [`handle_timeout`](Node::handle_timeout) when [`poll_timeout`](Node::poll_timeout) says so.
//!
//! A node consists of parts, one job each. `announce` says when to send to the group, and `replies` which replies are due.
//! `peer_table` keeps the peers of the native protocol; `probe` says when to probe one of them, and `rate_limit` how many.
//! `static_entries` keeps legacy peers and registered entries, `swim` the members of a cluster, `seeds` the addresses that
//! multicast does not reach, `snapshot` the order of a list. [`wire`] has the messages.

#![forbid(unsafe_code)]

mod address;
mod announce;
mod crypto;
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

pub use crypto::{KEY_LEN, Key, MAX_KEYS, WrongKeyLength};
pub use error::{RegisterError, SetKeysError, ValueTooLong};
pub use event::queue::MAX_EVENTS;
pub use event::{Arrival, Destination, Event, LeaveReason, Peer, PeerView, Source, Transmit};
pub use expiring_map::{ExpiringRegistry, Full, Removed, Standing};
pub use node::{MAX_VALUE, Node};
pub use seeds::MAX_SEEDS;
pub use settings::{Counters, GROUP_V4, GROUP_V6, HOPS, Mode, PORT, Settings};
pub use snapshot::Walk;
pub use snapshot::splice::Splice;
