//! The node's thread: it steps the node, and in between it sleeps.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::error::Error;
use crate::panics;
use crate::runtime::driver::{Driver, Step};
use crate::runtime::state::End;
use crate::sync::lock;
use crate::sys::{Poller, host};

/// The thread of a node that has one.
pub(crate) type Thread = JoinHandle<()>;

/// Starts the node's thread, with every signal blocked: signals are for the program's own threads.
pub(crate) fn spawn(driver: Arc<Driver>) -> Result<Thread, Error> {
    let body = move || {
        if let Err(words) = panics::catch_panic(|| driver.run(&mut lock(&driver.poller))) {
            driver.fail(&words);
        }
        driver.deliver_log();
    };
    host::with_signals_blocked(|| Builder::new().name("peers".into()).spawn(body))
        .map_err(|error| Error::system("starting the node's thread", &error))
}

impl Driver {
    /// The thread's work, until the node ends.
    fn run(&self, poller: &mut Poller) {
        while let Ok(step) = self.step(poller) {
            self.deliver_log();
            let waited = self.wait(poller, &step);
            waited.unwrap_or_else(|error| self.end(End::Failed(error.to_string())));
        }
        self.say_goodbye();
    }

    /// Has the node's own descriptors watched, before it is on its network: what may lack a descriptor then can do without.
    pub(crate) fn add_own_to_poller(&self) -> io::Result<()> {
        let mut poller = lock(&self.poller);
        poller.add(self.wake.descriptor())?;
        self.timer.add_to(&mut poller)
    }

    /// Sleeps until a datagram, a change of the network, a deadline or a wake-up; or only looks for them, if there may be
    /// more to do.
    fn wait(&self, poller: &mut Poller, step: &Step) -> io::Result<()> {
        if step.may_be_more {
            self.let_callers_in();
            poller.poll(0)?;
        } else {
            self.timer.sleep(poller, step.next, || self.time.now())?;
        }
        if poller.at(self.wake.descriptor()).is_readable {
            self.wake.clear();
        }
        Ok(())
    }
}
