//! `Report`: what was found, printed as it is found, or in the end as JSON; and the verdict.

use std::io::{Write, stdout};
use std::process::ExitCode;

use peers::{Counters, Family, InterfaceStatus, Peer, Usage};
use serde::Serialize;
use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

use super::advice;
use super::interfaces::Interface;
use crate::failure::Failure;
use crate::record::PeerRecord;
use crate::terminal::{self, Style};

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// It is worth knowing, and nothing is wrong.
    Note,
    /// It may be why a peer is not found.
    Warning,
    /// It is wrong.
    Bad,
}

/// The report. Its fields are those of the JSON object.
#[derive(Serialize)]
pub struct Report {
    version: &'static str,
    verdict: &'static str,
    summary: String,
    sections: Vec<Section>,
    interfaces: Vec<InterfaceRecord>,
    peers: Vec<PeerRecord>,
    counters: Map<String, Value>,
    #[serde(skip)]
    as_json: bool,
    #[serde(skip)]
    style: Style,
    #[serde(skip)]
    width: Option<usize>,
}

#[derive(Serialize)]
struct Section {
    title: &'static str,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    level: Level,
    text: String,
    hints: Vec<String>,
}

#[derive(Serialize)]
struct InterfaceRecord {
    name: String,
    kind: String,
    addresses: Vec<String>,
    used: bool,
    reason: Option<String>,
    families: Vec<FamilyRecord>,
}

#[derive(Serialize)]
struct FamilyRecord {
    family: u8,
    used: bool,
    reason: Option<String>,
    sent: u64,
    looped_back: u64,
    received: u64,
    last_error: Option<String>,
}

const MARGIN: usize = 7;

impl Report {
    /// Returns an empty report.
    pub fn new(as_json: bool) -> Report {
        Report {
            version: env!("CARGO_PKG_VERSION"),
            verdict: "ok",
            summary: String::new(),
            sections: Vec::new(),
            interfaces: Vec::new(),
            peers: Vec::new(),
            counters: Map::new(),
            as_json,
            style: Style::of_output(),
            width: terminal::size().map(|(columns, _)| columns),
        }
    }

    /// Begins a section.
    pub fn section(&mut self, title: &'static str) -> Result<(), Failure> {
        let is_first = self.sections.is_empty();
        self.sections.push(Section { title, findings: Vec::new() });
        match is_first {
            true => self.print(&self.style.bold(title)),
            false => self.print(&format!("\n{}", self.style.bold(title))),
        }
    }

    /// Adds a finding.
    pub fn add(&mut self, level: Level, text: &str) -> Result<(), Failure> {
        let (mark, colour) = match level {
            Level::Ok => ("ok", "32"),
            Level::Note => ("-", "0"),
            Level::Warning => ("WARN", "33"),
            Level::Bad => ("BAD", "31"),
        };
        if self.sections.is_empty() {
            self.section("Start")?;
        }
        let section = self.sections.last_mut().expect("there is one now");
        section.findings.push(Finding { level, text: text.to_owned(), hints: Vec::new() });
        self.print_wrapped(&format!("  {} ", self.style.coloured(colour, &format!("{mark:4}"))), text)
    }

    /// Adds what to do, or to look at, about the last finding.
    pub fn hints(&mut self, hints: impl IntoIterator<Item = String>) -> Result<(), Failure> {
        for hint in hints {
            self.print_wrapped(&" ".repeat(MARGIN), &hint)?;
            let finding = self.sections.last_mut().and_then(|section| section.findings.last_mut());
            finding.expect("a hint is about a finding").hints.push(hint);
        }
        Ok(())
    }

    /// Records the interfaces.
    pub fn interfaces(&mut self, interfaces: &[Interface]) {
        let record = |interface: &Interface| InterfaceRecord {
            name: interface.name.clone(),
            kind: interface.kind.clone(),
            addresses: interface.addresses(),
            used: interface.obstacle.is_none(),
            reason: interface.obstacle.clone(),
            families: interface.families.iter().map(family_record).collect(),
        };
        self.interfaces = interfaces.iter().map(record).collect();
    }

    /// Records the peers.
    pub fn peers<'a>(&mut self, peers: impl Iterator<Item = &'a Peer>) {
        self.peers = peers.map(PeerRecord::new).collect();
    }

    /// Records the counters.
    pub fn counters(&mut self, counters: &Counters) {
        let all = advice::of_counters(counters);
        self.counters = all.into_iter().map(|(name, count, ..)| (name.to_owned(), count.into())).collect();
    }

    /// Prints the verdict. Returns the exit status.
    pub fn finish(mut self) -> Result<ExitCode, Failure> {
        let findings = || self.sections.iter().flat_map(|section| &section.findings);
        let count = |level| findings().filter(|finding| finding.level == level).count();
        let (bad, warnings) = (count(Level::Bad), count(Level::Warning));
        let s = |count| if count == 1 { "" } else { "s" };
        let see;
        (self.verdict, self.summary, see) = match (bad, warnings) {
            (0, 0) => {
                ("ok", "Nothing is wrong: this host and others receive each other's messages".to_owned(), "")
            }
            (0, _) => (
                "warning",
                format!("No fault on this host, but {warnings} warning{}", s(warnings)),
                ": see WARN above",
            ),
            _ => ("bad", format!("{bad} fault{} on this host", s(bad)), ": see BAD above"),
        };
        if self.as_json {
            writeln!(stdout(), "{}", serde_json::to_string_pretty(&self)?)?;
        } else {
            self.print("")?;
            self.print_wrapped("", &format!("{}{see}.", self.summary))?;
        }
        Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Prints a finding or a hint: in a terminal it is wrapped between words, and the lines are indented alike.
    fn print_wrapped(&self, before: &str, text: &str) -> Result<(), Failure> {
        let indent = if before.is_empty() { 0 } else { MARGIN };
        let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(1));
        let mut lines = wrapped(text, room).into_iter();
        self.print(&format!("{before}{}", lines.next().unwrap_or_default()))?;
        lines.try_for_each(|line| self.print(&format!("{}{line}", " ".repeat(indent))))
    }

    fn print(&self, line: &str) -> Result<(), Failure> {
        match self.as_json {
            true => Ok(()),
            false => Ok(writeln!(stdout(), "{line}")?),
        }
    }
}

fn family_record(status: &InterfaceStatus) -> FamilyRecord {
    let unless_empty = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    FamilyRecord {
        family: if status.family == Family::V4 { 4 } else { 6 },
        used: status.usage == Usage::Used,
        reason: unless_empty(&status.why),
        sent: status.sent,
        looped_back: status.looped_back,
        received: status.received,
        last_error: unless_empty(&status.last_error),
    }
}

/// Returns the text in lines of no more than `room` columns, unless a word alone has more.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| line.width().saturating_add(1 + word.width()) <= room) {
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrapped("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrapped("a bcdefg h", 4), ["a", "bcdefg", "h"]);
        assert_eq!(wrapped("a bc def", usize::MAX), ["a bc def"]);
    }
}
