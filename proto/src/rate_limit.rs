//! `RateLimit`: at most so many actions in a period, for each key.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Limits how often an action happens: `count` times within `period`, for each key. Without keys, `K` is `()`.
///
/// The first action of a key begins a window of one `period`. At most `max_keys` windows are open, so a flood of keys costs
/// bounded memory; a key for which there is no window is refused.
pub(crate) struct RateLimit<K = ()> {
    count: usize,
    period: Duration,
    max_keys: usize,
    windows: BTreeMap<K, Window>,
    /// No window ends before this. Looking for ended ones is useless until then.
    first_end: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Window {
    end: Instant,
    used: usize,
}

impl RateLimit {
    /// Returns a limit that is one for all.
    pub fn new(count: usize, period: Duration) -> Self {
        RateLimit::by_key(count, period, 1)
    }
}

impl<K: Ord> RateLimit<K> {
    /// Returns a limit for each key.
    pub fn by_key(count: usize, period: Duration, max_keys: usize) -> Self {
        RateLimit { count, period, max_keys, windows: BTreeMap::new(), first_end: None }
    }

    /// Returns true if the action is permitted now.
    pub fn is_free(&self, key: &K, now: Instant) -> bool {
        self.next_free(key, now) == now
    }

    /// Returns the time from which the action is permitted: `now`, or the end of a window that is used up.
    pub fn next_free(&self, key: &K, now: Instant) -> Instant {
        match self.open_window(key, now) {
            Some(window) if window.used >= self.count => window.end,
            _ => now,
        }
    }

    /// Counts an action, if it is permitted.
    pub fn try_take(&mut self, key: K, now: Instant) -> bool {
        self.try_take_many(key, 1, now)
    }

    /// Counts `count` actions, if all of them are permitted.
    pub fn try_take_many(&mut self, key: K, count: usize, now: Instant) -> bool {
        let window = self.open_window(&key, now).unwrap_or(Window { end: now + self.period, used: 0 });
        let used = window.used + count;
        used <= self.count && (count == 0 || self.insert(key, Window { used, ..window }, now))
    }

    /// Counts an action at `at`, whether it is permitted or not, and begins a window there. Returns false if there is no
    /// window for another key.
    pub fn restart(&mut self, key: K, at: Instant, now: Instant) -> bool {
        self.insert(key, Window { end: at + self.period, used: 1 }, now)
    }

    fn open_window(&self, key: &K, now: Instant) -> Option<Window> {
        self.windows.get(key).copied().filter(|window| now < window.end)
    }

    fn insert(&mut self, key: K, window: Window, now: Instant) -> bool {
        if self.windows.len() >= self.max_keys {
            self.remove_ended(now);
        }
        let has_room = self.windows.len() < self.max_keys || self.windows.contains_key(&key);
        if has_room {
            self.first_end = Some(self.first_end.map_or(window.end, |end| end.min(window.end)));
            self.windows.insert(key, window);
        }
        has_room
    }

    fn remove_ended(&mut self, now: Instant) {
        if self.first_end.is_some_and(|end| end <= now) {
            self.windows.retain(|_, window| now < window.end);
            self.first_end = self.windows.values().map(|window| window.end).min();
        }
    }
}
