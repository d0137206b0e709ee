//! The bytes of an entry of 100 bytes, of each registry: what the allocator is asked for, allocations rounded up as malloc
//! does, divided by the entries.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use peers_benches::announcements::Crowd;
use peers_benches::contenders::{BareMap, Contender, Key, Moka, Ours, Tree};
use peers_benches::print_row;

const SIZES: [usize; 2] = [1000, 65_536];

/// What malloc of glibc keeps beside each allocation, and the unit in which it gives them out.
const HEADER: usize = 8;
const UNIT: usize = 16;

static HELD: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(cost(layout.size()), Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(cost(layout.size()), Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}

fn cost(size: usize) -> usize {
    (size + HEADER).next_multiple_of(UNIT)
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn main() {
    for size in SIZES {
        measure::<BareMap<[u8; 16]>>(size);
        measure::<Ours<[u8; 16]>>(size);
        measure::<Tree<[u8; 16]>>(size);
        measure::<Moka<[u8; 16]>>(size);
        measure_node(size);
    }
}

fn measure<R: Contender<[u8; 16]>>(size: usize) {
    let before = HELD.load(Ordering::Relaxed);
    let now = Instant::now();
    let mut registry = R::new(now);
    (0..size).for_each(|number| registry.insert(Key::numbered(number), now));
    // What a cache has put off is not its memory.
    registry.expire(now);
    let held = HELD.load(Ordering::Relaxed) - before;
    print_row("memory for an entry of 100 bytes", R::NAME, size, "", "bytes", held as f64 / size as f64);
}

/// The bytes of a peer in a node: its entry, and its part of each index.
fn measure_node(size: usize) {
    let crowd = Crowd::new(size);
    let before = HELD.load(Ordering::Relaxed);
    drop(crowd.node);
    let held = before - HELD.load(Ordering::Relaxed);
    print_row("memory for a peer in a node", "peers", size, "", "bytes", held as f64 / size as f64);
}
