//! `Resolver`: a thread that turns the names of seeds into addresses, again and again. The system's resolver can take long
//! to answer, and the node's own thread does not wait for it.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::panics;
use crate::seed::Seed;
use crate::sync::lock;
use crate::sys::host;

/// What has become of the seeds.
pub(crate) struct Resolved {
    /// All their addresses.
    pub addresses: Vec<SocketAddr>,
    /// What is wrong with the first that has none, if there is such.
    pub trouble: Option<String>,
}

pub(crate) struct Resolver {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    task: Mutex<Task>,
    changed: Condvar,
}

#[derive(Default)]
struct Task {
    seeds: Vec<Seed>,
    /// The seeds are others than the thread knows.
    is_new: bool,
    is_over: bool,
    /// The thread waits, and asks nobody.
    is_idle: bool,
}

impl Resolver {
    /// Resolves `seeds` again after each `period`, and hands what is found to `report` whenever it has looked; until that
    /// returns false.
    pub fn start(
        seeds: Vec<Seed>,
        period: Duration,
        report: impl Fn(Resolved) -> bool + Send + 'static,
    ) -> io::Result<Resolver> {
        let task = Task { seeds, is_new: true, ..Task::default() };
        let shared = Arc::new(Shared { task: Mutex::new(task), changed: Condvar::new() });
        let work = shared.clone();
        // A panic of the resolver's must not end the process; the seeds stay as they are then.
        let body = move || drop(panics::catch_panic(|| work.run(period, report)));
        let thread = host::with_signals_blocked(|| Builder::new().name("peers-names".into()).spawn(body))?;
        Ok(Resolver { shared, thread })
    }

    /// Replaces the seeds.
    pub fn set(&self, seeds: Vec<Seed>) {
        let mut task = lock(&self.shared.task);
        task.seeds = seeds;
        task.is_new = true;
        self.shared.changed.notify_one();
    }

    /// Ends the thread. It is not waited for if it waits for the system's resolver itself: it ends after that.
    pub fn stop(self) {
        let is_idle = {
            let mut task = lock(&self.shared.task);
            task.is_over = true;
            task.is_idle
        };
        self.shared.changed.notify_one();
        if is_idle {
            // It contains its panics, so joining it does not fail.
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
            let tell = |known: &_, trouble| {
                self.is_wanted(|| report(Resolved { addresses: all_of(known), trouble }))
            };
            // What is known at once must not wait for what is not.
            if are_new && !known.is_empty() && !tell(&known, None) {
                return;
            }
            let trouble = resolve(&seeds, &mut known);
            if !tell(&known, trouble) {
                return;
            }
        }
    }

    /// Reports, unless the seeds were replaced meanwhile. False if the thread is to end.
    fn is_wanted(&self, report: impl FnOnce() -> bool) -> bool {
        // Held, so that nobody replaces them before the report is through.
        let task = lock(&self.task);
        !task.is_over && (task.is_new || report())
    }

    /// Waits for the time to resolve, and returns what, and whether it is something new. `None` at the end.
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

/// Looks every name up. One that is not found now keeps the addresses that it had. Returns what is wrong, if anything is.
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
    fn what_is_written_as_an_address_is_there_at_once_and_what_is_not_found_is_named() {
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
