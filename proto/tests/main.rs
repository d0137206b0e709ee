//! All rules of the protocol, in virtual time: no socket, no thread, no sleep. One program, so that a change of the protocol
//! is linked once.

mod allocations;
mod allocator;
mod harness;
mod legacy;
mod memory;
mod native;
mod protocol;
mod registry;
mod simulation;
mod wire;
