//! Locks: one that outlives a panic, and turns at one that is in demand.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError};

/// Takes a lock whose data is whole even if a thread panicked while it held the lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Turns at a mutex. A mutex goes to the thread that asks first after its release: that is always the thread that takes it in a
/// loop, for the others need microseconds to wake up.
#[derive(Default)]
pub(crate) struct Turns {
    /// Threads in `lock`.
    waiting: AtomicUsize,
    /// Locks taken. Changes under the mutex.
    taken: AtomicUsize,
    /// True while a thread is in `let_others_in`. Changes under the mutex.
    is_handing_over: AtomicBool,
    was_taken: Condvar,
}

impl Turns {
    /// Takes the mutex, as a thread that `let_others_in` lets in.
    pub fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> LockResult<MutexGuard<'a, T>> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let locked = mutex.lock();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.taken.fetch_add(1, Ordering::SeqCst);
        if self.is_handing_over.load(Ordering::SeqCst) {
            self.was_taken.notify_one();
        }
        locked
    }

    /// Returns after as many turns of other threads as threads wait for the mutex now. For one thread, which does not hold it.
    pub fn let_others_in<T>(&self, mutex: &Mutex<T>) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        let guard = lock(mutex);
        let taken = self.taken.load(Ordering::SeqCst);
        let waiting = self.waiting.load(Ordering::SeqCst);
        self.is_handing_over.store(true, Ordering::SeqCst);
        let has_waiters = |_: &mut T| self.taken.load(Ordering::SeqCst).wrapping_sub(taken) < waiting;
        let guard = self.was_taken.wait_while(guard, has_waiters).unwrap_or_else(PoisonError::into_inner);
        self.is_handing_over.store(false, Ordering::SeqCst);
        drop(guard);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_that_waits_has_its_turn_before_the_next_step_of_a_loop() {
        const ROUNDS: usize = 1000;
        let (turns, mutex) = (Turns::default(), Mutex::new(0));
        let (ask, asked) = sync_channel(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for () in asked {
                    *turns.lock(&mutex).expect("no panic") += 1;
                }
            });
            for round in 0..ROUNDS {
                let step = lock(&mutex);
                ask.send(()).expect("the thread runs");
                while turns.waiting.load(Ordering::SeqCst) == 0 {
                    thread::yield_now();
                }
                drop(step);
                turns.let_others_in(&mutex);
                assert_eq!(*lock(&mutex), round + 1);
            }
            drop(ask);
        });
    }
}
