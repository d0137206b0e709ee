//! `Subscription`: a further reader of a node's events.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::runtime::driver::Driver;
use crate::runtime::readers::ReaderId;
use crate::sys::Descriptor;
use peers_proto::Event;

/// A reader of a node's events beside [`Peers::next_event`](crate::Peers::next_event), from
/// [`Peers::subscribe`](crate::Peers::subscribe).
///
/// It has a queue of 1024 events and a descriptor of its own. If its queue is full, its events alone are dropped for an
/// [`Event::Resync`]. It may be dropped before or after the node.
pub struct Subscription {
    driver: Arc<Driver>,
    reader: ReaderId,
}

impl Subscription {
    pub(crate) fn new(driver: Arc<Driver>) -> Result<Self, Error> {
        let reader = driver.subscribe()?;
        Ok(Subscription { driver, reader })
    }

    /// Waits for the next event, and takes it; as [`Peers::next_event`](crate::Peers::next_event).
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when nothing happened; [`ErrorKind::Stopped`](crate::ErrorKind::Stopped)
    /// when the node was stopped meanwhile.
    pub fn next_event(&self, timeout: Option<Duration>) -> Result<Event, Error> {
        self.driver.next_event(self.reader, timeout)
    }

    /// Returns the descriptor that polls readable while events wait; as [`Peers::event_fd`](crate::Peers::event_fd). It belongs to
    /// the subscription.
    pub fn event_fd(&self) -> Result<Descriptor, Error> {
        self.driver.event_fd(self.reader)
    }

    /// Ends the subscription: calls of it under way return. In a forked child the parent's goes on.
    pub(crate) fn end(&self) {
        if !self.driver.is_forked() {
            self.driver.unsubscribe(self.reader);
        }
    }

    pub(crate) fn driver(&self) -> &Driver {
        &self.driver
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.end();
        if self.driver.is_forked() {
            // The parent's threads may have been changing it.
            mem::forget(self.driver.clone());
        }
    }
}
