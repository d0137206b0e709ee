//! `Inputs`: what a running command waits for, in one queue: events of nodes, signals, and the end of its output.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use peers::{Event, Peers};

use crate::failure::Failure;
use crate::node::Node;

/// Beyond these, events wait in the node, whose own queue has a limit and reports what it loses.
const WAITING: usize = 64;

/// Something that a command reacts to.
#[cfg_attr(windows, allow(dead_code, reason = "Windows has no signals of the terminal"))]
pub enum Input {
    /// An event of a node.
    Event(Event),
    /// The terminal has another size.
    Resized,
    /// The terminal's user suspends the command (Ctrl-Z).
    Suspended,
}

/// The queue.
pub struct Inputs {
    sender: SyncSender<Result<Input, Failure>>,
    receiver: Receiver<Result<Input, Failure>>,
}

impl Inputs {
    /// Takes over the signals that end a command and, if it `draws` on a terminal, those of the terminal. The process
    /// must have no other thread yet.
    pub fn new(draws: bool) -> Result<Inputs, Failure> {
        let (sender, receiver) = sync_channel(WAITING);
        system::take_signals(draws, sender.clone())
            .map_err(|error| Failure::Failed(format!("taking over the signals: {error}")))?;
        system::watch_output(sender.clone());
        Ok(Inputs { sender, receiver })
    }

    /// Takes the events of the node from now on.
    pub fn follow(&self, node: &Node) {
        let (node, sender) = (node.shared(), self.sender.clone());
        thread::spawn(move || forward(&node, &sender));
    }

    /// Waits for the next input, at most until the deadline; then returns `None`. The end of the output, a signal that ends
    /// the command, and a failed node are errors.
    pub fn next(&self, deadline: Option<Instant>) -> Result<Option<Input>, Failure> {
        let Some(deadline) = deadline else {
            return self.receiver.recv().expect("this end holds a sender too").map(Some);
        };
        match self.receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(input) => input.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => unreachable!("this end holds a sender too"),
        }
    }
}

/// Passes on the node's events until it stops, or the command ends.
fn forward(node: &Arc<Peers>, sender: &SyncSender<Result<Input, Failure>>) {
    loop {
        let input = match node.next_event(None) {
            Ok(event) => Ok(Input::Event(event)),
            Err(error) if error.kind() == peers::ErrorKind::Stopped => return,
            Err(error) => Err(error.into()),
        };
        let is_last = input.is_err();
        if sender.send(input).is_err() || is_last {
            return;
        }
    }
}

#[cfg(unix)]
mod system {
    use std::io::{self, stdout};
    use std::os::fd::AsFd;
    use std::process;
    use std::sync::mpsc::SyncSender;
    use std::thread;

    use nix::errno::Errno;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::signal::{SigSet, Signal};

    use super::Input;
    use crate::failure::{Failure, INTERRUPTED};

    /// Blocks the signals in this thread, and so in those that it starts, and waits for them in one of their own.
    pub fn take_signals(draws: bool, sender: SyncSender<Result<Input, Failure>>) -> io::Result<()> {
        let mut signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
        if draws {
            signals.extend([Signal::SIGWINCH, Signal::SIGTSTP]);
        }
        signals.thread_block()?;
        thread::spawn(move || {
            let mut is_ending = false;
            loop {
                let input = match signals.wait() {
                    Ok(Signal::SIGWINCH) => Ok(Input::Resized),
                    Ok(Signal::SIGTSTP) => Ok(Input::Suspended),
                    Ok(_) if is_ending => process::exit(INTERRUPTED.into()),
                    Ok(_) => Err(Failure::Interrupted),
                    Err(error) => Err(Failure::Failed(format!("waiting for signals: {error}"))),
                };
                is_ending |= input.is_err();
                // While the command is stuck in its output the queue may be full. The next signal then ends it at once.
                let _ = sender.try_send(input);
            }
        });
        Ok(())
    }

    /// Reports the end of the standard output when its reader goes away, not only at the next write.
    pub fn watch_output(sender: SyncSender<Result<Input, Failure>>) {
        thread::spawn(move || {
            let output = stdout();
            let mut watched = [PollFd::new(output.as_fd(), PollFlags::empty())];
            while poll(&mut watched, PollTimeout::NONE) == Err(Errno::EINTR) {}
            let found = watched[0].revents().unwrap_or(PollFlags::empty());
            if found.intersects(PollFlags::POLLERR | PollFlags::POLLHUP) {
                let _ = sender.send(Err(Failure::OutputClosed));
            }
        });
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::process;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::SyncSender;

    use super::Input;
    use crate::failure::{Failure, INTERRUPTED};

    /// Takes Ctrl-C and the end of the console. Windows has no other signals.
    pub fn take_signals(_draws: bool, sender: SyncSender<Result<Input, Failure>>) -> io::Result<()> {
        let is_ending = AtomicBool::new(false);
        ctrlc::set_handler(move || {
            if is_ending.swap(true, Ordering::Relaxed) {
                process::exit(INTERRUPTED.into());
            }
            let _ = sender.try_send(Err(Failure::Interrupted));
        })
        .map_err(io::Error::other)
    }

    /// Windows reports the end of a pipe at the next write alone.
    pub fn watch_output(_sender: SyncSender<Result<Input, Failure>>) {}
}
