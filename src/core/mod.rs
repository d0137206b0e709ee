//! The protocol, sans-IO: no socket, no thread, no clock, no global.
//!
//! A [`Node`] is handed bytes and the time, and puts out bytes and events. Whoever drives it (in this library,
//! `src/driver`; in a test, the test) calls one of its verbs, each with `now` last, and then takes what there is from
//! [`poll_transmit`](Node::poll_transmit) and [`poll_event`](Node::poll_event), and calls
//! [`handle_timeout`](Node::handle_timeout) when [`poll_timeout`](Node::poll_timeout) says so.

#![forbid(unsafe_code)]

mod event;
pub mod name;
mod node;
mod registry;
mod wheel;
pub mod wire;

pub use event::{Destination, Event, LeaveReason, Peer, Source, Transmit};
pub use node::{Counters, MAX_EVENTS, MAX_VALUE, Node, Refused, Settings, TooLong};
pub use registry::{Expired, ExpiringRegistry, Full};
