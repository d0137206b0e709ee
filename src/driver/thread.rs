//! The node's thread: it steps the node, and in between it sleeps.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow};

use super::Driver;
use super::state::End;
use crate::error::Error;
use crate::panics;

/// The thread of a node that has one.
pub(crate) type Thread = JoinHandle<()>;

/// Starts the node's thread, with every signal blocked: signals are for the program's own threads.
pub(super) fn spawn(driver: Arc<Driver>) -> Result<Thread, Error> {
    let cannot = |error: &io::Error| Error::system("starting the node's thread", error);
    let before =
        SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(|errno| cannot(&errno.into()))?;
    let thread = Builder::new().name("peers".into()).spawn(move || {
        if let Err(words) = panics::contain(|| driver.run()) {
            driver.fail(&words);
        }
        driver.deliver_log();
    });
    before.thread_set_mask().map_err(|errno| cannot(&errno.into()))?;
    thread.map_err(|error| cannot(&error))
}

impl Driver {
    /// The thread's work, until the node ends.
    fn run(&self) {
        while let Ok(may_be_more) = self.step() {
            self.deliver_log();
            if !may_be_more && let Err(error) = self.wait() {
                self.end(End::Failed(error.to_string()));
            }
        }
        self.say_goodbye();
    }

    /// Sleeps until a datagram, a change of the network, a deadline or a wake-up.
    fn wait(&self) -> io::Result<()> {
        let Ok(deadline) = self.lock_state().map(|state| state.node.poll_timeout()) else { return Ok(()) };
        self.alarm.set(deadline, self.time.now())?;
        let link = self.lock_link().readable();
        let mut fds: Vec<PollFd> =
            [self.wake.as_fd(), self.alarm.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN)).into();
        fds.extend(link.into_iter().map(|fd| {
            // SAFETY: only this thread replaces the sockets, and they are closed after it has ended.
            PollFd::new(unsafe { BorrowedFd::borrow_raw(fd) }, PollFlags::POLLIN)
        }));
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(errno.into()),
            Ok(_) => {}
        }
        let closed = |fd: &PollFd| fd.revents().is_some_and(|events| events.contains(PollFlags::POLLNVAL));
        if fds.iter().any(closed) {
            return Err(io::Error::other(
                "a descriptor of the node was closed by another part of the program",
            ));
        }
        if fds[0].any() == Some(true) {
            self.wake.clear();
        }
        if fds[1].any() == Some(true) {
            self.alarm.clear();
        }
        Ok(())
    }
}
