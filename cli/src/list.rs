//! `peers list`: the peers that answer.

use std::io::{Write, stdout};
use std::process::ExitCode;

use crate::failure::{Failure, complain};
use crate::inputs::Inputs;
use crate::node::Node;
use crate::options::{List, deadline};
use crate::record::PeerRecord;
use crate::table;
use crate::terminal::{self, Style};

/// Runs the command.
pub fn run(options: &List) -> Result<ExitCode, Failure> {
    let inputs = Inputs::new(false)?;
    let node = Node::start_or_warn(options.node.looking("list"))?;
    inputs.follow(&node);
    let deadline = deadline(options.wait);
    let is_enough = || Ok::<bool, Failure>(options.count.is_some_and(|count| count <= node.health().peers));
    // Each event may bring the last peer.
    while !is_enough()? && inputs.next(deadline)?.is_some() {}
    let peers = node.list()?;

    if options.json {
        let records: Vec<_> = peers.iter().map(PeerRecord::new).collect();
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&records)?)?;
    } else {
        let width = terminal::size().map(|(columns, _)| columns);
        let lines = Style::of_output().table(&table::lines(&peers, width));
        writeln!(stdout(), "{}", lines.join("\n"))?;
    }
    match options.count.filter(|count| *count > peers.len()) {
        None => Ok(ExitCode::SUCCESS),
        Some(count) => {
            complain(&format!("{} of {count} peers were heard", peers.len()));
            Ok(ExitCode::FAILURE)
        }
    }
}
