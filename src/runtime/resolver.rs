//! `Resolver`: a thread that resolves the names of seeds, again after each period. The system's resolver can block for many
//! seconds, which the node's own thread must not.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::panics;
use crate::runtime::thread::{self, Thread};
use crate::seed::Seed;
use crate::sync::lock;

/// The result of a look-up of all seeds.
pub(crate) struct Resolved {
    /// All their addresses.
    pub addresses: Vec<SocketAddr>,
    /// Why the first name that cannot be resolved cannot.
    pub trouble: Option<String>,
}

pub(crate) struct Resolver {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    task: Mutex<Task>,
    changed: Condvar,
}

#[derive(Default)]
struct Task {
    seeds: Vec<Seed>,
    /// The seeds were replaced.
    is_new: bool,
    is_over: bool,
    /// The thread sleeps, in no look-up.
    is_idle: bool,
}

impl Resolver {
    /// Resolves `seeds`, again after each `period`, and passes each result to `report` until that returns false.
    pub fn start(
        seeds: Vec<Seed>,
        period: Duration,
        report: impl Fn(Resolved) -> bool + Send + 'static,
    ) -> io::Result<Resolver> {
        let task = Task { seeds, is_new: true, ..Task::default() };
        let shared = Arc::new(Shared { task: Mutex::new(task), changed: Condvar::new() });
        let work = shared.clone();
        // A panic must not end the process; the seeds stay as they are then.
        let body = move || drop(panics::catch_panic(|| work.run(period, report)));
        let thread = thread::spawn("peers-names", body)?;
        Ok(Resolver { shared, thread })
    }

    /// Replaces the seeds.
    pub fn set(&self, seeds: Vec<Seed>) {
        let mut task = lock(&self.shared.task);
        task.seeds = seeds;
        task.is_new = true;
        self.shared.changed.notify_one();
    }

    /// Ends the thread. Does not wait for one that is in a look-up: it ends after that.
    pub fn stop(self) {
        let is_idle = {
            let mut task = lock(&self.shared.task);
            task.is_over = true;
            task.is_idle
        };
        self.shared.changed.notify_one();
        if is_idle {
            // The thread catches its panics, so a join does not fail.
            drop(self.thread.join());
        }
    }
}

impl Shared {
    fn run(&self, period: Duration, report: impl Fn(Resolved) -> bool) {
        let mut known = BTreeMap::new();
        while let Some((seeds, are_new)) = self.next(period) {
            known.retain(|seed, _| seeds.contains(seed));
            known.extend(seeds.iter().filter_map(|seed| Some((seed.clone(), vec![seed.address()?]))));
            let report_all = |known: &_, trouble| {
                self.is_wanted(|| report(Resolved { addresses: all_of(known), trouble }))
            };
            // Addresses are reported at once, before the names are looked up.
            if are_new && !known.is_empty() && !report_all(&known, None) {
                return;
            }
            let trouble = resolve(&seeds, &mut known);
            if !report_all(&known, trouble) {
                return;
            }
        }
    }

    /// Reports, unless the seeds were replaced meanwhile. False if the thread is to end.
    fn is_wanted(&self, report: impl FnOnce() -> bool) -> bool {
        // Held, so that the seeds are not replaced before the report returns.
        let task = lock(&self.task);
        !task.is_over && (task.is_new || report())
    }

    /// Waits for the next look-up. Returns its seeds, and whether they are new; `None` at the end.
    fn next(&self, period: Duration) -> Option<(Vec<Seed>, bool)> {
        let mut task = lock(&self.task);
        task.is_idle = true;
        let waits = |task: &mut Task| !task.is_new && !task.is_over;
        let waited = self.changed.wait_timeout_while(task, period, waits);
        let (mut task, _) = waited.unwrap_or_else(PoisonError::into_inner);
        task.is_idle = false;
        let are_new = std::mem::take(&mut task.is_new);
        (!task.is_over).then(|| (task.seeds.clone(), are_new))
    }
}

/// Looks up every name. One that is not found keeps the addresses that it had. Returns the first error.
fn resolve(seeds: &[Seed], known: &mut BTreeMap<Seed, Vec<SocketAddr>>) -> Option<String> {
    let mut trouble = None;
    for seed in seeds.iter().filter(|seed| seed.address().is_none()) {
        match (seed.host(), seed.port()).to_socket_addrs() {
            Ok(addresses) => drop(known.insert(seed.clone(), addresses.collect())),
            Err(error) => {
                trouble.get_or_insert_with(|| format!("the seed {seed} cannot be resolved: {error}"));
            }
        }
    }
    trouble
}

fn all_of(known: &BTreeMap<Seed, Vec<SocketAddr>>) -> Vec<SocketAddr> {
    known.values().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn seeds(list: &str) -> Vec<Seed> {
        Seed::list(list).expect("a list")
    }

    fn to(sender: Sender<Resolved>) -> impl Fn(Resolved) -> bool + Send + 'static {
        move |resolved| sender.send(resolved).is_ok()
    }

    #[test]
    fn addresses_come_at_once_and_unknown_names_are_named() {
        let (sender, reports) = channel();
        let resolver =
            Resolver::start(seeds("192.0.2.1:5,nosuch.invalid:7"), HOUR, to(sender)).expect("a thread");
        let first = reports.recv().expect("a report");
        assert_eq!((first.addresses, first.trouble), (vec![([192, 0, 2, 1], 5).into()], None));
        let second = reports.recv().expect("a report");
        assert_eq!(second.addresses, [([192, 0, 2, 1], 5).into()]);
        let trouble = second.trouble.expect("there is no such name");
        assert!(trouble.starts_with("the seed nosuch.invalid:7 cannot be resolved: "), "{trouble}");

        resolver.set(seeds("localhost:9"));
        let found = reports.iter().find(|resolved| !resolved.addresses.is_empty()).expect("a report");
        assert!(found.addresses.contains(&([127, 0, 0, 1], 9).into()), "{:?}", found.addresses);
        resolver.stop();
        assert!(reports.recv().is_err(), "the thread has ended");
    }

    #[test]
    fn a_trouble_stays_while_its_name_is_looked_up_again() {
        let (sender, reports) = channel();
        let period = Duration::from_millis(1);
        let resolver =
            Resolver::start(seeds("192.0.2.1:5,nosuch.invalid:7"), period, to(sender)).expect("a thread");
        let has_trouble: Vec<bool> = reports.iter().take(4).map(|report| report.trouble.is_some()).collect();
        assert_eq!(has_trouble, [false, true, true, true]);
        resolver.stop();
    }

    #[test]
    fn a_name_that_is_not_found_any_more_keeps_its_addresses() {
        let lost = seeds("nosuch.invalid:7");
        let address = SocketAddr::from(([192, 0, 2, 9], 7));
        let mut known = BTreeMap::from([(lost[0].clone(), vec![address])]);
        assert!(resolve(&lost, &mut known).is_some());
        assert_eq!(all_of(&known), [address]);
    }
}
