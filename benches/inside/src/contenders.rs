//! The registries that are compared. Each is given the time where it takes one; moka reads a clock of its own.

use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use peers_proto::ExpiringMap;

use crate::{EXPIRY, VALUE};

/// An entry's key: the id of an instance, or a name.
pub trait Key: Hash + Eq + Ord + Clone + Send + Sync + 'static {
    const KIND: &str;
    fn numbered(number: usize) -> Self;
}

impl Key for [u8; 16] {
    const KIND: &str = "ids";

    fn numbered(number: usize) -> Self {
        fastrand::Rng::with_seed(number as u64).u128(..).to_ne_bytes()
    }
}

impl Key for String {
    const KIND: &str = "names";

    fn numbered(number: usize) -> Self {
        format!("node-{number:011}")
    }
}

/// A registry whose entries live for [`EXPIRY`] from when they were put in or renewed last.
pub trait Contender<K: Key> {
    const NAME: &str;
    fn new(now: Instant) -> Self;
    fn insert(&mut self, key: K, now: Instant);
    fn renew(&mut self, key: &K, now: Instant);
    /// Takes out what has expired, and returns how many entries are left.
    fn expire(&mut self, now: Instant) -> usize;
}

/// Ours.
pub struct Ours<K>(ExpiringMap<K, Box<[u8]>>);

impl<K: Key> Contender<K> for Ours<K> {
    const NAME: &str = "peers";

    fn new(_: Instant) -> Self {
        Ours(ExpiringMap::new(usize::MAX))
    }

    fn insert(&mut self, key: K, now: Instant) {
        assert!(self.0.insert(key, VALUE.into(), EXPIRY, now).is_ok());
    }

    fn renew(&mut self, key: &K, now: Instant) {
        assert!(self.0.renew(key, EXPIRY, now).is_some());
    }

    fn expire(&mut self, now: Instant) -> usize {
        // So many at a time, as a node does that lets others have their turn.
        while self.0.poll_timeout().is_some_and(|due| due <= now) {
            self.0.handle_timeout(now);
        }
        self.0.len()
    }
}

/// The floor: a map that stores when an entry was heard, and knows nothing of what comes first.
pub struct BareMap<K>(HashMap<K, (Box<[u8]>, Instant)>);

impl<K: Key> Contender<K> for BareMap<K> {
    const NAME: &str = "bare map";

    fn new(_: Instant) -> Self {
        BareMap(HashMap::default())
    }

    fn insert(&mut self, key: K, now: Instant) {
        self.0.insert(key, (VALUE.into(), now));
    }

    fn renew(&mut self, key: &K, now: Instant) {
        self.0.get_mut(key).expect("it is there").1 = now;
    }

    fn expire(&mut self, now: Instant) -> usize {
        self.0.retain(|_, (_, heard_at)| now < *heard_at + EXPIRY);
        self.0.len()
    }
}

/// A map, and a tree of deadlines.
pub struct Tree<K> {
    map: HashMap<K, (Box<[u8]>, Instant), RandomState>,
    deadlines: BTreeSet<(Instant, K)>,
}

impl<K: Key> Contender<K> for Tree<K> {
    const NAME: &str = "BTreeSet of deadlines";

    fn new(_: Instant) -> Self {
        Tree { map: HashMap::default(), deadlines: BTreeSet::new() }
    }

    fn insert(&mut self, key: K, now: Instant) {
        self.map.insert(key.clone(), (VALUE.into(), now + EXPIRY));
        self.deadlines.insert((now + EXPIRY, key));
    }

    fn renew(&mut self, key: &K, now: Instant) {
        let (_, deadline) = self.map.get_mut(key).expect("it is there");
        let (_, key) = self.deadlines.take(&(*deadline, key.clone())).expect("it has a deadline");
        *deadline = now + EXPIRY;
        self.deadlines.insert((*deadline, key));
    }

    fn expire(&mut self, now: Instant) -> usize {
        while self.deadlines.first().is_some_and(|(deadline, _)| *deadline <= now) {
            let (_, key) = self.deadlines.pop_first().expect("it is the first");
            self.map.remove(&key);
        }
        self.map.len()
    }
}

/// moka's cache. A renewal puts the value in again, which it shares.
pub struct Moka<K: Key> {
    cache: moka::sync::Cache<K, Arc<[u8]>>,
    value: Arc<[u8]>,
}

impl<K: Key> Contender<K> for Moka<K> {
    const NAME: &str = "moka";

    fn new(_: Instant) -> Self {
        Moka::expiring_after(EXPIRY)
    }

    fn insert(&mut self, key: K, _: Instant) {
        self.cache.insert(key, VALUE.into());
    }

    fn renew(&mut self, key: &K, _: Instant) {
        self.cache.insert(key.clone(), self.value.clone());
    }

    fn expire(&mut self, _: Instant) -> usize {
        // Each call takes out a few hundred.
        loop {
            let before = self.cache.entry_count();
            self.cache.run_pending_tasks();
            if self.cache.entry_count() == before {
                return before as usize;
            }
        }
    }
}

impl<K: Key> Moka<K> {
    /// One whose entries live for another time: its clock cannot be set.
    pub fn expiring_after(life: Duration) -> Self {
        Moka { cache: moka::sync::Cache::builder().time_to_live(life).build(), value: VALUE.into() }
    }

    /// Copies of all entries, as a list of them would be made.
    pub fn contents(&self) -> Vec<(Arc<K>, Arc<[u8]>)> {
        self.cache.iter().collect()
    }
}

impl<K: Key> BareMap<K> {
    /// Copies of all entries, as a list of them would be made.
    pub fn contents(&self) -> Vec<(K, Box<[u8]>)> {
        self.0.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect()
    }
}
