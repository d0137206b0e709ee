//! A coarse timing wheel over slot numbers: which entries may be due, and which come first.
//!
//! The scheme of Varghese and Lauck ("Hashed and Hierarchical Timing Wheels", SOSP 1987), with one wheel and lazy
//! re-arming: a slot is armed at or before the tick of its deadline, never after. The owner keeps the exact
//! deadlines; when the wheel reaches a slot whose deadline has moved on, the owner arms it again. So a renewal does
//! not touch the wheel at all.
//!
//! Slots are linked in lists through an array beside the owner's entries, so arming and disarming are O(1) and
//! allocate nothing but that array.

/// Ticks the wheel spans. With the registry's ticks of 67 ms that is 69 s, twice the default expiry, so that an
/// ordinary entry is armed right where its deadline is; a longer one rests in the last bucket and is put back.
const BUCKETS: usize = 1024;
/// The list after the last bucket: slots whose tick has come.
const DUE: usize = BUCKETS;
const WORD: usize = u64::BITS as usize;
const NIL: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Link {
    previous: u32,
    next: u32,
    /// The list the slot is in: the tick it is armed at, modulo `BUCKETS`, or `DUE`.
    list: u16,
}

pub(super) struct Wheel {
    heads: Box<[u32; BUCKETS + 1]>,
    /// A bit for each bucket that is not empty, to find the next one without a walk.
    occupied: [u64; BUCKETS / WORD],
    links: Vec<Link>,
    /// The present: no slot is armed before it.
    present: u64,
}

impl Wheel {
    pub fn new() -> Self {
        Wheel {
            heads: Box::new([NIL; BUCKETS + 1]),
            occupied: [0; BUCKETS / WORD],
            links: Vec::new(),
            present: 0,
        }
    }

    /// Arms a slot that is not armed, at `tick` or as near to it as the wheel spans.
    pub fn arm(&mut self, slot: u32, tick: u64) {
        let tick = self.within_span(tick);
        self.link(slot, tick as usize % BUCKETS);
    }

    /// Arms an armed slot at `tick` if that is earlier than it is armed now.
    pub fn arm_earlier(&mut self, slot: u32, tick: u64) {
        if self.within_span(tick) < self.armed_at(slot) {
            self.disarm(slot);
            self.arm(slot, tick);
        }
    }

    pub fn disarm(&mut self, slot: u32) {
        let Link { previous, next, list } = self.links[slot as usize];
        match previous {
            NIL => self.heads[list as usize] = next,
            _ => self.links[previous as usize].next = next,
        }
        if next != NIL {
            self.links[next as usize].previous = previous;
        }
        if (list as usize) < BUCKETS && self.heads[list as usize] == NIL {
            self.occupied[list as usize / WORD] &= !(1 << (list as usize % WORD));
        }
    }

    /// Moves the present on to `tick` and sets aside, for `pop_due`, all slots armed until then.
    pub fn advance(&mut self, tick: u64) {
        while let Some(first) = self.first_tick().filter(|first| *first <= tick) {
            let bucket = first as usize % BUCKETS;
            while let Some(slot) = self.head(bucket) {
                self.disarm(slot);
                self.link(slot, DUE);
            }
        }
        self.present = self.present.max(tick);
    }

    /// True if `advance` has set slots aside that were not taken yet.
    pub fn has_due(&self) -> bool {
        self.heads[DUE] != NIL
    }

    /// Takes one slot off the wheel that `advance` has set aside.
    pub fn pop_due(&mut self) -> Option<u32> {
        let slot = self.head(DUE)?;
        self.disarm(slot);
        Some(slot)
    }

    /// The slots that may have the earliest deadline. Slots armed too early for the tick that `tick_of` gives
    /// them are armed anew on the way, so that in the end none that is left out comes before those returned.
    pub fn earliest(&mut self, tick_of: impl Fn(u32) -> u64) -> Option<impl Iterator<Item = u32> + '_> {
        loop {
            let first = self.first_tick()?;
            let bucket = first as usize % BUCKETS;
            let mut next = self.head(bucket);
            while let Some(slot) = next {
                next = self.after(slot);
                let tick = tick_of(slot);
                if self.within_span(tick) != first {
                    self.disarm(slot);
                    self.arm(slot, tick);
                }
            }
            if self.head(bucket).is_some() {
                return Some(std::iter::successors(self.head(bucket), |slot| self.after(*slot)));
            }
        }
    }

    fn within_span(&self, tick: u64) -> u64 {
        tick.clamp(self.present, self.present + BUCKETS as u64 - 1)
    }

    /// The tick a slot is armed at; the present for one that is due.
    fn armed_at(&self, slot: u32) -> u64 {
        match self.links[slot as usize].list as usize {
            DUE => self.present,
            bucket => self.present + self.distance(bucket),
        }
    }

    /// Ticks from the present to the one that `bucket` stands for.
    fn distance(&self, bucket: usize) -> u64 {
        ((bucket + BUCKETS - self.present as usize % BUCKETS) % BUCKETS) as u64
    }

    /// The tick of the first bucket that is not empty.
    fn first_tick(&self) -> Option<u64> {
        let start = self.present as usize % BUCKETS;
        let (first_word, first_bit) = (start / WORD, start % WORD);
        // The word of the present is looked at twice: its later bits first, its earlier ones after all others.
        (0..=self.occupied.len())
            .find_map(|step| {
                let word = (first_word + step) % self.occupied.len();
                let mask = match step {
                    0 => u64::MAX << first_bit,
                    step if step == self.occupied.len() => !(u64::MAX << first_bit),
                    _ => u64::MAX,
                };
                let bits = self.occupied[word] & mask;
                (bits != 0).then(|| word * WORD + bits.trailing_zeros() as usize)
            })
            .map(|bucket| self.present + self.distance(bucket))
    }

    fn head(&self, list: usize) -> Option<u32> {
        Some(self.heads[list]).filter(|slot| *slot != NIL)
    }

    fn after(&self, slot: u32) -> Option<u32> {
        Some(self.links[slot as usize].next).filter(|slot| *slot != NIL)
    }

    fn link(&mut self, slot: u32, list: usize) {
        let next = self.heads[list];
        let link = Link { previous: NIL, next, list: list as u16 };
        match self.links.get_mut(slot as usize) {
            Some(place) => *place = link,
            // The owner's slots are numbered without gaps, so a new one is the next.
            None => self.links.push(link),
        }
        if next != NIL {
            self.links[next as usize].previous = slot;
        }
        self.heads[list] = slot;
        if list < BUCKETS {
            self.occupied[list / WORD] |= 1 << (list % WORD);
        }
    }
}
