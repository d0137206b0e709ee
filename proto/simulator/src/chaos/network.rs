//! What can happen to the network and to the hosts on it.

use std::time::Duration;

use super::Chaos;
use crate::{Conditions, Firewall, Serial};

impl Chaos {
    /// The host of one fails, with all that runs there.
    pub fn crash(&mut self, one: Serial) {
        let host = self.world.host_of(one);
        self.world.set_firewall(host, Firewall::Stealth);
        for serial in self.world.alive() {
            if self.world.host_of(serial) == host {
                self.world.kill(serial);
            }
        }
    }

    pub fn partition(&mut self) {
        let sides = (0..self.world.host_count()).map(|_| self.world.rng.u8(0..2)).collect();
        self.world.partition(sides);
    }

    /// One does not run for some time, while the others go on.
    pub fn sleep(&mut self, one: Serial) {
        if self.world.program(one).is_legacy {
            return;
        }
        self.world.suspend(one);
        let seconds = self.world.rng.choice([0, 1, 10, 40, 120, 3600]).unwrap_or_default();
        self.world.run_for(Duration::from_secs(seconds));
    }

    /// Those that sleep go on; their sockets have kept some of what came, or not, as when the machine slept.
    pub fn wake_up(&mut self) {
        for one in self.world.alive() {
            if self.world.is_suspended(one) {
                let with_backlog = self.world.rng.bool();
                self.world.resume(one, with_backlog);
            }
        }
    }

    pub fn toggle_link(&mut self, one: Serial) {
        let host = self.world.host_of(one);
        let links = self.world.links_of(host).to_vec();
        let link = self.world.rng.choice(links).unwrap_or_default();
        let is_up = self.world.rng.bool();
        self.world.set_link(host, link, is_up);
    }

    /// The host of one gets a firewall, or is open again.
    pub fn change_firewall(&mut self, one: Serial) {
        let all = [Firewall::None, Firewall::Stealth, Firewall::Dropping, Firewall::Rejecting];
        let firewall = self.world.rng.choice(all).unwrap_or(Firewall::None);
        self.world.set_firewall(self.world.host_of(one), firewall);
    }

    /// The host of one gets other addresses; those that run there are told, or not.
    pub fn renumber(&mut self, one: Serial) {
        let host = self.world.host_of(one);
        self.world.renumber(host);
        if self.world.rng.bool() {
            for neighbour in self
                .running()
                .into_iter()
                .filter(|serial| self.world.host_of(*serial) == host)
                .collect::<Vec<_>>()
            {
                self.world.change_network(neighbour);
            }
        }
    }

    /// One opens its sockets anew; there are not ports for ever.
    pub fn reopen(&mut self, one: Serial) {
        if !self.world.program(one).is_legacy && self.world.times_reopened(one) < 8 {
            self.world.reopen(one);
        }
    }

    /// All is well from now on but for firewalls, for as long as it takes to find that out.
    pub fn end(&mut self) {
        self.world.conditions = Conditions::PERFECT;
        self.world.heal();
        self.wake_up();
        for host in 0..self.world.host_count() {
            for link in self.world.links_of(host).to_vec() {
                self.world.set_link(host, link, true);
            }
        }
        let alive = self.world.alive().into_iter();
        let longest = alive.map(|serial| self.world.program(serial).expiry).max().unwrap_or_default();
        self.world.run_for(2 * longest.max(Duration::from_secs(60)));
    }
}
