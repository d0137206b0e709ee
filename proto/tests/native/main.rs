//! The native protocol's rules, one by one, in virtual time: no socket, no thread, no sleep.

mod cases;
mod group;
mod harness;
mod hearing;
mod keys;
mod lines;
mod lists;
#[cfg(feature = "swim")]
mod members;
mod probing;
mod seeds;
#[cfg(feature = "swim")]
mod swim;
#[cfg(feature = "swim")]
mod swim_hostile;
