//! `Peers`: the safe Rust API. The C ABI is a translation of it.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::{Config, bad_name, too_long};
use crate::error::{Error, ErrorKind, quoted};
use crate::health::Health;
use crate::interface_status::InterfaceStatus;
use crate::runtime::driver::{self, Driver};
use crate::runtime::readers::ReaderId;
use crate::seed::Seed;
use crate::subscription::Subscription;
use crate::sync::lock;
use crate::sys::Descriptor;
use crate::sys::thread::Thread;
use peers_proto::{
    Event, Key, NotRegistered, Peer, RegisterError, Registration, SetKeysError, Snapshot, ValueTooLong,
};

/// A running node: it announces itself, and lists the peers whose messages it receives.
///
/// Every method may be called from any thread. Dropping it stops it.
///
/// ```
/// use std::time::Duration;
/// use peers::{Clock, Config, Network, Peers};
///
/// let on_test_network = |name: &str| Config {
///     name: Some(name.into()),
///     network: Network::Memory("doc".into()),
///     clock: Clock::Manual,
///     ..Config::default()
/// };
/// let kitchen = Peers::start(on_test_network("kitchen"))?;
/// let garden = Peers::start(on_test_network("garden"))?;
/// assert_eq!(kitchen.list()?[0].name, "garden");
///
/// // The garden sends nothing: its time stands still while the kitchen's goes on.
/// kitchen.advance(Duration::from_secs(35))?;
/// assert!(kitchen.list()?.is_empty());
/// # Ok::<(), peers::Error>(())
/// ```
pub struct Peers {
    driver: Arc<Driver>,
    has_thread: bool,
    /// Taken by the call that stops the node and waits for its thread.
    thread: Mutex<Option<Thread>>,
}

impl Peers {
    /// Starts a node. It has announced itself when this returns.
    ///
    /// # Errors
    /// An option is out of its range, a named interface does not exist, the port is held by a socket that does not
    /// share it, or the system refuses. A machine without a network is no error; see [`Peers::health`].
    pub fn start(config: Config) -> Result<Peers, Error> {
        config.check()?;
        let name = config.resolve_name()?;
        config.check_room(&name)?;
        let (driver, thread) = driver::start(config.options(name)?)?;
        Ok(Peers { driver, has_thread: thread.is_some(), thread: Mutex::new(thread) })
    }

    /// Lists a local entry, of which nothing is sent to other nodes. It raises events as a peer does, and it is gone after `ttl`
    /// (`None` means the node's expiry) unless it is registered again. A second registration of a key replaces the value.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] or [`ErrorKind::TooLarge`] for a key that is no name (1 to 255 bytes, no control
    /// characters, not the node's own) or a value of more than 1024 bytes; [`ErrorKind::Full`] for a new key when the
    /// registry is full.
    pub fn register(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Error> {
        self.register_at(&Registration::new(key, value), ttl)
    }

    /// As [`register`](Self::register), for an entry that may have an address and a port.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn register_at(&self, entry: &Registration<'_>, ttl: Option<Duration>) -> Result<(), Error> {
        let key = entry.key;
        let registered = self.driver.act(|node, now| {
            #[cfg(feature = "test-panic")]
            crate::fail_points::fail_point("register", key.as_bytes());
            node.register_at(entry, ttl, now)
        })?;
        registered.map_err(|refused| match refused {
            RegisterError::Name(bad) => bad_name("key", key, bad),
            RegisterError::OwnName => Error::new(
                ErrorKind::Invalid,
                format!(
                    "the key {} is this node's own name; choose another key: a node does not list itself",
                    quoted(key)
                ),
            ),
            RegisterError::ValueTooLong(error) => Error::new(ErrorKind::TooLarge, error.to_string()),
            RegisterError::Full { .. } | RegisterError::BytesFull { .. } => {
                Error::new(ErrorKind::Full, format!("no room for the key {}: {refused}", quoted(key)))
            }
            error => Error::new(ErrorKind::Invalid, error.to_string()),
        })
    }

    /// Removes an entry that was registered. It leaves with [`LeaveReason::Unregistered`](crate::LeaveReason::Unregistered).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if no entry of this key is registered.
    pub fn unregister(&self, key: &str) -> Result<(), Error> {
        let unregistered = self.driver.act(|node, now| node.unregister(key, now))?;
        unregistered.map_err(|NotRegistered| {
            let detail = format!("no entry of the key {} is registered; it may have expired", quoted(key));
            Error::new(ErrorKind::NotFound, detail)
        })
    }

    /// Announces another value from now on: at once, or 100 ms after the last change.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] if it does not fit into a message beside the node's name and cluster.
    pub fn set_value(&self, value: &[u8]) -> Result<(), Error> {
        let set = self.driver.act(|node, now| node.set_value(value, now))?;
        set.map_err(|ValueTooLong { len, max_len }| too_long(len, max_len))
    }

    /// Replaces the keys of a node that was started with keys: the first seals from now on, all of them open. To change a
    /// cluster's key without an outage, give every node the new key behind the old one, then before it, then alone.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if `keys` is empty or has more than 8, or the node was started without keys.
    pub fn set_keys(&self, keys: &[Key]) -> Result<(), Error> {
        let set = self.driver.act(|node, _| node.set_keys(keys))?;
        set.map_err(|error| match error {
            SetKeysError::Unsealed => Error::new(
                ErrorKind::Invalid,
                "the node was started without keys; stop it, and start one with keys",
            ),
            error => Error::new(ErrorKind::Invalid, error.to_string()),
        })
    }

    /// Replaces the seeds of a node that was started with some, or in a mode that has them. Those that are new are asked at
    /// once; those that are no seeds any more are told nothing from now on, and peers there expire unless they have this node
    /// for a seed.
    ///
    /// Names are resolved on a thread of their own, and again every minute: each address of a name is a seed. One that is not
    /// found keeps the addresses it had, and shows in [`Peers::health`].
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the node takes no seeds, there are more than [`MAX_SEEDS`](crate::MAX_SEEDS), or one of a
    /// node with a manual clock has a name.
    pub fn set_seeds(&self, seeds: &[Seed]) -> Result<(), Error> {
        self.driver.set_seeds(seeds)
    }

    /// The peers that are live now, ordered by name and then by id. The node itself is not listed.
    pub fn list(&self) -> Result<Vec<Peer>, Error> {
        self.driver.act(|node, now| node.peers(now))
    }

    /// Returns what `copy` makes of the version of the list and of the live peers. The node waits for it.
    pub(crate) fn read<R>(&self, copy: impl FnOnce(u64, Snapshot<'_>) -> R) -> Result<R, Error> {
        self.driver.act(|node, now| copy(node.version(now), node.snapshot(now)))
    }

    /// Returns the node's own record: its name, id, value and port, and all addresses of the interfaces that it uses.
    pub fn own_record(&self) -> Result<Peer, Error> {
        self.driver.act(|node, _| node.own_record())
    }

    /// Waits up to `timeout` (`None`: without limit; in real time, whatever the clock) until the version of the list is not
    /// `version`, and returns the present one. 0 is no version: it returns at once. Any number of threads may wait, and none takes
    /// an event.
    ///
    /// The version rises when a peer joins, is updated or leaves, and when an entry passes its deadline; never by a renewal. To
    /// miss no change, take the version first and then the list:
    ///
    /// ```no_run
    /// # let node = peers::Peers::start(peers::Config::default())?;
    /// let mut version = 0;
    /// loop {
    ///     version = node.wait(version, None)?;
    ///     println!("{} peers", node.list()?.len());
    /// }
    /// # #[allow(unreachable_code)]
    /// # Ok::<(), peers::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when nothing changed; [`ErrorKind::Stopped`] when the node was stopped meanwhile.
    pub fn wait(&self, version: u64, timeout: Option<Duration>) -> Result<u64, Error> {
        self.driver.wait_for_version(version, timeout)
    }

    /// Waits up to `timeout` (`None`: without limit; in real time, whatever the clock) for the next event, and takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when nothing happened; [`ErrorKind::Stopped`] when the node was stopped meanwhile.
    pub fn next_event(&self, timeout: Option<Duration>) -> Result<Event, Error> {
        self.driver.next_event(ReaderId::Own, timeout)
    }

    /// Adds a reader of events, which has a queue of its own, and gets the events from now on.
    pub fn subscribe(&self) -> Result<Subscription, Error> {
        Subscription::new(self.driver.clone())
    }

    /// A descriptor (on Windows a socket) that polls readable while events wait: then call [`next_event`](Self::next_event) with no time to
    /// wait until [`ErrorKind::Timeout`]. It belongs to the node; do not read from it, nor close it.
    pub fn event_fd(&self) -> Result<Descriptor, Error> {
        self.driver.event_fd(ReaderId::Own)
    }

    /// How the node is, and what it has counted.
    pub fn health(&self) -> Health {
        self.driver.health()
    }

    /// Each interface of the host, by IPv4 and by IPv6: whether the node uses it, and if not, why; and what it has counted there.
    pub fn interfaces(&self) -> Vec<InterfaceStatus> {
        self.driver.interfaces()
    }

    /// Moves a manual clock on, and does all that falls due on the way, in order.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a node on the system's clock.
    pub fn advance(&self, by: Duration) -> Result<(), Error> {
        self.driver.advance(by)
    }

    /// Stops the node and waits for its thread: calls under way on other threads return [`ErrorKind::Stopped`]. A
    /// second call does nothing. In a call of the node's [`Logger`](crate::Logger) it does not wait: the node ends when the
    /// logger returns. In a forked child it closes the child's copies of the descriptors; no other method may be called there.
    pub fn stop(&self) {
        if self.driver.is_forked() {
            return self.driver.abandon();
        }
        self.driver.stop();
        if self.driver.is_logging_here() {
            return;
        }
        match self.take_thread() {
            // It ends by itself, and touches nothing of the program meanwhile.
            Some(thread) if self.driver.has_lost_thread() => drop(thread),
            Some(thread) => thread.join(),
            // Another call waits for it, or has.
            None if self.has_thread => return,
            None => {}
        }
        self.driver.close();
    }

    pub(crate) fn driver(&self) -> &Driver {
        &self.driver
    }

    fn take_thread(&self) -> Option<Thread> {
        lock(&self.thread).take()
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.stop();
        if self.driver.is_forked() {
            // The parent's threads may have been changing it.
            mem::forget(self.driver.clone());
            // This process does not have it.
            mem::forget(self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}
