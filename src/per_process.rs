//! `PerProcess`: a global that a forked child does not share with its parent.
//!
//! A lock that another thread held at the fork stays locked in the child for ever. So each process has a value of its own.
//! Before it takes a lock, a child sees by the process id that the newest value is its parent's, and adds one of its own. The
//! parent's values stay readable.

use std::process;

use once_cell::race::OnceBox;

/// The values of this process and of those it was forked from. `OnceBox` does not block, so a fork in the middle of
/// its initialisation leaves nothing locked.
pub(crate) struct PerProcess<T: 'static>(OnceBox<Owned<T>>);

/// A value with the process it belongs to.
pub(crate) struct Owned<T: 'static> {
    pub value: T,
    /// Number of forks between this process and the first with a value.
    pub depth: usize,
    process: u32,
    child: OnceBox<Owned<T>>,
}

impl<T: Default> PerProcess<T> {
    pub const fn new() -> Self {
        PerProcess(OnceBox::new())
    }

    /// The value of this process, made if it has none yet.
    pub fn get(&'static self) -> &'static Owned<T> {
        let (place, depth) = match self.newest() {
            Some(newest) if newest.is_own() => return newest,
            Some(parent) => (&parent.child, parent.depth + 1),
            None => (&self.0, 0),
        };
        place.get_or_init(|| {
            Box::new(Owned { value: T::default(), depth, process: process::id(), child: OnceBox::new() })
        })
    }

    /// All values, the oldest process's first.
    pub fn all(&'static self) -> impl Iterator<Item = &'static Owned<T>> {
        std::iter::successors(self.0.get(), |owned| owned.child.get())
    }

    /// The value made last: this process's, or that of the nearest ancestor with one.
    pub fn newest(&'static self) -> Option<&'static Owned<T>> {
        self.all().last()
    }
}

impl<T> Owned<T> {
    /// True if it is this process's, and not its parent's.
    pub fn is_own(&self) -> bool {
        self.process == process::id()
    }
}
