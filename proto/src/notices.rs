//! `Notices`: what an administrator should know of the network, one of each kind a minute.

use std::mem::discriminant;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Minimum time between two notices of one kind.
const GAP: Duration = Duration::from_secs(60);

/// Something that an administrator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A newcomer was refused, because the list is full.
    ListFull {
        /// The source of its message.
        from: SocketAddr,
    },
    /// Another node sends with this node's instance id: a clone of this machine or process, or a forger.
    IdConflict {
        /// The source of its message.
        from: SocketAddr,
    },
    /// Another node runs with this node's instance id. This node has taken a new one.
    IdRenewed {
        /// The source of its messages.
        from: SocketAddr,
    },
    /// A node of another cluster is there.
    OtherCluster {
        /// The source of its message.
        from: SocketAddr,
        /// The name of its cluster.
        cluster: String,
    },
    /// A node with another key is there, or one with keys where this node has none, or the other way round.
    OtherKey {
        /// The source of its message.
        from: SocketAddr,
    },
    /// A node of the same cluster in another mode is there: one of the two is a member of a SWIM cluster.
    OtherMode {
        /// The source of its message.
        from: SocketAddr,
    },
}

/// The last notice of each kind.
#[derive(Default)]
pub(crate) struct Notices {
    last: Vec<Entry>,
}

struct Entry {
    notice: Notice,
    at: Instant,
    is_taken: bool,
}

impl Notices {
    pub fn push(&mut self, notice: Notice, now: Instant) {
        let is_of_kind = |last: &&mut Entry| discriminant(&last.notice) == discriminant(&notice);
        match self.last.iter_mut().find(is_of_kind) {
            Some(last) if now < last.at + GAP => {}
            Some(last) => *last = Entry { notice, at: now, is_taken: false },
            None => self.last.push(Entry { notice, at: now, is_taken: false }),
        }
    }

    /// Returns a notice that was not taken yet.
    pub fn poll(&mut self) -> Option<Notice> {
        let entry = self.last.iter_mut().find(|entry| !entry.is_taken)?;
        entry.is_taken = true;
        Some(entry.notice.clone())
    }

    /// Returns the notices of the last two minutes: what goes on has one in each.
    pub fn recent(&self, now: Instant) -> impl Iterator<Item = &Notice> {
        let is_recent = move |entry: &&Entry| now < entry.at + 2 * GAP;
        self.last.iter().filter(is_recent).map(|entry| &entry.notice)
    }
}
