//! `Poller`: descriptors to wait for, and what was found at them. By epoll, which costs the same however many they are.

use std::io;
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::sys::{Descriptor, Found, check_open};

/// What is found at a time; whatever is more is found the next time.
const MOST_FOUND: usize = 16;

#[derive(Default)]
pub struct Poller {
    /// Made for the first descriptor.
    epoll: Option<Epoll>,
    descriptors: Vec<Descriptor>,
    found: Vec<EpollEvent>,
}

impl Poller {
    /// Adds a descriptor, until it is removed.
    pub fn add(&mut self, descriptor: Descriptor) -> io::Result<()> {
        let epoll = match self.epoll.take() {
            Some(epoll) => epoll,
            None => {
                // Never moved later: a fork may come while the thread waits.
                self.found.reserve(MOST_FOUND);
                Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?
            }
        };
        let added = epoll.add(borrow(descriptor), EpollEvent::new(EpollFlags::EPOLLIN, descriptor as u64));
        self.epoll = Some(epoll);
        self.descriptors.push(descriptor);
        Ok(added?)
    }

    /// Removes a descriptor, which is still open: where a forked child has it as well, it would be found for ever.
    pub fn remove(&mut self, descriptor: Descriptor) {
        if let Some(epoll) = &self.epoll {
            // Fails only where it could not be added.
            let _ = epoll.delete(borrow(descriptor));
        }
        self.descriptors.retain(|one| *one != descriptor);
        self.found.retain(|event| event.data() != descriptor as u64);
    }

    /// What was found at a descriptor.
    pub fn at(&self, descriptor: Descriptor) -> Found {
        let event = self.found.iter().find(|event| event.data() == descriptor as u64);
        let events = event.map_or(EpollFlags::empty(), EpollEvent::events);
        Found { is_readable: !events.is_empty(), has_error: events.contains(EpollFlags::EPOLLERR) }
    }

    /// Waits until something is to be found, or for `timeout_ms`, unless that is -1. Nothing is if a signal came.
    pub fn poll(&mut self, timeout_ms: i32) -> io::Result<()> {
        let timeout = EpollTimeout::try_from(timeout_ms).map_err(io::Error::other)?;
        self.found.resize(MOST_FOUND, EpollEvent::empty());
        let found = self.epoll.as_ref().map_or(Ok(0), |epoll| epoll.wait(&mut self.found, timeout));
        self.found.truncate(*found.as_ref().unwrap_or(&0));
        match found {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// An error if one of the descriptors is none any more, which epoll does not tell.
    pub fn check(&self) -> io::Result<()> {
        let polled = |descriptor: &Descriptor| PollFd::new(borrow(*descriptor), PollFlags::empty());
        let mut fds: Vec<PollFd> = self.descriptors.iter().map(polled).collect();
        poll(&mut fds, PollTimeout::ZERO)?;
        check_open(
            fds.iter().map(|fd| fd.revents().is_some_and(|events| events.contains(PollFlags::POLLNVAL))),
        )
    }
}

fn borrow(descriptor: Descriptor) -> BorrowedFd<'static> {
    // SAFETY: it is the caller's, who removes it before it is closed. If another part of the program closes it, system calls
    // fail, and `check` tells.
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}
