//! Find the other instances of your program on the local network.
//!
//! A program calls [`Peers::start`]; from then on a multicast beacon announces it, and a registry lists the peers
//! whose beacons are heard, each until it has not been heard for a while. No daemon, no server, no configuration.
//!
//! The map of the crate, from the inside out; each layer uses only those before it:
//!
//! - [`core`] is the protocol, sans-IO: bytes and `now` in, bytes and events out. [`core::Node`] is the state machine,
//!   [`core::ExpiringRegistry`] its memory, [`core::wire`] its language.
//! - `driver` has the sockets, the thread and the clock, and a network inside the process for tests.
//! - [`Peers`] is the safe API, with [`Config`] and [`Health`].
//! - `ffi` is the C ABI, from which `include/peers.h` is generated.

mod config;
mod error;
mod ffi;
mod health;
mod log;
mod net;
mod panics;
mod peers;
mod per_process;
mod runtime;
mod seed;
mod sync;
mod sys;
#[cfg(feature = "test-panic")]
mod test_panic;

pub use config::{Clock, Config, Network};
pub use error::{Error, ErrorKind};
pub use health::{Counters, Health, Reason, State};
pub use log::{Level, Logger};
pub use net::socket_config::ChangeDetection;
pub use peers::Peers;
pub use peers_proto::{Event, Key, LeaveReason, MAX_SEEDS, Mode, Peer, Source, WrongKeyLength};
pub use seed::Seed;
pub use sys::Descriptor;
pub use sys::host::zone_of as zone_name;

/// The README's Rust, compiled as documentation tests are.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
