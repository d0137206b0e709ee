//! The allocator of the tests: it counts what each thread allocates. Each test has a thread of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Bytes allocated less bytes freed. Negative if the thread freed what another one had allocated.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Returns how often this thread has allocated memory.
pub fn allocations() -> usize {
    ALLOCATIONS.get()
}

/// Returns the most bytes that this thread held during a call, above what it held before.
pub fn peak_during(call: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    call();
    (PEAK.get() - before).unsigned_abs()
}

/// Returns the bytes that this thread holds more after a call than before.
pub fn held_after(call: impl FnOnce()) -> isize {
    let before = HELD.get();
    call();
    HELD.get() - before
}

struct Counting;

impl Counting {
    fn grow(bytes: usize) {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        HELD.set(HELD.get() + bytes.cast_signed());
        PEAK.set(PEAK.get().max(HELD.get()));
    }

    fn shrink(bytes: usize) {
        HELD.set(HELD.get() - bytes.cast_signed());
    }
}

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::grow(layout.size());
        // SAFETY: the caller keeps to the contract of both.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        Self::shrink(layout.size());
        Self::grow(new_size);
        // SAFETY: the caller keeps to the contract of both.
        unsafe { System.realloc(memory, layout, new_size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        Self::shrink(layout.size());
        // SAFETY: the caller keeps to the contract of both.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
