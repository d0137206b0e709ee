//! The node's thread: it steps the node, and in between it sleeps.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use super::Driver;
use super::state::End;
use super::system::host;
use crate::error::Error;
use crate::panics;

/// The thread of a node that has one.
pub(crate) type Thread = JoinHandle<()>;

/// Starts the node's thread, with every signal blocked: signals are for the program's own threads.
pub(super) fn spawn(driver: Arc<Driver>) -> Result<Thread, Error> {
    let body = move || {
        if let Err(words) = panics::contain(|| driver.run()) {
            driver.fail(&words);
        }
        driver.deliver_log();
    };
    host::with_signals_blocked(|| Builder::new().name("peers".into()).spawn(body))
        .map_err(|error| Error::system("starting the node's thread", &error))
}

impl Driver {
    /// The thread's work, until the node ends.
    fn run(&self) {
        while let Ok(may_be_more) = self.step() {
            self.deliver_log();
            match may_be_more {
                true => self.let_callers_in(),
                false => self.wait().unwrap_or_else(|error| self.end(End::Failed(error.to_string()))),
            }
        }
        self.say_goodbye();
    }

    /// Sleeps until a datagram, a change of the network, a deadline or a wake-up.
    fn wait(&self) -> io::Result<()> {
        let Ok(deadline) = self.lock_state().map(|state| state.node.poll_timeout()) else { return Ok(()) };
        // Only this thread replaces the sockets, and they are closed after it has ended.
        let mut descriptors = self.lock_link().readable();
        descriptors.push(self.wake.descriptor());
        let readable = self.alarm.sleep(descriptors, deadline, self.time.now())?;
        if readable.last() == Some(&true) {
            self.wake.clear();
        }
        Ok(())
    }
}
