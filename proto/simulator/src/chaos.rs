//! Random scenarios: whatever happens to a few nodes and their network, no list is wrong meanwhile, and when it is over
//! every list is right.

mod adversary;
mod network;

use std::time::Duration;

use peers_proto::wire;

use crate::{Conditions, HostNumber, Program, Serial, Trace, World};

const MOST: usize = 12;

/// What is the same throughout one scenario.
struct Chaos {
    world: World,
    /// What a program is like unless chance says otherwise.
    program: Program,
    /// Whether some have another interval and expiry.
    has_mixed_times: bool,
    has_many_links: bool,
    /// Numbers names and values, so that each is new.
    serial: u64,
}

/// Runs the scenario of a seed, and checks every list meanwhile and at its end.
pub fn run(seed: u64) -> Trace {
    let mut chaos = Chaos::new(seed);
    chaos.set_conditions();
    for _ in 0..chaos.world.rng.usize(2..8) {
        chaos.join();
    }
    for _ in 0..chaos.world.rng.usize(10..60) {
        chaos.wait();
        chaos.act();
    }
    chaos.end();
    let mut world = chaos.world;
    world.check_lists();
    world.check_truth();
    world.trace()
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let (interval, expiry) = world.rng.choice([(15, 35), (15, 35), (1, 3), (5, 60)]).unwrap_or_default();
        let program = Program {
            legacy: world.rng.bool(),
            interval: Duration::from_secs(interval),
            expiry: Duration::from_secs(expiry),
            ..Program::named("")
        };
        let has_mixed_times = !program.legacy && world.rng.bool();
        let has_many_links = world.rng.bool();
        Chaos { world, program, has_mixed_times, has_many_links, serial: 0 }
    }

    /// From a good network to a very bad one.
    fn set_conditions(&mut self) {
        let rng = &mut self.world.rng;
        let mut chosen = |from: &[f64]| rng.choice(from).copied().unwrap_or_default();
        self.world.conditions = Conditions {
            loss: chosen(&[0.0, 0.05, 0.3]),
            duplication: chosen(&[0.0, 0.1, 0.5]),
            longest_delay: Duration::from_secs_f64(chosen(&[0.0009, 0.02, 0.3])),
            straggling: chosen(&[0.0, 0.05, 0.5]),
            longest_lateness: Duration::from_secs_f64(chosen(&[0.1, 2.0])),
            ..Conditions::PERFECT
        };
    }

    /// Things happen at once, or soon, or after all has settled.
    fn wait(&mut self) {
        let rng = &mut self.world.rng;
        let most = rng.choice([0.0, 0.01, 0.3, 2.0, 20.0]).unwrap_or_default();
        let time = Duration::from_secs_f64(rng.f64() * most);
        self.world.run_for(time);
    }

    /// One thing of all that can happen.
    fn act(&mut self) {
        match self.world.rng.u32(0..30) {
            0..=2 => self.join(),
            3 => self.with_one(|chaos, one| chaos.world.stop(one)),
            4 => self.with_one(|chaos, one| chaos.world.kill(one)),
            5 => self.with_one(Self::crash),
            6 => self.with_one(|chaos, one| {
                chaos.world.kill(one);
                chaos.restart(one);
            }),
            7 => self.with_one(|chaos, one| {
                chaos.world.stop(one);
                chaos.wait();
                chaos.restart(one);
            }),
            8..=9 => self.with_one(Self::change_values),
            10 => self.partition(),
            11 => self.world.heal(),
            12 => self.with_one(Self::sleep),
            13 => self.with_one(Self::toggle_link),
            14..=15 => self.wake_up(),
            16 => self.with_one(|chaos, one| chaos.world.change_network(one)),
            17 => self.with_one(Self::register),
            18 => self.with_one(Self::change_firewall),
            19 => self.with_one(Self::renumber),
            20 => self.with_one(Self::reopen),
            21..=28 => self.attack(),
            _ => self.set_conditions(),
        }
    }

    fn with_one(&mut self, act: impl FnOnce(&mut Self, Serial)) {
        let running: Vec<Serial> = self.running();
        if let Some(one) = self.world.rng.choice(running) {
            act(self, one);
        }
    }

    fn running(&self) -> Vec<Serial> {
        let alive = self.world.alive().into_iter();
        alive.filter(|serial| !self.world.is_suspended(*serial)).collect()
    }

    fn number(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A new process, on a host of its own or beside others, of a name of its own or of another's.
    fn join(&mut self) {
        let alive = self.world.alive();
        if alive.len() >= MOST {
            return;
        }
        let other = self.world.rng.choice(alive);
        let shared = other.filter(|_| self.world.rng.u8(..) < 96);
        let namesake =
            other.filter(|other| self.world.rng.u8(..) < 64 && !self.world.program(*other).is_legacy);
        let host = match shared {
            Some(other) => self.world.host_of(other),
            None => self.new_host(),
        };
        let name = match namesake {
            Some(other) => self.world.program(other).name.clone(),
            None => format!("name-{}", self.number()),
        };
        let program = self.new_program(name, namesake.is_some());
        self.world.start(host, program);
    }

    fn new_program(&mut self, name: String, is_namesake: bool) -> Program {
        let mut program = Program { name, ..self.program.clone() };
        let rng = &mut self.world.rng;
        if rng.u8(..) < 32 {
            program.cluster = "blue".into();
        }
        if rng.u8(..) < 128 {
            program.value = b"first".to_vec();
        }
        if self.has_mixed_times && rng.bool() {
            program.interval = Duration::from_secs(rng.u64(1..20));
            program.expiry = program.interval * rng.u32(25..50) / 10;
        }
        let is_default_time = program.interval == Duration::from_secs(15);
        if program.legacy && is_default_time && !is_namesake && rng.u8(..) < 40 {
            program = Program { is_legacy: true, cluster: String::new(), value: Vec::new(), ..program };
        }
        if rng.u8(..) < 32 && !program.is_legacy {
            program.legacy = !program.legacy && is_default_time;
        }
        program
    }

    fn new_host(&mut self) -> HostNumber {
        let links = match self.has_many_links {
            true => self.world.rng.choice([&[0][..], &[0, 1], &[0, 2], &[0, 1, 2]]).unwrap_or(&[0]),
            false => &[0],
        };
        self.world.add_host(links)
    }

    /// The same program once more at the same place.
    fn restart(&mut self, former: Serial) {
        let program = self.world.program(former).clone();
        let host = self.world.host_of(former);
        self.world.start(host, program);
    }

    fn change_values(&mut self, one: Serial) {
        if self.world.program(one).is_legacy {
            return;
        }
        for _ in 0..self.world.rng.u32(1..5) {
            let mut value = format!("value-{}", self.number()).into_bytes();
            if self.world.rng.u8(..) < 64 {
                let Program { name, cluster, .. } = self.world.program(one);
                value.resize(wire::max_value_len(name, cluster), b'.');
            }
            self.world.set_value(one, &value);
            let pause = Duration::from_millis(self.world.rng.u64(0..150));
            self.world.run_for(pause);
        }
    }

    /// One of a few entries, so that some are there still.
    fn register(&mut self, one: Serial) {
        let key = format!("registered-{}", self.world.rng.u8(0..3));
        let value = [self.world.rng.u8(0..3)];
        let ttl = Duration::from_secs_f64(20.0 * self.world.rng.f64().powi(3));
        self.world.register(one, &key, &value, ttl);
    }
}
