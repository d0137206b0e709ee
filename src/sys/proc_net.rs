//! Reads the tables of the network in /proc, which Linux alone has.

use std::fs;
use std::io;

/// Returns a table of the network namespace of this thread, which may be another one than that of the process.
pub fn read(table: &str) -> io::Result<String> {
    // Linux before 3.17 has none for a thread.
    fs::read_to_string(format!("/proc/thread-self/net/{table}"))
        .or_else(|_| fs::read_to_string(format!("/proc/self/net/{table}")))
}
