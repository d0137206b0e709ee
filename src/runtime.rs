//! What runs a node: its thread, its clock, the queue of its log, and the look-up of its seeds' names.

pub(crate) mod clock;
pub(crate) mod driver;
pub(crate) mod event_log;
pub(crate) mod log_queue;
pub(crate) mod resolver;
pub(crate) mod state;
