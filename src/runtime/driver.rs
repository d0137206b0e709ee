//! The driver of a node: it waits, feeds the [`Node`], and sends what it puts out.
//!
//! The node's thread and the callers share a [`Driver`]. Two locks, taken in this order:
//! - `transport`: the sockets. Only the thread holds it, or with a manual clock the caller.
//! - `state`: the node. All threads hold it, for a short while, and never while a datagram is sent or received.
//!
//! With a manual clock there is no thread: each call first processes the datagrams that wait, and `advance` goes from one deadline
//! to the next. So each run of a test does the same.

mod step;

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::health::Health;
use crate::interface_status::InterfaceStatus;
use crate::log::Logger;
use crate::net::transport::{Transport, TransportConfig};
use crate::panics;
use crate::runtime::clock::TimeSource;
use crate::runtime::event_log::EventLog;
use crate::runtime::log_queue::LogQueue;
use crate::runtime::name_table::NameTable;
use crate::runtime::readers::ReaderId;
use crate::runtime::resolver;
use crate::runtime::sleeper::Sleeper;
use crate::runtime::state::{End, State};
use crate::seed::{self, Seed};
use crate::sync::{lock, try_lock, wait_until};
use crate::sys::Descriptor;
use crate::sys::forks;
use crate::sys::optional::Refusals;
use crate::sys::poller::Poller;
use crate::sys::thread::{self, Thread};
use peers_proto::{Event, Node, Settings};

/// What a node is started with.
pub(crate) struct Options {
    pub settings: Settings,
    pub transport: TransportConfig,
    /// The node has no thread, and its time stands still until it is advanced.
    pub has_manual_clock: bool,
    pub seeds: Vec<Seed>,
    pub logger: Option<Logger>,
    /// The first line of the log, without the interfaces.
    pub start_line: String,
}

pub(crate) struct Driver {
    /// For those that outlive it: the memory network and look-ups.
    this: Weak<Driver>,
    /// The number of forks when it was started. In a forked child there is no thread, and a lock may stay locked for ever.
    forks: usize,
    time: TimeSource,
    transport: Mutex<Transport>,
    state: Mutex<State>,
    /// `None` without a logger.
    log: Option<Arc<LogQueue>>,
    /// Signalled when events come, when datagrams come for a node without a thread, when a reader ends, and at the end.
    arrival: Condvar,
    /// `None` with a manual clock.
    sleeper: Option<Sleeper>,
    /// Held for the length of an `advance`, so that two of them do not interleave.
    advancing: Mutex<()>,
}

/// Opens the transport and starts the node. With a manual clock it has no thread.
pub(crate) fn start(options: Options) -> Result<(Arc<Driver>, Option<Thread>), Error> {
    let driver = Driver::open(options)?;
    // The first announcement is sent before this returns. One step only: on a busy network there is always more to receive.
    driver.step(&Poller::default())?;
    if driver.sleeper.is_none() {
        driver.deliver_log();
        return Ok((driver, None));
    }
    let running = driver.clone();
    let body = move || {
        if let Err(words) = panics::catch_panic(|| running.run()) {
            running.fail(&words);
        }
        running.deliver_log();
    };
    match thread::spawn(c"peers", body) {
        Ok(thread) => Ok((driver, Some(thread))),
        Err(error) => {
            driver.stop();
            driver.say_goodbye();
            driver.close();
            Err(Error::system("starting the node's thread", &error))
        }
    }
}

impl Driver {
    fn open(options: Options) -> Result<Arc<Driver>, Error> {
        forks::watch().map_err(|error| Error::system("registering for forks", &error))?;
        let has_seeds = options.settings.mode.allows_off_link();
        let refusals = Arc::new(Refusals::default());
        let driver = Driver::new(options.settings, options.logger, options.has_manual_clock, &refusals)?;
        driver.open_transport(options.transport, &refusals, &options.start_line)?;
        if has_seeds {
            driver.set_seeds(&options.seeds)?;
        }
        Ok(driver)
    }

    /// Returns a driver whose transport is closed.
    // In a frame of its own: it moves the node through the stack, and the caller's thread may have 32 KiB.
    #[inline(never)]
    fn new(
        settings: Settings,
        logger: Option<Logger>,
        has_manual_clock: bool,
        refusals: &Arc<Refusals>,
    ) -> Result<Arc<Driver>, Error> {
        let interval = settings.interval;
        let (time, sleeper) = match has_manual_clock {
            true => (TimeSource::manual(), None),
            false => {
                let sleeper = Sleeper::new(interval, refusals.clone())
                    .map_err(|error| Error::system("making a descriptor to wake by", &error))?;
                let time = TimeSource::system()
                    .map_err(|error| Error::system("reading the clock that counts sleep", &error))?;
                (time, Some(sleeper))
            }
        };
        let node = Node::new(settings, time.now());
        let state = State::new(node, NameTable::new(interval), refusals.clone());
        Ok(Arc::new_cyclic(|this| Driver {
            this: this.clone(),
            forks: forks::count(),
            transport: Mutex::new(Transport::closed()),
            state: Mutex::new(state),
            log: logger.map(|logger| Arc::new(LogQueue::new(logger))),
            arrival: Condvar::default(),
            sleeper,
            advancing: Mutex::new(()),
            time,
        }))
    }

    fn open_transport(
        &self,
        config: TransportConfig,
        refusals: &Arc<Refusals>,
        start_line: &str,
    ) -> Result<(), Error> {
        let receiver = self.this.clone();
        let on_delivery = move || {
            if let Some(driver) = receiver.upgrade() {
                driver.note_inbox();
            }
        };
        let mut transport = self.lock_transport();
        transport.open(config, refusals, self.time.now(), on_delivery)?;
        let mut state = lock(&self.state);
        transport.introduce(&mut state.node, self.time.now());
        if let Some(log) = &self.log {
            state.start_log(EventLog::new(log.clone(), start_line, transport.report().interfaces));
        }
        Ok(())
    }

    /// Runs `action` on the node at this moment, and does what follows from it.
    pub fn act<R>(&self, action: impl FnOnce(&mut Node, Instant) -> R) -> Result<R, Error> {
        self.change(|state, now| action(&mut state.node, now))
    }

    /// As `act`, for an action on all of the state.
    fn change<R>(&self, action: impl FnOnce(&mut State, Instant) -> R) -> Result<R, Error> {
        let _log = self.log_afterwards();
        let mut state = self.lock_resumed()?;
        let now = self.time.now();
        let planned = state.poll_timeout();
        let result = action(&mut state, now);
        self.follow_up(state, now, planned)?;
        Ok(result)
    }

    /// As `lock_settled`, after the node has done what was due in a suspend.
    fn lock_resumed(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.lock_settled()?;
        // The machine was suspended, and the thread has not run yet.
        if !state.node.was_suspended(self.time.now()) {
            return Ok(state);
        }
        drop(state);
        self.catch_up()?;
        self.lock_settled()
    }

    /// Notes what an action has changed, and has it sent. `planned` is the next deadline before it.
    fn follow_up(
        &self,
        mut state: MutexGuard<'_, State>,
        now: Instant,
        planned: Option<Instant>,
    ) -> Result<(), Error> {
        self.note_changes(&mut state, now);
        let has_work = state.node.has_transmits() || state.poll_timeout() < planned;
        drop(state);
        match self.sleeper {
            Some(_) if has_work => self.wake(),
            None if has_work => self.settle()?,
            _ => {}
        }
        Ok(())
    }

    /// Replaces the seeds. The thread looks up the names among them.
    pub fn set_seeds(&self, seeds: &[Seed]) -> Result<(), Error> {
        seed::check_count(seeds)?;
        if self.time.is_manual() {
            seed::check_have_addresses(seeds)?;
        }
        self.change(|state, now| state.set_seeds(seeds, now))?
    }

    /// Starts the look-ups that are due.
    fn start_look_ups(&self, state: &mut State, now: Instant) {
        while let Some(seed) = state.names.take_due(now) {
            let driver = self.this.clone();
            let report = move |seed: &Seed, result| {
                if let Some(driver) = driver.upgrade() {
                    driver.take_look_up(seed, result);
                }
            };
            if let Err(error) = resolver::start(seed.clone(), report) {
                state.names.on_result(&seed, Err(error.to_string()), now);
            }
        }
    }

    /// Takes over what a look-up has found. A node that has ended drops it.
    fn take_look_up(&self, seed: &Seed, result: Result<Vec<SocketAddr>, String>) {
        let _ = self.change(|state, now| {
            state.names.on_result(seed, result, now);
            state.update_seeds(now);
        });
    }

    /// Waits for the next event of a reader; without limit if `timeout` is `None`.
    pub fn next_event(&self, reader: ReaderId, timeout: Option<Duration>) -> Result<Event, Error> {
        let take = |state: &mut State| {
            let event = state.readers.get(reader)?.take();
            state.update_readers();
            Ok(event)
        };
        self.wait_for(take, timeout, "no event in the time given")
    }

    /// Waits until the list has another version, and returns that; without limit if `timeout` is `None`.
    pub fn wait_for_version(&self, not: u64, timeout: Option<Duration>) -> Result<u64, Error> {
        let changed =
            |state: &mut State| Ok(Some(state.node.version(self.time.now())).filter(|now| *now != not));
        self.wait_for(changed, timeout, "the list did not change in the time given")
    }

    /// Waits until `look` finds something, and returns that. Otherwise an error that says `nothing`.
    fn wait_for<R>(
        &self,
        look: impl Fn(&mut State) -> Result<Option<R>, Error>,
        timeout: Option<Duration>,
        nothing: &str,
    ) -> Result<R, Error> {
        let _log = self.log_afterwards();
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let mut state = self.lock_settled()?;
            if let Some(found) = look(&mut state)? {
                return Ok(found);
            }
            if wait_until(&self.arrival, state, deadline).is_none() {
                return Err(Error::new(ErrorKind::Timeout, nothing));
            }
            // The node may have ended, or have datagrams to process.
        }
    }

    /// Returns the descriptor that polls readable while events of a reader wait.
    pub fn event_fd(&self, reader: ReaderId) -> Result<Descriptor, Error> {
        let mut state = self.lock_state()?;
        let descriptor = state.readers.get(reader)?.descriptor();
        let descriptor =
            descriptor.map_err(|error| Error::system("making a descriptor for events", &error))?;
        state.update_readers();
        Ok(descriptor)
    }

    /// Adds a reader, which gets the events from now on.
    pub fn subscribe(&self) -> Result<ReaderId, Error> {
        let _log = self.log_afterwards();
        Ok(self.lock_settled()?.readers.subscribe())
    }

    /// Ends a reader. Calls of it that are under way return.
    pub fn unsubscribe(&self, reader: ReaderId) {
        lock(&self.state).readers.unsubscribe(reader);
        self.arrival.notify_all();
    }

    /// Each interface of the host, as the transport sees it. Works after the node's end, without any.
    pub fn interfaces(&self) -> Vec<InterfaceStatus> {
        self.lock_transport().interface_statuses()
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
                // The node's own announcements are looped back, and are processed before this returns.
                return self.lock_settled().map(drop);
            }
        }
    }

    /// The health of the node. Works after its end, too.
    pub fn health(&self) -> Health {
        let _log = self.log_afterwards();
        // A node without a thread first processes the datagrams that wait for it, unless it has ended.
        drop(self.lock_settled());
        lock(&self.state).health(self.time.now())
    }

    /// Ends the node: it sends its goodbye, calls under way return, and the thread, if there is one, is about to end.
    pub fn stop(&self) {
        // A failed node sends no goodbye.
        if let Ok(mut state) = self.lock_state() {
            state.node.stop(self.time.now());
            self.end_locked(&mut state, End::Stopped);
        }
        match self.sleeper {
            Some(_) => self.wake(),
            None => self.say_goodbye(),
        }
    }

    /// Ends the node after a panic: calls under way return, and the thread, if there is one, is about to end.
    pub fn fail(&self, why: &str) {
        let mut state = lock(&self.state);
        state.fail(why);
        self.signal(&state);
        drop(state);
        self.wake();
    }

    /// True if the thread cannot be woken, because another part of the program has closed the descriptor to wake it by. It ends
    /// at its next check, within an interval.
    pub fn has_lost_thread(&self) -> bool {
        self.sleeper.as_ref().is_some_and(Sleeper::is_lost)
    }

    /// Closes what a stopped node leaves behind, after its thread has ended: the log and the transport.
    pub fn close(&self) {
        if let Some(log) = &self.log {
            log.close();
        }
        self.lock_transport().close();
    }

    /// True if the user's logger made this very call, so that the node waits for its return.
    pub fn is_logging_here(&self) -> bool {
        !self.is_forked() && self.log.as_ref().is_some_and(|log| log.is_delivering_here())
    }

    /// True in a child that was forked off the process that started the node.
    pub fn is_forked(&self) -> bool {
        self.forks != forks::count()
    }

    /// In a forked child: closes the descriptors that no thread of the parent used at the fork. It frees no memory: a
    /// thread may have been changing it.
    pub fn abandon(&self) {
        if let Some(mut transport) = try_lock(&self.transport) {
            transport.close();
        }
        if let Some(mut state) = try_lock(&self.state) {
            state.readers.close();
        }
        if let Some(sleeper) = &self.sleeper {
            sleeper.close();
        }
    }

    /// Ends the node because another part of the program has closed one of its descriptors.
    fn lose_descriptor(&self, error: &io::Error) -> Error {
        self.end(End::Failed(error.to_string()));
        Error::new(ErrorKind::Failed, format!("the node has failed: {error}"))
    }

    fn lock_transport(&self) -> MutexGuard<'_, Transport> {
        self.transport.lock().unwrap_or_else(|poisoned| {
            lock(&self.state).note_half_changed();
            poisoned.into_inner()
        })
    }

    /// The state of a node that lives. An error that says how it ended, if it does not.
    fn lock_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            state.note_half_changed();
            state
        });
        state.check_alive().map(|()| state)
    }

    /// As `lock_state`, after a node without a thread has processed the datagrams that wait for it.
    fn lock_settled(&self) -> Result<MutexGuard<'_, State>, Error> {
        let mut has_settled = false;
        loop {
            let mut state = self.lock_state()?;
            if !mem::take(&mut state.inbox_waits) {
                if has_settled {
                    state.update_readers();
                }
                return Ok(state);
            }
            drop(state);
            self.settle()?;
            has_settled = true;
        }
    }

    /// Called by a memory network after it has put a datagram in the node's inbox.
    fn note_inbox(&self) {
        if self.sleeper.is_some() {
            return self.wake();
        }
        if let Ok(mut state) = self.lock_state() {
            state.inbox_waits = true;
            self.signal(&state);
        }
    }

    /// Logs and signals what has changed in the node.
    fn note_changes(&self, state: &mut State, now: Instant) {
        if state.note_changes(now) {
            self.signal(state);
        }
    }

    /// Wakes the callers that wait.
    fn signal(&self, state: &State) {
        state.update_readers();
        self.arrival.notify_all();
    }

    /// Ends the node, unless it has ended already, and wakes all callers that wait.
    fn end(&self, how: End) {
        self.end_locked(&mut lock(&self.state), how);
    }

    fn end_locked(&self, state: &mut State, how: End) {
        state.end(how);
        state.note_changes(self.time.now());
        self.signal(state);
    }

    /// Wakes the thread. If another part of the program has closed the descriptor for that, the node has failed.
    fn wake(&self) {
        if let Some(Err(error)) = self.sleeper.as_ref().map(Sleeper::wake) {
            self.end(End::Failed(error.to_string()));
        }
    }

    /// When the result is dropped, and with it all locks that were taken later, lines of the log are delivered.
    fn log_afterwards(&self) -> impl Drop + use<'_> {
        struct Afterwards<'a>(&'a Driver);
        impl Drop for Afterwards<'_> {
            fn drop(&mut self) {
                match &self.0.log {
                    Some(_) if self.0.time.is_manual() => self.0.deliver_log(),
                    Some(log) if log.has_lines() => self.0.wake(),
                    _ => {}
                }
            }
        }
        Afterwards(self)
    }

    /// Delivers the lines of the log: on the node's thread, or in a call on a node without one.
    fn deliver_log(&self) {
        if let Some(log) = &self.log {
            log.deliver();
        }
    }
}
