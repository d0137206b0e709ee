//! `Seeds`: passes the addresses of seeds to the node at once, and those of names by way of the [`Resolver`].

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::error::Error;
use crate::runtime::name_table::Resolved;
use crate::runtime::resolver::{self, Resolver};
use crate::seed::Seed;
use crate::sync::lock;

pub(crate) struct Seeds {
    /// `None` while no seed has a name.
    resolver: Mutex<Option<Resolver>>,
    /// Time between two look-ups of a name.
    period: Duration,
}

impl Seeds {
    /// Names are resolved every four intervals, within 1 to 60 s: most names are of services whose instances change, and resolvers
    /// cache the answers.
    pub fn new(interval: Duration) -> Self {
        let period = (interval * 4).clamp(Duration::from_secs(1), Duration::from_secs(60));
        Seeds { resolver: Mutex::new(None), period }
    }

    /// Replaces the seeds. `report` gets the addresses, here and after each look-up, until it returns an error. It returns the
    /// former addresses that still answer.
    pub fn set(
        &self,
        seeds: &[Seed],
        report: impl Fn(Resolved) -> Result<Vec<SocketAddr>, Error> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let mut resolver = lock(&self.resolver);
        if seeds.iter().all(|seed| seed.address().is_some()) {
            resolver.take().into_iter().for_each(Resolver::stop);
            let addresses = seeds.iter().filter_map(Seed::address).collect();
            // A node without a thread delivers its log in the report, and the user's function may set seeds.
            drop(resolver);
            return report(Resolved { addresses, ..Resolved::default() }).map(drop);
        }
        match &*resolver {
            Some(resolver) => resolver.set(seeds),
            None => {
                let report = move |resolved| report(resolved).ok();
                let started = Resolver::start(seeds, self.period, resolver::look_up, report);
                let started = started
                    .map_err(|error| Error::system("starting the thread that resolves seeds", &error))?;
                *resolver = Some(started);
            }
        }
        Ok(())
    }

    /// Has all names looked up again.
    pub fn on_network_change(&self) {
        if let Some(resolver) = &*lock(&self.resolver) {
            resolver.on_network_change();
        }
    }

    /// Ends the resolver.
    pub fn stop(&self) {
        lock(&self.resolver).take().into_iter().for_each(Resolver::stop);
    }
}
