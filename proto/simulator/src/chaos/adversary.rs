//! What somebody who means ill does.

use std::time::Duration;

use peers_proto::wire::Kind;

use super::Chaos;
use crate::{Forgery, Program, Serial};

impl Chaos {
    /// One thing of all that he can do.
    pub fn attack(&mut self) {
        match self.world.rng.u32(0..6) {
            0..=1 => self.replay_some(),
            2 => self.with_one(Self::forge),
            3 => self.with_one(|chaos, one| {
                let kind = chaos.world.rng.choice([Kind::Announce, Kind::Query, Kind::Goodbye]);
                chaos.world.send_of_another_cluster(one, kind.unwrap_or(Kind::Goodbye));
            }),
            4 => self.with_one(|chaos, one| chaos.world.send_garbage(one)),
            _ => self.with_one(|chaos, one| chaos.with_one(|chaos, other| chaos.world.malign(one, other))),
        }
    }

    fn replay_some(&mut self) {
        for _ in 0..self.world.rng.u32(1..20) {
            self.world.replay();
        }
    }

    /// An instance that never was, on the host of one, or on a host where nobody is; of its name, or of another.
    fn forge(&mut self, one: Serial) {
        let what = [Forgery::Announce, Forgery::Query, Forgery::Goodbye, Forgery::Line];
        let what = self.world.rng.choice(what).unwrap_or(Forgery::Announce);
        let model = self.world.program(one).clone();
        let is_namesake = !model.is_legacy && what != Forgery::Line && self.world.rng.bool();
        let program = Program {
            name: if is_namesake { model.name.clone() } else { format!("forged-{}", self.number()) },
            is_legacy: what == Forgery::Line,
            expiry: Duration::from_millis(self.world.rng.u64(1..60_000)),
            ..model
        };
        let host = if self.world.rng.bool() { self.world.host_of(one) } else { self.new_host() };
        self.world.forge(host, program, what);
    }
}
