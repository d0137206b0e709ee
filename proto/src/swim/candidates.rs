//! `Candidates`: instances that are not listed and are to be validated, each probed three times.
//!
//! No seat is taken, and nothing is passed on, before an echo has come: an instance that was made up costs a few probes. All of
//! them together have no more bytes than three times what was received.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::path::Path;
use crate::rate_limit::RateLimit;
use crate::wire::{InstanceId, MAX_MESSAGE};

/// Maximum number of candidates. Others are claimed again.
const MAX_CANDIDATES: usize = 1024;

/// In units: the time after which a candidate is forgotten that has had fewer probes, because too many others are probed.
const CANDIDATE_LIFETIME: f64 = 10.0;

/// In units: the times from one probe to the next.
const GAPS: [f64; 2] = [0.5, 1.0];

/// Maximum number of probes within `PERIOD`.
const MAX_PROBES: usize = 64;
const PERIOD: Duration = Duration::from_millis(250);

/// Bytes of probes for each byte received, and the most that are saved up.
const AMPLIFICATION: usize = 3;
const MAX_BUDGET: usize = 64 * 1024;

/// Minimum length of a probe that is not the answer to a longer message: it brings the announce of a usual name and value.
const MIN_LEN: usize = 128;

pub(crate) struct Candidates {
    candidates: BTreeMap<InstanceId, Candidate>,
    limit: RateLimit,
    budget: usize,
    unit: Duration,
}

struct Candidate {
    path: Path,
    /// Length of the next probe.
    len: usize,
    next: Instant,
    sent: usize,
    until: Instant,
}

/// A probe to send.
pub(crate) struct CandidateProbe {
    pub to: InstanceId,
    pub path: Path,
    pub len: usize,
}

impl Candidates {
    pub fn new(unit: Duration) -> Self {
        Candidates {
            candidates: BTreeMap::new(),
            limit: RateLimit::new(MAX_PROBES, PERIOD),
            budget: MAX_BUDGET / 4,
            unit,
        }
    }

    /// Takes note of the bytes of a message.
    pub fn on_bytes(&mut self, len: usize) {
        self.budget = (self.budget + AMPLIFICATION * len).min(MAX_BUDGET);
    }

    /// Adds an instance, whose announce has about `len` bytes, unless there is no room.
    pub fn insert(&mut self, id: InstanceId, path: Path, len: usize, now: Instant) {
        if self.candidates.len() < MAX_CANDIDATES {
            let len = len.clamp(MIN_LEN, MAX_MESSAGE);
            let until = now + self.unit.mul_f64(CANDIDATE_LIFETIME);
            self.candidates.entry(id).or_insert(Candidate { path, len, next: now, sent: 0, until });
        }
    }

    /// Removes an instance that has answered.
    pub fn remove(&mut self, id: &InstanceId) {
        self.candidates.remove(id);
    }

    /// Returns the probes that are due by `now`, as many as may be sent.
    pub fn take_due(&mut self, now: Instant) -> Vec<CandidateProbe> {
        let mut probes = Vec::new();
        self.candidates.retain(|id, candidate| {
            if now < candidate.next || candidate.until <= now {
                return now < candidate.until;
            }
            if self.budget < candidate.len || !self.limit.try_take((), now) {
                candidate.next = now + PERIOD;
                return true;
            }
            self.budget -= candidate.len;
            probes.push(CandidateProbe { to: *id, path: candidate.path, len: candidate.len });
            let Some(gap) = GAPS.get(candidate.sent) else { return false };
            candidate.next = now + self.unit.mul_f64(*gap);
            candidate.sent += 1;
            if candidate.sent == GAPS.len() {
                // Its announce may be longer than was thought.
                candidate.len = MAX_MESSAGE;
            }
            true
        });
        probes
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.candidates.values().map(|candidate| candidate.next).min()
    }
}
