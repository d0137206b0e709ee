//! What was measured, as it goes into the file of data: values of every run, for the report to reckon with.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::machine::Machine;
use crate::plan::Plan;
use crate::systems::System;

/// What one run has shown: a value, nothing within the time it was waited for, or why it failed.
pub type Outcome = Result<Option<f64>, String>;

/// A system that has not shown a thing at all in as many runs is not asked for it again.
const TRIES: usize = 2;

#[derive(Serialize)]
pub struct Results<'a> {
    machine: Machine,
    plan: &'a Plan,
    systems: &'a [System],
    measured: Vec<Measured>,
    /// Rows of the tables of growth.
    growth: Vec<Value>,
}

/// All runs of one thing with one system.
#[derive(Serialize)]
pub struct Measured {
    what: &'static str,
    /// A system's name, or another receiver's.
    system: String,
    unit: &'static str,
    values: Vec<f64>,
    /// Runs in which it was not seen, each waited for so long.
    not_seen: usize,
    limit_s: f64,
    failures: Vec<String>,
}

/// A thing that is measured.
#[derive(Clone, Copy)]
pub struct What {
    pub name: &'static str,
    pub unit: &'static str,
    pub limit: Duration,
}

impl<'a> Results<'a> {
    pub fn new(plan: &'a Plan, systems: &'a [System]) -> Self {
        Results { machine: Machine::here(), plan, systems, measured: Vec::new(), growth: Vec::new() }
    }

    pub fn note(&mut self, what: What, system: &str, outcome: Outcome) {
        let found = self.measured.iter_mut().find(|row| row.what == what.name && row.system == system);
        match found {
            Some(row) => row.note(outcome),
            None => {
                let mut row = Measured::new(what, system);
                row.note(outcome);
                self.measured.push(row);
            }
        }
    }

    /// Whether it makes sense to ask the system for it once more.
    pub fn is_hopeful(&self, what: What, system: &str) -> bool {
        let found = self.measured.iter().find(|row| row.what == what.name && row.system == system);
        found.is_none_or(|row| !row.values.is_empty() || row.not_seen + row.failures.len() < TRIES)
    }

    pub fn extend(&mut self, system: &System, found: Vec<(What, Outcome)>) {
        for (what, outcome) in found {
            self.note(what, system.name, outcome);
        }
    }

    /// A system that failed on the whole.
    pub fn fail(&mut self, system: &System, reason: &str) {
        let all = What { name: "all", unit: "", limit: Duration::ZERO };
        self.note(all, system.name, Err(reason.into()));
    }

    pub fn note_growth(&mut self, row: Value) {
        self.growth.push(row);
    }

    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Measured {
    fn new(what: What, system: &str) -> Self {
        Measured {
            what: what.name,
            system: system.into(),
            unit: what.unit,
            values: Vec::new(),
            not_seen: 0,
            limit_s: what.limit.as_secs_f64(),
            failures: Vec::new(),
        }
    }

    fn note(&mut self, outcome: Outcome) {
        match outcome {
            // More than a millionth of what is measured is not known.
            Ok(Some(value)) => self.values.push((value * 1e6).round() / 1e6),
            Ok(None) => self.not_seen += 1,
            Err(reason) => {
                eprintln!("  {}, {}: {reason}", self.system, self.what);
                self.failures.push(reason);
            }
        }
    }
}
