//! The command `peers`: shows the peers on a network, and announces one, from a shell.
//!
//! Each subcommand has a file: `watch`, `list`, `announce`, `doctor`. They share `options` (the command line, and the
//! node that it describes), `inputs` (what a running command waits for), `record` (a peer as JSON), `text` and `table`
//! (a peer for people), and `terminal`.

mod announce;
mod doctor;
mod failure;
mod inputs;
mod list;
mod node;
mod options;
mod record;
mod table;
mod terminal;
mod text;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use options::{Command, Options};

/// Runs the command with the arguments of the process. Returns its exit status.
pub fn run() -> ExitCode {
    let done = match Options::parse().command {
        Command::Watch(options) => watch::run(&options),
        Command::List(options) => list::run(&options),
        Command::Announce(options) => announce::run(&options),
        Command::Doctor(options) => doctor::run(&options),
    };
    done.unwrap_or_else(|failure| failure.report())
}

/// Returns the description of the command line, for manual pages and completions.
pub fn command() -> clap::Command {
    Options::command()
}
