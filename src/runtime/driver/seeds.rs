//! The seeds of a node: addresses are handed to it at once, names by way of the [`Resolver`].

use std::sync::Arc;
use std::time::Duration;

use crate::config::names_need_clock;
use crate::error::{Error, ErrorKind};
use crate::runtime::driver::Driver;
use crate::runtime::resolver::{Resolved, Resolver};
use crate::seed::{self, Seed};
use crate::sync::lock;

impl Driver {
    /// Replaces the seeds.
    pub fn set_seeds(self: &Arc<Self>, seeds: &[Seed]) -> Result<(), Error> {
        seed::check_count(seeds)?;
        if !self.lock_state()?.node.takes_seeds() {
            let detail =
                "the node was started without seeds; start it with seeds, or with a mode that has them";
            return Err(Error::new(ErrorKind::Invalid, detail));
        }
        if self.time.is_manual() {
            names_need_clock(seeds)?;
        }
        let mut resolver = lock(&self.resolver);
        if seeds.iter().all(|seed| seed.address().is_some()) {
            resolver.take().into_iter().for_each(Resolver::stop);
            let addresses = seeds.iter().filter_map(Seed::address).collect();
            return self.take_seeds(Resolved { addresses, trouble: None });
        }
        match &*resolver {
            Some(resolver) => resolver.set(seeds.to_vec()),
            None => *resolver = Some(self.start_resolver(seeds.to_vec())?),
        }
        Ok(())
    }

    fn start_resolver(self: &Arc<Self>, seeds: Vec<Seed>) -> Result<Resolver, Error> {
        // The node may end while names are looked up, which nothing can break off.
        let driver = Arc::downgrade(self);
        let report =
            move |resolved| driver.upgrade().is_some_and(|driver| driver.take_seeds(resolved).is_ok());
        Resolver::start(seeds, self.names_period, report)
            .map_err(|error| Error::system("starting the thread that resolves seeds", &error))
    }

    fn take_seeds(&self, Resolved { addresses, trouble }: Resolved) -> Result<(), Error> {
        self.lock_state()?.seed_trouble = trouble;
        self.act(|node, now| node.set_seeds(&addresses, now))
    }
}

/// Names are resolved again every minute: most are of services whose instances come and go, and what answers is near. Who
/// announces more often than by default wants to know earlier.
pub(crate) fn names_period(interval: Duration) -> Duration {
    (interval * 4).clamp(Duration::from_secs(1), Duration::from_secs(60))
}
