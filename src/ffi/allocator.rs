//! Aborts the process where memory cannot be allocated, as Rust does, without the line that Rust's library prints.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process;

#[global_allocator]
static ALLOCATOR: AbortingAllocator = AbortingAllocator;

/// The system's allocator, which returns no NULL.
struct AbortingAllocator;

// SAFETY: each call is passed on unchanged, and a result is the system's.
unsafe impl GlobalAlloc for AbortingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller vouches for the layout.
        or_abort(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        or_abort(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above, and for the block.
        or_abort(unsafe { System.realloc(block, layout, size) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

fn or_abort(block: *mut u8) -> *mut u8 {
    if block.is_null() {
        process::abort();
    }
    block
}
