//! `peers watch`: the peers as they come and go.

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use peers::Event;

use crate::failure::Failure;
use crate::inputs::{Input, Inputs};
use crate::node::Node;
use crate::options::Watch;
use crate::record::EventRecord;
use crate::table::{self, fitted};
use crate::terminal::{self, Screen, Style};
use crate::text;

/// The table shows in seconds how long ago a peer was heard.
const REDRAW: Duration = Duration::from_secs(1);
/// A flood of events is drawn this often. Shorter times between pictures are hard to see.
const PICTURE: Duration = Duration::from_millis(50);

/// Runs the command.
pub fn run(options: &Watch) -> Result<ExitCode, Failure> {
    let draws = !options.json && terminal::is_drawable();
    let inputs = Inputs::new(draws)?;
    let config = options.node.looking("watch");
    let ended = match draws {
        true => draw(&inputs, &Node::start(config)?),
        false => print(&inputs, &Node::start_or_warn(config)?, options.json),
    };
    match ended {
        // Ctrl-C is how it ends.
        Err(Failure::Interrupted) => Ok(ExitCode::SUCCESS),
        ended => ended.map(|()| ExitCode::SUCCESS),
    }
}

fn print(inputs: &Inputs, node: &Node, as_json: bool) -> Result<(), Failure> {
    inputs.follow(node);
    loop {
        let Some(Input::Event(event)) = inputs.next(None)? else { continue };
        print_line(&event, as_json)?;
        if !matches!(event, Event::Joined(_) | Event::Updated(_) | Event::Left(..)) {
            for peer in node.list()? {
                print_line(&Event::Joined(peer), as_json)?;
            }
        }
    }
}

fn print_line(event: &Event, as_json: bool) -> Result<(), Failure> {
    let line = match as_json {
        true => serde_json::to_string(&EventRecord::new(event))?,
        false => text::line(event),
    };
    Ok(writeln!(stdout(), "{line}")?)
}

fn draw(inputs: &Inputs, node: &Node) -> Result<(), Failure> {
    inputs.follow(node);
    let mut screen = Screen::enter()?;
    let style = Style::of_output();
    loop {
        screen.draw(&picture(node, style)?)?;
        let next_picture = Instant::now() + PICTURE;
        // Waits for something to show, and takes whatever comes with it into the same picture.
        let mut deadline = Instant::now() + REDRAW;
        while let Some(input) = inputs.next(Some(deadline))? {
            match input {
                Input::Event(_) => deadline = deadline.min(next_picture),
                Input::Resized => deadline = Instant::now(),
                Input::Suspended => {
                    drop(screen);
                    suspend();
                    screen = Screen::enter()?;
                    deadline = Instant::now();
                }
            }
        }
    }
}

/// Returns the lines of the screen: the table, and below it a line about the node.
fn picture(node: &Node, style: Style) -> Result<Vec<String>, Failure> {
    let (columns, rows) = terminal::size().unwrap_or((80, 24));
    let peers = node.list()?;
    let mut lines = table::lines(&peers, Some(columns));
    let mut below = format!("{} peer{}; Ctrl-C ends", peers.len(), if peers.len() == 1 { "" } else { "s" });
    let room = rows.saturating_sub(1).max(1);
    if lines.len() > room {
        below = format!("{} more do not fit; {below}", lines.len() - room);
        lines.truncate(room);
    }
    if let Some((_, detail)) = node.health().reason {
        below = format!("{below}; {detail}");
    }
    let mut lines = style.table(&lines);
    if rows > 1 {
        lines.push(fitted(&below, columns));
    }
    Ok(lines)
}

/// Stops the process until the shell continues it.
#[cfg(unix)]
fn suspend() {
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
}

#[cfg(windows)]
fn suspend() {}
