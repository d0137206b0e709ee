//! `Splice`: how one ordered sequence becomes another, of which most is the same.

use std::ops::Range;

/// What is taken out of a sequence, and what is put in.
pub struct Splice {
    /// How long the sequence was.
    pub before: usize,
    /// Places in it, in ascending order, of what is taken out.
    pub gone: Vec<usize>,
    /// Places in the sequence that it becomes, in ascending order, of what is put in.
    pub came: Vec<usize>,
}

impl Splice {
    /// How long the sequence is afterwards.
    pub fn after(&self) -> usize {
        self.before - self.gone.len() + self.came.len()
    }

    /// The moves of what stays, from places in the sequence as it was to where they begin in what it becomes, in an order in which
    /// they can be done in place: none goes to where another has yet to come from.
    pub fn moves(&self) -> impl Iterator<Item = (Range<usize>, usize)> {
        let stays = self.stays();
        // What moves to the front has nothing before it that moves to the back and reaches as far.
        let (to_front, to_back): (Vec<_>, Vec<_>) =
            stays.into_iter().filter(|(from, to)| from.start != *to).partition(|(from, to)| *to < from.start);
        to_front.into_iter().chain(to_back.into_iter().rev())
    }

    /// What stays, in runs that stay side by side, with where each begins afterwards.
    fn stays(&self) -> Vec<(Range<usize>, usize)> {
        let mut stays = Vec::new();
        let (mut gone, mut came) =
            (self.gone.iter().copied().peekable(), self.came.iter().copied().peekable());
        let (mut from, mut to) = (0, 0);
        while from < self.before {
            if gone.next_if_eq(&from).is_some() {
                from += 1;
            } else if came.next_if_eq(&to).is_some() {
                to += 1;
            } else {
                let until_gone = gone.peek().map_or(self.before, |gone| *gone) - from;
                let until_came = came.peek().map_or(usize::MAX, |came| *came - to);
                let run = until_gone.min(until_came);
                stays.push((from..from + run, to));
                (from, to) = (from + run, to + run);
            }
        }
        stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_moves_in_place_make_of_one_sequence_the_other() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..2000 {
            let before: Vec<u32> = (0..random.u32(0..12)).collect();
            let (gone, kept): (Vec<u32>, Vec<u32>) = before.iter().partition(|_| random.u32(0..3) == 0);
            let mut after = kept;
            let newcomers = random.u32(0..5);
            (0..newcomers).for_each(|number| after.insert(random.usize(0..=after.len()), 100 + number));
            let splice = Splice {
                before: before.len(),
                gone: gone.iter().map(|number| *number as usize).collect(),
                came: (0..after.len()).filter(|at| after[*at] >= 100).collect(),
            };
            assert_eq!(splice.after(), after.len());
            let mut made = before;
            made.resize(made.len().max(after.len()), 0);
            splice.moves().for_each(|(from, to)| made.copy_within(from, to));
            splice.came.iter().for_each(|at| made[*at] = after[*at]);
            assert_eq!(made[..after.len()], after);
        }
    }
}
