//! `Resolver`: looks up the names of seeds, each in a thread of its own. The system's resolver blocks for many seconds where no
//! server answers, which neither the node's thread nor another name must wait for.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::panics;
use crate::runtime::name_table::{NameTable, Resolved};
use crate::seed::Seed;
use crate::sync::lock;
use crate::sys::thread::{self, Thread};

/// Looks up a name.
type LookUp = dyn Fn(&Seed) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Takes the addresses of all seeds. Returns the former ones that still answer, or `None` at the end.
type Report = dyn Fn(Resolved) -> Option<Vec<SocketAddr>> + Send + Sync;

pub(crate) struct Resolver {
    shared: Arc<Shared>,
    thread: Thread,
}

struct Shared {
    task: Mutex<Task>,
    changed: Condvar,
    look_up: Box<LookUp>,
    report: Box<Report>,
}

struct Task {
    table: NameTable,
    is_over: bool,
}

impl Resolver {
    /// Resolves `seeds`, again after each `period`, and passes the addresses to `report` after each result.
    pub fn start(
        seeds: &[Seed],
        period: Duration,
        look_up: impl Fn(&Seed) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
        report: impl Fn(Resolved) -> Option<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> io::Result<Resolver> {
        let mut table = NameTable::new(period);
        table.set(seeds, Instant::now());
        let shared = Arc::new(Shared {
            task: Mutex::new(Task { table, is_over: false }),
            changed: Condvar::new(),
            look_up: Box::new(look_up),
            report: Box::new(report),
        });
        // Addresses need no look-up.
        shared.report(&mut lock(&shared.task));
        let work = shared.clone();
        // A panic must not end the process; the seeds stay as they are then.
        let body = move || drop(panics::catch_panic(|| work.run()));
        let thread = thread::spawn(c"peers-names", body)?;
        Ok(Resolver { shared, thread })
    }

    /// Replaces the seeds.
    pub fn set(&self, seeds: &[Seed]) {
        let mut task = lock(&self.shared.task);
        task.table.set(seeds, Instant::now());
        self.shared.report(&mut task);
        self.shared.changed.notify_one();
    }

    /// Has all names looked up again.
    pub fn on_network_change(&self) {
        lock(&self.shared.task).table.on_network_change(Instant::now());
        self.shared.changed.notify_one();
    }

    /// Ends the thread. A look-up under way ends by itself, and its result is dropped.
    pub fn stop(self) {
        lock(&self.shared.task).is_over = true;
        self.shared.changed.notify_one();
        self.thread.join();
    }
}

impl Shared {
    /// Starts the look-ups that are due, until the end.
    fn run(self: &Arc<Self>) {
        let mut task = lock(&self.task);
        while !task.is_over {
            while let Some(seed) = task.table.take_due(Instant::now()) {
                if let Err(error) = self.start_look_up(&seed) {
                    self.on_result(&mut task, &seed, Err(error));
                }
            }
            task = self.wait(task);
        }
    }

    fn wait<'a>(&self, task: MutexGuard<'a, Task>) -> MutexGuard<'a, Task> {
        let Some(next) = task.table.poll_timeout() else {
            return self.changed.wait(task).unwrap_or_else(PoisonError::into_inner);
        };
        let time = next.saturating_duration_since(Instant::now());
        self.changed.wait_timeout(task, time).unwrap_or_else(PoisonError::into_inner).0
    }

    fn start_look_up(self: &Arc<Self>, seed: &Seed) -> io::Result<()> {
        let (shared, seed) = (self.clone(), seed.clone());
        let body = move || {
            let result = panics::catch_panic(|| (shared.look_up)(&seed));
            let result = result.unwrap_or_else(|words| Err(io::Error::other(words)));
            let mut task = lock(&shared.task);
            if !task.is_over {
                shared.on_result(&mut task, &seed, result);
            }
        };
        thread::spawn(c"peers-look-up", body).map(drop)
    }

    fn on_result(&self, task: &mut Task, seed: &Seed, result: io::Result<Vec<SocketAddr>>) {
        let result = result.map_err(|error| error.to_string());
        if task.table.on_result(seed, result, Instant::now()) {
            self.report(task);
        }
        self.changed.notify_one();
    }

    /// Reports while the table is locked, so that no later report overtakes this one.
    fn report(&self, task: &mut Task) {
        match (self.report)(task.table.resolved()) {
            Some(answering) => task.table.keep(&answering),
            None => task.is_over = true,
        }
    }
}

/// Looks up a name by the system's resolver.
pub(crate) fn look_up(seed: &Seed) -> io::Result<Vec<SocketAddr>> {
    (seed.host(), seed.port()).to_socket_addrs().map(Iterator::collect)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn seeds(list: &str) -> Vec<Seed> {
        Seed::list(list).expect("a list")
    }

    fn start(
        list: &str,
        look_up: impl Fn(&Seed) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> (Resolver, Receiver<Resolved>) {
        let (sender, reports) = channel();
        let report = move |resolved| sender.send(resolved).ok().map(|()| Vec::new());
        (Resolver::start(&seeds(list), HOUR, look_up, report).expect("a thread"), reports)
    }

    #[test]
    fn a_name_that_hangs_delays_no_other() {
        let (release, hang) = channel::<()>();
        let hang = Mutex::new(hang);
        let (resolver, reports) = start("192.0.2.1:5,hangs:7,good:7", move |seed| match seed.host() {
            "hangs" => lock(&hang).recv().map(|()| Vec::new()).map_err(io::Error::other),
            _ => Ok(vec![([192, 0, 2, 2], 7).into()]),
        });
        assert_eq!(reports.recv().expect("a report").addresses, [([192, 0, 2, 1], 5).into()]);
        let all = [SocketAddr::from(([192, 0, 2, 1], 5)), ([192, 0, 2, 2], 7).into()];
        assert_eq!(reports.recv().expect("a report").addresses, all);
        resolver.stop();
        drop(release);
        assert!(reports.iter().next().is_none(), "what comes after the end is dropped");
    }

    #[test]
    fn names_are_looked_up_by_the_system_and_unknown_ones_are_named() {
        let (resolver, reports) = start("nosuch.invalid:7", look_up);
        let trouble = reports.iter().find_map(|resolved| resolved.trouble).expect("there is no such name");
        assert!(trouble.starts_with("the seed nosuch.invalid:7 cannot be resolved: "), "{trouble}");
        resolver.set(&seeds("localhost:9"));
        let found = reports.iter().find(|resolved| !resolved.addresses.is_empty()).expect("a report");
        assert!(found.addresses.contains(&([127, 0, 0, 1], 9).into()), "{:?}", found.addresses);
        resolver.stop();
    }

    #[test]
    fn a_network_change_ends_the_wait_of_a_failed_name() {
        let (resolver, reports) = start("a:7", |_| Err(io::Error::other("no such name")));
        let failed =
            |reports: &Receiver<Resolved>| reports.iter().find(|resolved| resolved.trouble.is_some());
        assert!(failed(&reports).is_some());
        for _ in 0..3 {
            resolver.on_network_change();
            assert!(failed(&reports).is_some());
        }
        resolver.stop();
    }
}
