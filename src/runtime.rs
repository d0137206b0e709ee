//! The runtime of a node: its thread, its clock, the log queue, and the look-ups of its seeds' names.

pub(crate) mod clock;
pub(crate) mod driver;
pub(crate) mod event_log;
pub(crate) mod log_queue;
pub(crate) mod name_table;
pub(crate) mod network_state;
pub(crate) mod notices;
pub(crate) mod pace;
pub(crate) mod readers;
pub(crate) mod resolver;
pub(crate) mod sleeper;
pub(crate) mod state;
