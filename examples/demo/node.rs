//! The node in Rust: the example `watch`, as which the demo runs itself once more.

use std::process::Command;

#[path = "../watch.rs"]
#[allow(dead_code)] // as an example of its own it has a main
mod watch;

pub use watch::run;

/// The first argument that makes the demo this node.
pub const ARGUMENT: &str = "--node";

/// The command that runs it, but for its options.
pub fn command() -> Result<Command, String> {
    let program = std::env::current_exe().map_err(|error| format!("the demo cannot find itself: {error}"))?;
    let mut command = Command::new(program);
    command.arg(ARGUMENT);
    Ok(command)
}
