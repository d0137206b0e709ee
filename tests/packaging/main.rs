//! What install.sh installs, used by programs outside the tree; its ABI; and the Debian packages made of it.
//!
//! All of it is about the release library, which install.sh builds once for them all.

// The limit on a program's time needs a thread to wait for it; see support.
#![allow(clippy::disallowed_methods)]

mod abi;
mod debian;
mod install;
mod outside;
mod programs;
mod size;
#[path = "../support/mod.rs"]
mod support;
