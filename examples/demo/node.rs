//! The node in Rust: the example `watch`, as which the demo runs itself once more.

use std::process::Command;

pub use crate::watch::run;

/// The first argument that makes the demo this node.
pub const ARGUMENT: &str = "--node";

/// The command that runs it, but for its options.
pub fn command() -> Result<Command, String> {
    let program = std::env::current_exe().map_err(|error| format!("the demo cannot find itself: {error}"))?;
    let mut command = Command::new(program);
    command.arg(ARGUMENT);
    Ok(command)
}
