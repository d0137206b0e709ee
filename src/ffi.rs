//! The C ABI: `include/peers.h` is generated from this folder, one module for each C type.
//!
//! Each export is a thin translation to [`crate::Peers`] and back. The rules they share:
//! - `boundary` runs the body: a panic becomes `PEERS_ERR_FAILED`, a `Failure` becomes its status and
//!   the text of `peers_last_error`.
//! - Inputs are integers and raw pointers, checked before use; outputs are written only on success.
//! - A node's handle is a token looked up in `handle`'s table, never a pointer that is followed.

#![allow(non_camel_case_types)] // these are C's names

mod config;
mod event;
mod handle;
mod health;
mod input;
mod list;
mod log;
mod node;
mod peer;
mod sized;
