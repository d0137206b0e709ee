//! The only place that has sockets, threads and a clock: it waits, feeds the [`Node`], and sends what it puts out.
//!
//! A [`Driver`] is shared by the node's thread and the callers. Two locks, taken in this order:
//! - `link`: the sockets. Only whoever steps the node holds it: the thread, or with a manual clock the caller.
//! - `state`: the node. Held for a short while by everybody; never while a datagram is sent or received.
//!
//! With a manual clock there is no thread: each call first takes in the datagrams that wait, and `advance` goes
//! from one deadline to the next. So a run of a test does the same every time.

mod seeds;
pub(crate) mod thread;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, mem};

use once_cell::sync::OnceCell;

use crate::config::{Clock, Config, Network};
use crate::error::{Error, ErrorKind};
use crate::health::Health;
use crate::net::memory::MemoryPort;
use crate::net::sockets::{SocketConfig, Sockets};
use crate::net::transport::{Refresh, Transport, TransportKind};
use crate::runtime::clock::TimeSource;
use crate::runtime::driver::thread::Thread;
use crate::runtime::event_log::EventLog;
use crate::runtime::log_queue::LogQueue;
use crate::runtime::resolver::Resolver;
use crate::runtime::state::{End, State};
use crate::sync::lock;
use crate::sys::{DeadlineTimer, Descriptor, Poller, Waker, process};
use peers_proto::{Event, Key, Node, Settings};

/// How often the thread steps back for calls that wait: they need some microseconds to wake up.
const MOST_YIELDS: usize = 1000;

pub(crate) struct Driver {
    /// The process that started it. In a forked child there is no thread, and a lock may be held for ever.
    process: u32,
    time: TimeSource,
    transport: Mutex<Transport>,
    state: Mutex<State>,
    /// What the node has to say to the user's logger, if there is one.
    log: Option<Arc<LogQueue>>,
    /// Signalled when events, or datagrams for a node without a thread, have come; and at the end.
    arrival: Condvar,
    /// Wakes the thread.
    wake: Waker,
    /// Wakes the thread when something is due.
    timer: DeadlineTimer,
    /// What the thread waits for. It has this locked for all of its life; here a forked child finds it.
    poller: Mutex<Poller>,
    /// Made when a caller first asks for it.
    event_fd: OnceCell<Waker>,
    /// How many calls wait for `state`.
    waiting: AtomicUsize,
    /// Looks up the names of seeds, if there are any.
    resolver: Mutex<Option<Resolver>>,
    names_period: Duration,
    /// Held for the length of an `advance`, so that two of them do not interleave.
    advancing: Mutex<()>,
}

/// What became of a step.
pub(crate) struct Step {
    /// More may wait to be taken in, or is due.
    may_be_more: bool,
    /// Something was sent, or the network has changed.
    has_news: bool,
    /// When the node wants to be run again.
    next: Option<Instant>,
}

/// What a node that was run asks for.
struct Due {
    /// It has heard nothing for so long that new sockets may help.
    is_silent: bool,
    is_more_due: bool,
    next: Option<Instant>,
}

/// Opens what `config` asks for and sets the node going. With a manual clock it has no thread.
pub(crate) fn start(config: &Config, name: String) -> Result<(Arc<Driver>, Option<Thread>), Error> {
    let driver = Driver::open(config, name)?;
    if config.mode().allows_off_link() {
        driver.set_seeds(&config.seeds)?;
    }
    // The first announcement goes out before this returns, or is refused and shows in health. One step only: on a
    // busy network there is always more to take in.
    driver.step(&mut lock(&driver.poller))?;
    let thread = match driver.time.is_manual() {
        true => {
            driver.deliver_log();
            None
        }
        false => Some(thread::spawn(driver.clone())?),
    };
    Ok((driver, thread))
}

impl Driver {
    fn open(config: &Config, name: String) -> Result<Arc<Driver>, Error> {
        let time = match config.clock {
            Clock::System => TimeSource::system()
                .map_err(|error| Error::system("reading the clock that counts sleep", &error))?,
            Clock::Manual => TimeSource::manual(),
        };
        let settings = Settings {
            id: random()?,
            seed: match config.clock {
                Clock::System => u64::from_ne_bytes(random()?),
                // Every run of a test does the same.
                Clock::Manual => 0,
            },
            secret_seed: Key::new(random()?),
            keys: config.keys.clone(),
            cluster: config.cluster.clone(),
            name,
            value: config.value.clone(),
            port: config.service_port,
            mode: config.mode(),
            legacy: config.legacy,
            group_port: config.port,
            interval: config.interval,
            expiry: config.expiry,
            max_peers: config.max_peers,
        };
        let cannot = |error: io::Error| Error::system("making a descriptor to wake by", &error);
        let cannot_watch = |error: io::Error| Error::system("watching the node's sockets", &error);
        let log = config.log.clone().map(|logger| Arc::new(LogQueue::new(logger)));
        let name = settings.name.clone();
        let driver = Arc::new(Driver {
            process: process::id(),
            transport: Mutex::new(Transport::closed()),
            state: Mutex::new(State::new(Node::new(settings, time.now()))),
            log,
            arrival: Condvar::new(),
            wake: Waker::new().map_err(cannot)?,
            timer: DeadlineTimer::new().map_err(cannot)?,
            poller: Mutex::default(),
            event_fd: OnceCell::new(),
            waiting: AtomicUsize::new(0),
            resolver: Mutex::new(None),
            names_period: seeds::names_period(config.interval),
            advancing: Mutex::new(()),
            time,
        });
        if !driver.time.is_manual() {
            driver.add_own_to_poller().map_err(cannot_watch)?;
        }
        let mut transport = driver.lock_transport();
        transport.connect(transport_for(config, &driver)?);
        if !driver.time.is_manual() {
            transport.add_to(&mut lock(&driver.poller)).map_err(cannot_watch)?;
        }
        if let Some(log) = &driver.log {
            let event_log = EventLog::new(log.clone(), config, &name, transport.report().interfaces);
            lock(&driver.state).event_log = Some(event_log);
        }
        drop(transport);
        Ok(driver)
    }

    /// Runs `action` on the node as it is now, and does what follows from it.
    pub fn act<R>(&self, action: impl FnOnce(&mut Node, Instant) -> R) -> Result<R, Error> {
        let _log = self.log_afterwards();
        let mut state = self.lock_settled()?;
        let now = self.time.now();
        let planned = state.node.poll_timeout();
        // The machine has slept, and the thread has not been run yet.
        if state.node.was_suspended(now) {
            state.node.handle_timeout(now);
        }
        let result = action(&mut state.node, now);
        self.note_changes(&mut state, now);
        let has_work = state.node.has_transmits() || state.node.poll_timeout() < planned;
        drop(state);
        match self.time.is_manual() {
            true if has_work => self.settle()?,
            false if has_work => self.wake.set(),
            _ => {}
        }
        Ok(result)
    }

    /// Waits for an event; without limit if `timeout` is `None`.
    pub fn next_event(&self, timeout: Option<Duration>) -> Result<Event, Error> {
        let _log = self.log_afterwards();
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock_settled()?;
        loop {
            let event = state.node.poll_event();
            self.clear_event_fd(&state);
            if let Some(event) = event {
                return Ok(event);
            }
            state = match deadline {
                None => self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Error::new(ErrorKind::Timeout, "no event in the time given"));
                    }
                    self.arrival.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            // Another look at everything: the node may have ended, or have mail to take in.
            drop(state);
            state = self.lock_settled()?;
        }
    }

    /// What polls readable while events wait.
    pub fn event_fd(&self) -> Result<Descriptor, Error> {
        let fd = self.event_fd.get_or_try_init(Waker::new);
        let fd = fd.map_err(|error| Error::system("making a descriptor for events", &error))?;
        let state = self.lock_state()?;
        if state.has_news() {
            fd.set();
        }
        Ok(fd.descriptor())
    }

    /// Moves a manual clock on, from deadline to deadline.
    pub fn advance(&self, by: Duration) -> Result<(), Error> {
        if !self.time.is_manual() {
            let detail =
                "the node runs on the system's clock; only one started with a manual clock can be advanced";
            return Err(Error::new(ErrorKind::Invalid, detail));
        }
        let _log = self.log_afterwards();
        let _turn = lock(&self.advancing);
        let target = self.time.now().checked_add(by).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("{by:?} is further than the clock can count"))
        })?;
        loop {
            self.settle()?;
            let next = self.lock_state()?.node.poll_timeout().filter(|next| *next <= target);
            self.time.set(next.unwrap_or(target));
            if next.is_none() {
                // Its own announcements have come back to it, and were taken in on the way.
                return self.lock_settled().map(drop);
            }
        }
    }

    /// How the node is. Works on one that has ended, too.
    pub fn health(&self) -> Health {
        let _log = self.log_afterwards();
        // A node without a thread first takes in what waits for it, unless it has ended.
        drop(self.lock_settled());
        lock(&self.state).health(self.time.now())
    }

    /// Ends the node: it says goodbye, calls under way return, and the thread, if there is one, is about to end.
    pub fn stop(&self) {
        // One that has failed says nothing.
        if let Ok(mut state) = self.lock_state() {
            state.node.stop();
        }
        self.end(End::Stopped);
        match self.time.is_manual() {
            true => self.say_goodbye(),
            false => self.wake.set(),
        }
    }

    /// Ends the node after a panic: calls under way return, and the thread, if there is one, is about to end.
    pub fn fail(&self, why: &str) {
        // Whoever saw the lock's poison first has noted less than is known here.
        lock(&self.state).ended = Some(End::Failed(why.into()));
        self.signal_news();
        self.wake.set();
    }

    /// Closes what a node that was stopped leaves behind, after its thread has ended: the resolver, the log and the sockets.
    pub fn close(&self) {
        lock(&self.resolver).take().into_iter().for_each(Resolver::stop);
        if let Some(log) = &self.log {
            log.close();
        }
        self.lock_transport().close();
        *lock(&self.poller) = Poller::default();
    }

    /// True if this very call was made by the user's logger, which this node is waiting for.
    pub fn is_logging_here(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.is_delivering_here())
    }

    /// True in a child that was forked off the process that started the node.
    pub fn is_forked(&self) -> bool {
        self.process != process::id()
    }

    /// In a forked child: releases memory and descriptors, as far as no thread of the parent was busy with them.
    pub fn abandon(self: Arc<Self>, has_thread: bool) {
        let at_rest = self.transport.try_lock().is_ok() && self.state.try_lock().is_ok();
        if !at_rest {
            // Half-changed memory cannot be freed. What a busy thread held at the fork is lost to the child.
            mem::forget(self);
            return;
        }
        if has_thread {
            // SAFETY: the thread owned one reference. In this process it does not run and will never drop it.
            unsafe { Arc::decrement_strong_count(Arc::as_ptr(&self)) };
        }
    }

    /// Steps until nothing waits and nothing is due.
    fn settle(&self) -> Result<(), Error> {
        loop {
            let step = self.step(&mut Poller::default())?;
            if !step.may_be_more && !step.has_news {
                return Ok(());
            }
        }
    }

    /// Takes in a batch of what a poll has found, does what is due, and sends what follows.
    fn step(&self, poller: &mut Poller) -> Result<Step, Error> {
        let mut transport = self.lock_transport();
        let waits = transport.receive(poller);
        let Due { is_silent, is_more_due, mut next } = self.run_node(&mut transport)?;
        let refresh = transport.refresh(poller, is_silent);
        if matches!(refresh, Ok(Refresh::Followed | Refresh::Reopened)) {
            let mut state = self.lock_state()?;
            state.node.handle_network_change(self.time.now());
            transport.take_transmits(&mut state.node);
        }
        let has_news = transport.has_transmits() || !matches!(refresh, Ok(Refresh::Unneeded));
        if has_news {
            let sent = transport.send();
            let mut state = self.lock_state()?;
            state.note_step(transport.report(), &sent, refresh, self.time.now());
            next = state.node.poll_timeout();
        }
        Ok(Step { may_be_more: waits || is_more_due, has_news, next })
    }

    /// Hands the node what was received, lets it do what is due, and takes what it has to send.
    fn run_node(&self, transport: &mut Transport) -> Result<Due, Error> {
        let mut state = self.lock_state()?;
        let now = self.time.now();
        transport.feed(&mut state.node, now);
        let is_due = |node: &Node| node.poll_timeout().is_some_and(|deadline| deadline <= now);
        if is_due(&state.node) {
            state.node.handle_timeout(now);
        }
        state.dropped = transport.dropped();
        state.off_link = transport.off_link();
        self.note_changes(&mut state, now);
        transport.take_transmits(&mut state.node);
        let next = state.node.poll_timeout();
        let is_more_due = next.is_some_and(|deadline| deadline <= now);
        Ok(Due { is_silent: state.node.poll_reopen(), is_more_due, next })
    }

    /// Sends the goodbye of a node that was stopped. By whoever steps the node, and nobody steps it any more.
    fn say_goodbye(&self) {
        let mut transport = self.lock_transport();
        let mut state = lock(&self.state);
        if matches!(state.ended, Some(End::Stopped)) {
            transport.take_transmits(&mut state.node);
            drop(state);
            transport.send();
        }
    }

    fn lock_transport(&self) -> MutexGuard<'_, Transport> {
        self.transport.lock().unwrap_or_else(|poisoned| {
            lock(&self.state).note_half_changed();
            poisoned.into_inner()
        })
    }

    /// The state of a node that lives. An error that says how it ended, if it does not.
    fn lock_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let locked = self.state.lock();
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let mut state = locked.unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            state.note_half_changed();
            state
        });
        match &mut state.ended {
            None => Ok(state),
            Some(End::Stopped) => Err(Error::new(ErrorKind::Stopped, "the node was stopped")),
            Some(End::Failed(why)) => {
                Err(Error::new(ErrorKind::Failed, format!("the node has failed: {why}")))
            }
        }
    }

    /// Lets those have the node's lock who wait for it. The lock goes to whoever is there first, and in a flood that is the
    /// node's thread, again and again.
    fn let_callers_in(&self) {
        for _ in 0..MOST_YIELDS {
            if self.waiting.load(Ordering::Relaxed) == 0 {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// As `lock_state`, after a node without a thread has taken in the datagrams that wait for it.
    fn lock_settled(&self) -> Result<MutexGuard<'_, State>, Error> {
        let mut has_settled = false;
        loop {
            let mut state = self.lock_state()?;
            if !mem::take(&mut state.inbox_waits) {
                if has_settled {
                    self.clear_event_fd(&state);
                }
                return Ok(state);
            }
            drop(state);
            self.settle()?;
            has_settled = true;
        }
    }

    /// Called by a memory network when it has put a datagram in our queue.
    fn note_inbox(&self) {
        if !self.time.is_manual() {
            return self.wake.set();
        }
        if let Ok(mut state) = self.lock_state() {
            state.inbox_waits = true;
            self.signal_news();
        }
    }

    /// Tells and logs what has changed in the node.
    fn note_changes(&self, state: &mut State, now: Instant) {
        state.log_changes(|| now);
        if state.has_new_events() {
            self.signal_news();
        }
    }

    fn signal_news(&self) {
        self.arrival.notify_all();
        if let Some(fd) = self.event_fd.get() {
            fd.set();
        }
    }

    /// Lets the event descriptor rest, if there is nothing to find out.
    fn clear_event_fd(&self, state: &State) {
        if let Some(fd) = self.event_fd.get().filter(|_| !state.has_news()) {
            fd.clear();
        }
    }

    /// Ends the node, unless it has ended already, and tells everybody who waits.
    fn end(&self, how: End) {
        let mut state = lock(&self.state);
        state.ended.get_or_insert(how);
        state.log_changes(|| self.time.now());
        self.signal_news();
    }

    /// When the result is dropped, and with it all locks that were taken later, what there is to log is on its way.
    fn log_afterwards(&self) -> impl Drop + use<'_> {
        struct Afterwards<'a>(&'a Driver);
        impl Drop for Afterwards<'_> {
            fn drop(&mut self) {
                match &self.0.log {
                    Some(_) if self.0.time.is_manual() => self.0.deliver_log(),
                    Some(log) if log.has_lines() => self.0.wake.set(),
                    _ => {}
                }
            }
        }
        Afterwards(self)
    }

    /// Logs what there is to log: on the node's thread, or in a call on a node without one.
    fn deliver_log(&self) {
        if let Some(log) = &self.log {
            log.deliver();
        }
    }
}

/// Puts the node on its network.
fn transport_for(config: &Config, driver: &Arc<Driver>) -> Result<TransportKind, Error> {
    match &config.network {
        Network::Multicast => Ok(TransportKind::Sockets(Sockets::open(SocketConfig::of(config)?)?)),
        Network::Memory(network) => {
            let driver = Arc::downgrade(driver);
            let on_delivery = move || {
                if let Some(driver) = driver.upgrade() {
                    driver.note_inbox();
                }
            };
            Ok(TransportKind::Memory(MemoryPort::open(network, config.mode().has_multicast(), on_delivery)))
        }
    }
}

/// Bytes from the system's source of randomness.
fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::System, format!("reading the system's source of randomness: {error}"))
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_with_only_the_network_locked_fails_the_node() {
        let network = Network::Memory("half-changed".into());
        let config = Config { network, clock: Clock::Manual, ..Config::default() };
        let (driver, _) = start(&config, "victim".into()).expect("there is room");
        let panicked = crate::panics::catch_panic(|| {
            let _link = driver.lock_transport();
            panic!("as if by a bug");
        });
        assert_eq!(panicked, Err("as if by a bug".to_owned()));
        let failed = driver.advance(Duration::ZERO).expect_err("nobody knows what became of the network");
        assert_eq!(failed.kind(), ErrorKind::Failed);
        assert!(failed.to_string().contains("half changed"), "{failed}");
    }
}
