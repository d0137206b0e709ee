//! `Failure`: why a command ends early, and the exit status of each reason.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::ErrorKind;

use crate::options::Options;

const FAILED: u8 = 1;
const WRONG_VALUE: u8 = 2;
// The statuses that shells give for SIGINT and SIGPIPE: 128 and the signal's number.
pub const INTERRUPTED: u8 = 130;
const OUTPUT_CLOSED: u8 = 141;

/// Why a command ends before it is done.
#[derive(Debug)]
pub enum Failure {
    /// The library rejects the value of this flag.
    WrongValue {
        /// The flag, or the flags that exclude each other.
        flag: &'static str,
        /// What is wrong with the value, and what would be right.
        detail: String,
    },
    /// The command cannot do its work.
    Failed(String),
    /// SIGINT or SIGTERM arrived.
    Interrupted,
    /// The reader of the standard output closed it.
    OutputClosed,
}

impl Failure {
    /// Prints the reason to the standard error. Returns the exit status.
    pub fn report(self) -> ExitCode {
        let status = match self {
            Failure::WrongValue { flag, detail } => {
                let text = format!("invalid value for '{flag}': {detail}");
                let _ = Options::command().error(ErrorKind::ValueValidation, text).print();
                WRONG_VALUE
            }
            Failure::Failed(detail) => {
                complain(&format!("error: {detail}"));
                FAILED
            }
            Failure::Interrupted => INTERRUPTED,
            Failure::OutputClosed => OUTPUT_CLOSED,
        };
        status.into()
    }
}

impl From<io::Error> for Failure {
    /// Converts an error of writing to the standard output.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::Failed(format!("writing to the standard output: {error}")),
        }
    }
}

impl From<peers::Error> for Failure {
    fn from(error: peers::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

/// Writes a line to the standard error. A closed one is no reason to fail.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
