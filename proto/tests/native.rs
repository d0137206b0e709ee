//! The rules of protocol version 1, one by one.

mod cases;
mod deadlines;
mod group;
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
