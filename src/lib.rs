//! Find the other instances of your program on the local network.
//!
//! A program calls [`Peers::start`]; from then on a multicast beacon announces it, and a registry lists the peers
//! whose beacons arrive, each until it expires. No daemon, no server, no configuration.
//!
//! The layers of the crate, the highest first. Each imports only from those below it, and all from the package `peers-proto`,
//! which is the protocol without sockets, threads or a clock; `tests/layers.rs` checks that.
//!
//! - `ffi` is the C ABI, from which `include/peers.h` is generated.
//! - [`Peers`] and [`Config`] are the safe API.
//! - `runtime` has the thread, the clock, the log queue and the resolver.
//! - `net` is the transport: sockets, interfaces, and a network inside the process for tests.
//! - `sys` is what differs by system.
//! - [`Error`], [`Health`], [`Logger`] and [`Seed`] are plain types.

mod config;
mod error;
#[cfg(feature = "test-panic")]
mod fail_points;
mod ffi;
mod health;
mod interface_status;
mod log;
mod net;
mod panics;
mod peers;
mod runtime;
mod seed;
#[cfg(all(unix, feature = "tokio"))]
mod stream;
mod subscription;
mod sync;
mod sys;
pub mod txt;

pub use config::{Clock, Config, Network};
pub use error::{Error, ErrorKind};
pub use health::{Counters, Health, Reason, State};
pub use interface_status::{InterfaceStatus, Usage};
pub use log::{Level, Logger};
pub use net::socket_config::ChangeDetection;
pub use peers::Peers;
pub use peers_proto::{
    Event, Family, Key, LeaveReason, MAX_SEEDS, Mode, Peer, PeerAddress, Registration, Source, WrongKeyLength,
};
pub use seed::Seed;
#[cfg(all(unix, feature = "tokio"))]
pub use stream::EventStream;
pub use subscription::Subscription;
pub use sys::Descriptor;
pub use sys::host::zone_of as zone_name;

/// The Rust code of the README, compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
