//! Measured values, and the table of them.

use std::time::Duration;

/// The values of one thing, over all runs.
pub struct Row {
    what: String,
    target: String,
    unit: Unit,
    /// Without those runs in which it was not seen.
    values: Vec<f64>,
    missed: usize,
    /// How long each run waited for it.
    limit: Duration,
}

#[derive(Clone, Copy)]
pub enum Unit {
    Count,
    Milliseconds,
    Megabytes,
}

impl Row {
    /// Times from a cause to what was waited for, `None` where it was not seen within `limit`.
    pub fn times(
        what: impl Into<String>,
        target: impl Into<String>,
        limit: Duration,
        times: &[Option<Duration>],
    ) -> Row {
        let values: Vec<_> = times.iter().flatten().map(|time| time.as_secs_f64() * 1e3).collect();
        let mut row = Row::values(what, target, Unit::Milliseconds, values);
        row.missed = times.len() - row.values.len();
        row.limit = limit;
        row
    }

    /// Values that every run has.
    pub fn values(
        what: impl Into<String>,
        target: impl Into<String>,
        unit: Unit,
        mut values: Vec<f64>,
    ) -> Row {
        values.sort_by(f64::total_cmp);
        Row { what: what.into(), target: target.into(), unit, values, missed: 0, limit: Duration::ZERO }
    }

    fn runs(&self) -> usize {
        self.values.len() + self.missed
    }

    /// In words: the value that half of the runs do not exceed. A run that saw nothing exceeds every value.
    fn median(&self) -> String {
        self.ranked((self.runs() - 1) / 2)
    }

    fn worst(&self) -> String {
        self.ranked(self.runs() - 1)
    }

    fn ranked(&self, rank: usize) -> String {
        match self.values.get(rank) {
            Some(value) => self.unit.show(*value),
            None => "not seen".into(),
        }
    }

    fn remark(&self) -> String {
        match self.missed {
            0 => String::new(),
            missed => format!("  {missed} not seen within {} s", self.limit.as_secs()),
        }
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Unit::Count => format!("{value:.0}"),
            Unit::Milliseconds if value >= 1e3 => format!("{:.2} s", value / 1e3),
            Unit::Milliseconds => format!("{value:.2} ms"),
            Unit::Megabytes => format!("{value:.2} MB"),
        }
    }
}

/// Prints a line for each row.
pub fn print(rows: &[Row]) {
    println!("{:<58} {:>5} {:>10} {:>10}  target", "what", "runs", "median", "worst");
    for row in rows {
        let (what, runs, median, worst) = (&row.what, row.runs(), row.median(), row.worst());
        println!("{what:<58} {runs:>5} {median:>10} {worst:>10}  {}{}", row.target, row.remark());
    }
}
