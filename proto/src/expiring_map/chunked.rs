//! `Chunked`: a vector that grows without moving what is in it, so that no step takes as long as all of it.

use std::ops::{Index, IndexMut};

const CHUNK: usize = 1024;

/// All chunks but the last are full.
pub(crate) struct Chunked<T>(Vec<Vec<T>>);

impl<T> Chunked<T> {
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    pub fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(value),
            // One chunk alone may be for a few.
            last => {
                let mut chunk = Vec::with_capacity(if last.is_some() { CHUNK } else { 4 });
                chunk.push(value);
                self.0.push(chunk);
            }
        }
    }

    pub fn pop(&mut self) -> Option<T> {
        let last = self.0.last_mut()?;
        let value = last.pop();
        if last.is_empty() {
            self.0.pop();
        }
        value
    }

    pub fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }
}

// Not derived: values need have no default.
impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Chunked(Vec::new())
    }
}

impl<T> Index<usize> for Chunked<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: usize) -> &T {
        &self.0[at / CHUNK][at % CHUNK]
    }
}

impl<T> IndexMut<usize> for Chunked<T> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.0[at / CHUNK][at % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_a_plain_vector() {
        let mut random = fastrand::Rng::with_seed(11);
        let (mut chunked, mut plain) = (Chunked::default(), Vec::new());
        for _ in 0..200 {
            let grows = random.bool();
            for _ in 0..random.usize(0..2 * CHUNK) {
                match grows {
                    true => {
                        chunked.push(plain.len());
                        plain.push(plain.len());
                    }
                    false => assert_eq!(chunked.pop(), plain.pop()),
                }
            }
            if !plain.is_empty() {
                let at = random.usize(0..plain.len());
                (chunked[at], plain[at]) = (7, 7);
            }
            assert_eq!((chunked.len(), chunked.get(plain.len())), (plain.len(), None));
            assert!(chunked.iter().eq(plain.iter()));
            assert!((0..plain.len()).all(|at| chunked[at] == plain[at] && chunked.get(at) == plain.get(at)));
        }
    }
}
