//! `peers announce`: announces for a program that does not use libpeers.

use std::ffi::OsString;
use std::io::{Write, stdout};
use std::process::ExitCode;

use peers::Config;
use serde::Serialize;

use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::node::Node;
use crate::options::{Announce, host_name};
use crate::record::ValueRecord;
use crate::text::printable;

/// What `--json` prints.
#[derive(Serialize)]
struct Record {
    name: String,
    #[serde(flatten)]
    value: ValueRecord,
    port: Option<u16>,
    cluster: String,
    sealed: bool,
}

/// Runs the command.
pub fn run(options: &Announce) -> Result<ExitCode, Failure> {
    let inputs = Inputs::new(false)?;
    let config = Config {
        name: Some(options.name.clone().unwrap_or_else(host_name)),
        value: value(options),
        service_port: options.port.unwrap_or_default(),
        ..options.node.config()
    };
    let _node = Node::start_or_warn(config.clone())?;
    match options.json {
        true => writeln!(stdout(), "{}", serde_json::to_string(&record(&config))?)?,
        false => writeln!(stdout(), "{}", words(&config))?,
    }
    loop {
        match inputs.next(None) {
            Ok(_) => {}
            // Ctrl-C is how it ends.
            Err(Failure::Interrupted) => return Ok(ExitCode::SUCCESS),
            Err(failure) => return Err(failure),
        }
    }
}

fn value(options: &Announce) -> Vec<u8> {
    let text = || options.value.clone().map(OsString::into_encoded_bytes);
    let file = || options.value_file.as_ref().map(|file| file.0.clone());
    text().or_else(file).unwrap_or_default()
}

fn record(config: &Config) -> Record {
    Record {
        name: config.name.clone().unwrap_or_default(),
        value: ValueRecord::new(&config.value),
        port: Some(config.service_port).filter(|port| *port != 0),
        cluster: config.cluster.clone(),
        sealed: !config.keys.is_empty(),
    }
}

/// Returns the announcement in words, with the cluster in which others list it.
fn words(config: &Config) -> String {
    let mut words = format!("announcing {}", printable(config.name.as_deref().unwrap_or_default()));
    if config.service_port != 0 {
        words += &format!(", port {}", config.service_port);
    }
    match str::from_utf8(&config.value) {
        Ok("") => {}
        Ok(value) => words += &format!(", value {}", printable(value)),
        Err(_) => words += &format!(", a value of {} bytes", config.value.len()),
    }
    if !config.cluster.is_empty() {
        words += &format!(", in cluster {}", printable(&config.cluster));
    }
    if !config.keys.is_empty() {
        words += ", sealed";
    }
    words + "; Ctrl-C ends it"
}
