//! `Seeds`: passes the addresses of seeds to the node at once, and those of names by way of the [`Resolver`].

use std::sync::Mutex;
use std::time::Duration;

use crate::error::Error;
use crate::runtime::resolver::{Resolved, Resolver};
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

    /// Replaces the seeds. `report` gets the addresses: here if all are known, or else on the resolver's thread, until it
    /// returns an error.
    pub fn set(
        &self,
        seeds: &[Seed],
        report: impl Fn(Resolved) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let mut resolver = lock(&self.resolver);
        if seeds.iter().all(|seed| seed.address().is_some()) {
            resolver.take().into_iter().for_each(Resolver::stop);
            let addresses = seeds.iter().filter_map(Seed::address).collect();
            return report(Resolved { addresses, trouble: None });
        }
        match &*resolver {
            Some(resolver) => resolver.set(seeds.to_vec()),
            None => {
                let report = move |resolved| report(resolved).is_ok();
                let started = Resolver::start(seeds.to_vec(), self.period, report);
                let started = started
                    .map_err(|error| Error::system("starting the thread that resolves seeds", &error))?;
                *resolver = Some(started);
            }
        }
        Ok(())
    }

    /// Ends the resolver.
    pub fn stop(&self) {
        lock(&self.resolver).take().into_iter().for_each(Resolver::stop);
    }
}
