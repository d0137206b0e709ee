//! The native protocol's rules, one by one, in virtual time: no socket, no thread, no sleep.

mod asking;
mod group;
mod harness;
mod hearing;
mod keys;
mod lines;
mod seeds;
