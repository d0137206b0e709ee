//! `Readers`: a queue of events for each reader, with a descriptor that shows whether there is something to find out.

use std::collections::BTreeMap;
use std::io;

use crate::error::{Error, ErrorKind};
use crate::sys::Descriptor;
use crate::sys::waker::Waker;
use peers_proto::{Event, Events};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReaderId {
    /// The reader that each node has.
    Own,
    Subscription(u64),
}

#[derive(Default)]
pub(crate) struct Readers {
    own: Reader,
    subscriptions: BTreeMap<u64, Reader>,
    /// Number of subscriptions ever.
    count: u64,
    /// Events that subscriptions had dropped before they ended.
    lost_before: u64,
}

#[derive(Default)]
pub(crate) struct Reader {
    events: Events,
    /// Made at the first request.
    event_fd: Option<Waker>,
}

impl Readers {
    pub fn subscribe(&mut self) -> ReaderId {
        self.count += 1;
        self.subscriptions.insert(self.count, Reader::default());
        ReaderId::Subscription(self.count)
    }

    pub fn unsubscribe(&mut self, id: ReaderId) {
        if let ReaderId::Subscription(number) = id
            && let Some(reader) = self.subscriptions.remove(&number)
        {
            self.lost_before += reader.events.lost();
        }
    }

    /// Returns a reader, or an error if it has unsubscribed.
    pub fn get(&mut self, id: ReaderId) -> Result<&mut Reader, Error> {
        match id {
            ReaderId::Own => Some(&mut self.own),
            ReaderId::Subscription(number) => self.subscriptions.get_mut(&number),
        }
        .ok_or_else(|| Error::new(ErrorKind::Stopped, "the subscription was freed"))
    }

    /// Adds an event to the queue of each reader.
    pub fn push(&mut self, event: Event) {
        for reader in self.subscriptions.values_mut() {
            reader.events.push(event.clone());
        }
        self.own.events.push(event);
    }

    /// Makes each descriptor show whether there is something to find out: an event, or `for_all` what every reader finds. If
    /// another part of the program has closed a descriptor, the thread's next check finds that.
    pub fn update(&self, for_all: bool) {
        for (fd, events) in self.all().filter_map(|reader| Some((reader.event_fd.as_ref()?, &reader.events)))
        {
            let _ = match for_all || !events.is_empty() {
                true => fd.set(),
                false => fd.clear(),
            };
        }
    }

    /// An error if another part of the program has closed a descriptor.
    pub fn check(&self) -> io::Result<()> {
        self.all().filter_map(|reader| reader.event_fd.as_ref()).try_for_each(Waker::check)
    }

    /// Closes all descriptors.
    pub fn close(&mut self) {
        self.subscriptions.values_mut().chain([&mut self.own]).for_each(|reader| reader.event_fd = None);
    }

    /// Returns the number of events that were dropped.
    pub fn lost(&self) -> u64 {
        self.lost_before + self.all().map(|reader| reader.events.lost()).sum::<u64>()
    }

    fn all(&self) -> impl Iterator<Item = &Reader> {
        self.subscriptions.values().chain([&self.own])
    }
}

impl Reader {
    pub fn take(&mut self) -> Option<Event> {
        self.events.take()
    }

    /// Returns the descriptor that polls readable while there is something to find out.
    pub fn descriptor(&mut self) -> io::Result<Descriptor> {
        let fd = match self.event_fd.take() {
            Some(fd) => fd,
            None => Waker::new()?,
        };
        Ok(self.event_fd.insert(fd).descriptor())
    }
}
