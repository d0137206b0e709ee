//! The steps of a node: what its thread does, or with a manual clock each call.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::Driver;
use crate::error::Error;
use crate::net::report::{Receipt, Refresh};
use crate::net::transport::Transport;
use crate::runtime::pace::Pace;
use crate::runtime::sleeper::{Nap, Woken};
use crate::runtime::state::End;
use crate::sync::lock;
use crate::sys::Descriptor;
use crate::sys::poller::Poller;

/// Maximum number of batches that are received at once after a suspend: more than wait in the buffers of all sockets.
const MAX_BACKLOG: usize = 256;

/// The result of a step.
pub(super) struct Step {
    /// More may wait to be received, or is due.
    may_be_more: bool,
    /// A datagram or an error was received.
    has_received: bool,
    /// Something was sent, or the network has changed.
    has_news: bool,
    /// The next deadline of the node.
    next: Option<Instant>,
}

impl Driver {
    /// The work of the thread, until the node ends.
    pub(super) fn run(&self) {
        let (mut poller, mut pace, mut nap) = (Poller::default(), Pace::default(), None);
        while let Ok(step) = self.step(&poller) {
            self.deliver_log();
            if let Some(nap) = &nap {
                pace.note(nap, step.may_be_more || step.has_received || step.has_news);
            }
            match self.wait(&mut poller, &step, &pace) {
                Ok(ended) => nap = ended,
                Err(error) => self.end(End::Failed(error.to_string())),
            }
        }
        self.say_goodbye();
    }

    /// Pauses, and sleeps until a datagram, a change of the network, a deadline or a wake-up; or only looks for them, if there may
    /// be more to do. Checks all descriptors when a deadline has passed, which each announcement is.
    fn wait(&self, poller: &mut Poller, step: &Step, pace: &Pace) -> io::Result<Option<Nap>> {
        let Some(sleeper) = &self.sleeper else { return Ok(None) };
        let descriptors: Vec<Descriptor> = self.lock_transport().descriptors().collect();
        if step.may_be_more {
            sleeper.look(poller, descriptors.into_iter())?;
            return Ok(None);
        }
        thread::sleep(pace.pause());
        let nap = sleeper.sleep(poller, descriptors.into_iter(), step.next, || self.time.now())?;
        if nap.woken == Woken::Late {
            sleeper.check()?;
            lock(&self.state).readers.check()?;
            self.lock_transport().check()?;
        }
        Ok(Some(nap))
    }

    /// Steps until nothing waits and nothing is due.
    pub(super) fn settle(&self) -> Result<(), Error> {
        loop {
            let step = self.step(&Poller::default())?;
            if !step.may_be_more && !step.has_news {
                return Ok(());
            }
        }
    }

    /// Receives a batch of what a poll has found, does what is due, and sends what follows.
    pub(super) fn step(&self, poller: &Poller) -> Result<Step, Error> {
        let mut transport = self.lock_transport();
        let received = self.receive(&mut transport, poller)?;
        let is_silent = self.run_node(&mut transport)?;
        let refresh = self.refresh(&mut transport, poller, is_silent)?;
        let has_news = transport.has_transmits() || !matches!(refresh, Refresh::Unneeded);
        if has_news {
            self.send(&mut transport, refresh)?;
        }
        let next = self.lock_state()?.poll_timeout();
        let is_more_due = next.is_some_and(|deadline| deadline <= self.time.now());
        let may_be_more = received.may_be_more || is_more_due;
        Ok(Step { may_be_more, has_received: received.has_any, has_news, next })
    }

    /// Does what the thread is to do after a suspend, in a call that comes before it.
    pub(super) fn catch_up(&self) -> Result<(), Error> {
        let mut poller = Poller::default();
        poller.watch(self.lock_transport().descriptors());
        poller.poll(Duration::ZERO).map_err(|error| self.lose_descriptor(&error))?;
        self.step(&poller).map(drop)
    }

    /// Receives a batch of what a poll has found. After a suspend, passes the node all that waited before it does what is due:
    /// until then the node takes datagrams for what was sent before.
    fn receive(&self, transport: &mut Transport, poller: &Poller) -> Result<Receipt, Error> {
        let receive = |transport: &mut Transport| {
            transport.receive(poller).map_err(|error| self.lose_descriptor(&error))
        };
        let mut received = receive(transport)?;
        for _ in 0..MAX_BACKLOG {
            let mut state = self.lock_state()?;
            let now = self.time.now();
            if !received.may_be_more || !state.node.was_suspended(now) {
                break;
            }
            transport.feed(&mut state.node, now);
            drop(state);
            received = receive(transport)?;
        }
        Ok(received)
    }

    /// Passes the node what was received, lets it do what is due, and takes what it has to send. True if the node has received
    /// nothing for so long that new sockets may help.
    fn run_node(&self, transport: &mut Transport) -> Result<bool, Error> {
        let mut state = self.lock_state()?;
        let now = self.time.now();
        transport.feed(&mut state.node, now);
        if state.node.poll_timeout().is_some_and(|deadline| deadline <= now) {
            state.node.handle_timeout(now);
        }
        if state.node.is_renewal_wanted() {
            let entropy =
                crate::sys::random().map_err(|error| Error::system("drawing a new instance id", &error))?;
            state.node.renew_id(&peers_proto::Key::new(entropy), now);
        }
        state.network.note_dropped(transport.dropped(), transport.off_link());
        self.start_look_ups(&mut state, now);
        self.note_changes(&mut state, now);
        transport.take_transmits(&mut state.node);
        Ok(state.node.poll_reopen())
    }

    /// Lets the transport follow the network, and the node know of it.
    fn refresh(&self, transport: &mut Transport, poller: &Poller, is_silent: bool) -> Result<Refresh, Error> {
        let refresh = transport.refresh(poller, is_silent, self.time.now());
        let refresh = refresh.map_err(|error| self.lose_descriptor(&error))?;
        if matches!(refresh, Refresh::Followed | Refresh::Reopened) {
            let mut state = self.lock_state()?;
            let now = self.time.now();
            if !transport.introduce(&mut state.node, now) {
                state.node.handle_network_change(now);
            }
            state.names.on_network_change(now);
            transport.take_transmits(&mut state.node);
        }
        Ok(refresh)
    }

    /// Sends what was taken, and notes how that and the refresh went.
    fn send(&self, transport: &mut Transport, refresh: Refresh) -> Result<(), Error> {
        let sent = transport.send(self.time.now()).map_err(|error| self.lose_descriptor(&error))?;
        let mut state = self.lock_state()?;
        let now = self.time.now();
        state.note_step(transport.report(), &sent, refresh, now);
        self.note_changes(&mut state, now);
        Ok(())
    }

    /// Sends the goodbye of a stopped node, which is stepped no more.
    pub(super) fn say_goodbye(&self) {
        let mut transport = self.lock_transport();
        loop {
            let mut state = lock(&self.state);
            if !state.is_stopped() {
                return;
            }
            transport.take_transmits(&mut state.node);
            let next = state.node.poll_timeout();
            drop(state);
            // A node that ends reports no error.
            let _ = transport.send(self.time.now());
            let Some(next) = next else { return };
            // A manual clock stands still.
            if self.sleeper.is_some() {
                thread::sleep(next.saturating_duration_since(self.time.now()));
            }
            lock(&self.state).node.handle_timeout(next);
        }
    }
}
