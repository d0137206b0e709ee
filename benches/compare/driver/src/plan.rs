//! How much is measured.

use std::time::Duration;

use serde::Serialize;

#[derive(Serialize)]
pub struct Plan {
    /// To see that all works, and not to learn much.
    pub is_quick: bool,
    /// Newcomers and leaves of each system.
    pub rounds: usize,
    /// Hosts of each system whose network comes up late.
    pub late_rounds: usize,
    /// Killed processes of each system.
    pub kills: usize,
    /// How long a killed process is waited for.
    pub kill_limit_s: u64,
    /// Idle processes of each system are three for each of these.
    pub idle_rounds: usize,
    pub idle_s: u64,
    pub receive_rounds: usize,
    pub receive_s: u64,
    /// Real nodes that start at once.
    pub real: &'static [usize],
    pub real_window_s: u64,
    /// Nodes of the simulator, in full.
    pub simulated: &'static [usize],
    /// One node that hears as many peers, and the cap it has: 0 for as many as there are.
    pub observed: &'static [(usize, usize)],
}

/// For what should take milliseconds, or as long as the slowest needs.
pub const LIMIT: Duration = Duration::from_secs(20);
/// For what is over at once if there is a goodbye at all.
pub const LEAVE_LIMIT: Duration = Duration::from_secs(5);
/// For what has to come before anything is measured.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The first questions and announcements of a start are over.
pub const SETTLE: Duration = Duration::from_secs(6);

const DEFAULT_CAP: usize = 65_536;

impl Plan {
    pub const FULL: Plan = Plan {
        is_quick: false,
        rounds: 10,
        late_rounds: 6,
        kills: 10,
        kill_limit_s: 150,
        idle_rounds: 2,
        idle_s: 30,
        receive_rounds: 3,
        receive_s: 3,
        real: &[2, 10, 100, 300],
        real_window_s: 30,
        simulated: &[100, 1000],
        observed: &[(100, 0), (1_000, 0), (10_000, 0), (100_000, 0), (100_000, DEFAULT_CAP)],
    };

    pub const QUICK: Plan = Plan {
        is_quick: true,
        rounds: 1,
        late_rounds: 1,
        kills: 2,
        kill_limit_s: 20,
        idle_rounds: 1,
        idle_s: 5,
        receive_rounds: 1,
        receive_s: 1,
        real: &[2, 10],
        real_window_s: 5,
        simulated: &[100],
        observed: &[(1_000, 0), (10_000, 0)],
    };
}
