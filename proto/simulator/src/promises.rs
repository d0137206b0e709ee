//! Clusters that have settled, and the promise that they lose no member.

use std::time::Duration;

use peers_proto::Mode;

use crate::{Conditions, Serial, World};

const SECOND: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(15);

impl World {
    /// Returns `count` nodes in mode multicast that were started at once. All know all.
    pub fn settled(seed: u64, count: usize) -> World {
        let mut world = World::new(seed);
        world.start_many(count, true);
        let known = world.run_until(2 * SECOND, |world| world.all_know_all(count));
        assert!(known.is_some(), "after 2 s not all know all");
        world.finish_arrivals();
        world
    }

    /// Returns `count` nodes of one mode that were started at once with so many seeds. All know all.
    pub fn settled_cluster(seed: u64, count: usize, mode: Mode, seeds: usize, loss: f64) -> World {
        let mut world = World::new(seed);
        world.conditions = Conditions::losing(loss);
        world.start_cluster(count, mode, seeds);
        let known = world.run_until(20 * SECOND, |world| world.all_know_all(count));
        assert!(known.is_some(), "after 20 s not all know all");
        world
    }

    /// Delivers what is under way: a peer may be known by its legacy beacon alone, which has overtaken its message.
    pub fn finish_arrivals(&mut self) {
        self.run_for(Duration::from_millis(10));
    }

    /// Kills these processes one after another. Checks that all others know of each within `expiry`, and that no other peer left.
    pub fn check_kills(mut self, victims: &[Serial], expiry: Duration) {
        for victim in victims {
            self.kill(*victim);
            let left = self.alive().len();
            let killed = self.now();
            let known = self.run_until(killed + expiry, |world| {
                world.all_know_all(left)
                    && world.alive().iter().all(|serial| world.listed_by(*serial) == left - 1)
            });
            assert!(known.is_some(), "not all know it after the expiry");
        }
        assert_eq!(self.false_leaves, 0);
        self.check_lists();
    }

    /// Loses all datagrams to and from these processes for a time.
    pub fn cut_off(&mut self, serials: &[Serial], time: Duration) {
        let hosts: Vec<_> = serials.iter().map(|serial| self.host_of(*serial)).collect();
        hosts.iter().for_each(|host| self.set_link(*host, 0, false));
        self.run_for(time);
        hosts.iter().for_each(|host| self.set_link(*host, 0, true));
    }

    /// Runs at a loss, and checks that no node lost a peer meanwhile.
    pub fn lose_nobody(&mut self, loss: f64, time: Duration) {
        self.conditions = Conditions::losing(loss);
        self.run_for(time);
        assert_eq!(self.false_leaves, 0, "false leaves at a loss of {loss}");
        self.conditions = Conditions::PERFECT;
        self.run_for(INTERVAL);
        self.check_lists();
        self.check_truth();
    }
}
