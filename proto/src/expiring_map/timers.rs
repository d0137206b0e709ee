//! `Timers`: slot numbers in the order of their times.
//!
//! A heap in which each node has four children: half as deep as one of two, and the four lie side by side (Johnson, "Priority
//! queues with update and finding minimum spanning trees", 1975). It knows where each slot is, so any can be moved or taken
//! out. Whatever is asked of it costs a few steps: thousands of equal times are no long list to look through.

use crate::expiring_map::chunked::Chunked;

const CHILDREN: usize = 4;

/// Packed to 12 bytes: there is one for each entry of a registry.
#[derive(Clone, Copy)]
#[repr(C, packed(4))]
struct Timer {
    time: u64,
    slot: u32,
}

#[derive(Default)]
pub(crate) struct Timers {
    heap: Chunked<Timer>,
    /// Where in the heap each slot is; of one that is not there, where it was last.
    places: Chunked<u32>,
}

impl Timers {
    /// The slot with the earliest time, and that time.
    pub fn first(&self) -> Option<(u64, u32)> {
        self.heap.get(0).map(|timer| (timer.time, timer.slot))
    }

    /// Puts in a slot that is not there.
    pub fn insert(&mut self, slot: u32, time: u64) {
        while self.places.len() <= slot as usize {
            self.places.push(0);
        }
        self.heap.push(Timer { time, slot });
        self.rise(self.heap.len() - 1);
    }

    /// Gives a slot that is there another time. Renewals seldom need it, and are short without it.
    #[cold]
    pub fn set(&mut self, slot: u32, time: u64) {
        let place = self.places[slot as usize] as usize;
        self.heap[place].time = time;
        let place = self.rise(place);
        self.sink(place);
    }

    /// Takes out a slot that is there.
    pub fn remove(&mut self, slot: u32) {
        let place = self.places[slot as usize] as usize;
        let last = self.heap.pop().expect("the slot is there");
        if place < self.heap.len() {
            self.heap[place] = last;
            let place = self.rise(place);
            self.sink(place);
        }
    }

    /// Moves a timer up past those that come later, and returns where it is then.
    fn rise(&mut self, mut place: usize) -> usize {
        let timer = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.heap[parent].time <= timer.time {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, timer);
        place
    }

    /// Moves a timer down past those that come earlier.
    fn sink(&mut self, mut place: usize) {
        let timer = self.heap[place];
        loop {
            let first = place * CHILDREN + 1;
            let children = first..(first + CHILDREN).min(self.heap.len());
            let Some(earliest) = children.min_by_key(|child| self.heap[*child].time) else { break };
            if timer.time <= self.heap[earliest].time {
                break;
            }
            self.put(place, self.heap[earliest]);
            place = earliest;
        }
        self.put(place, timer);
    }

    fn put(&mut self, place: usize, timer: Timer) {
        self.heap[place] = timer;
        self.places[timer.slot as usize] = place as u32;
    }
}
