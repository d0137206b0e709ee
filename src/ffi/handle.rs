//! The table behind the handles of nodes and subscriptions: numbers that are looked up, never followed.
//!
//! Each handle has a number of its own, which is not used again. Each copy of the library in a process begins at another number, so
//! that a handle of one is unknown to the other.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;
use std::thread::panicking;

use crate::ffi::constants::{PEERS_ERR_DEADLOCK, PEERS_ERR_FORKED, PEERS_ERR_HANDLE, PEERS_ERR_NULL};
use crate::ffi::status::Failure;
use crate::peers::Peers;
use crate::runtime::driver::Driver;
use crate::subscription::Subscription;
use crate::sys::forks::Global;

/// A running node. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
/// PEERS_ERR_HANDLE.
pub struct peers_t {
    _opaque: [u8; 0],
}

/// A reader of a node's events. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
/// PEERS_ERR_HANDLE.
pub struct peers_subscription_t {
    _opaque: [u8; 0],
}

/// One table has both kinds, so that no handle fits two objects. A forked child inherits it.
static TABLE: Global<Table<Arc<dyn Any + Send + Sync>>> = Global::new(Table::new());

/// A type that C has handles of.
pub(super) trait Handled: Any + Send + Sync {
    /// The opaque type in C.
    type Handle;
    /// Name of the argument.
    const NAME: &'static str;
    /// The call that returns the handle.
    const MAKER: &'static str;
    /// The node behind it.
    fn driver(&self) -> &Driver;
}

impl Handled for Peers {
    type Handle = peers_t;
    const NAME: &'static str = "node";
    const MAKER: &'static str = "peers_start";

    fn driver(&self) -> &Driver {
        Peers::driver(self)
    }
}

impl Handled for Subscription {
    type Handle = peers_subscription_t;
    const NAME: &'static str = "subscription";
    const MAKER: &'static str = "peers_subscribe";

    fn driver(&self) -> &Driver {
        Subscription::driver(self)
    }
}

/// An object for the length of a call. If the call panics, its node fails: it may be half changed.
pub(super) struct Lease<T: Handled>(Arc<T>);

impl<T: Handled> Deref for Lease<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Handled> Drop for Lease<T> {
    fn drop(&mut self) {
        if panicking() {
            self.0.driver().fail("a call panicked");
        }
    }
}

/// Returns the object behind a handle.
pub(super) fn get<T: Handled>(handle: *mut T::Handle) -> Result<Lease<T>, Failure> {
    if handle.is_null() {
        let detail = format!("{} is NULL; pass a handle from {}", T::NAME, T::MAKER);
        return Err(Failure::new(PEERS_ERR_NULL, detail));
    }
    let object: Arc<T> = find(handle)?;
    if object.driver().is_forked() {
        let detail = "the handle belongs to the parent of this forked process; start a node of your own";
        return Err(Failure::new(PEERS_ERR_FORKED, detail));
    }
    Ok(Lease(object))
}

/// Returns a handle for a new object.
pub(super) fn insert<T: Handled>(object: T) -> *mut T::Handle {
    let object = Arc::new(object);
    ptr::without_provenance_mut(TABLE.with(|table| table.insert(object)))
}

/// Makes the handle of a node void and stops the node. In a forked child, the parent's node runs on.
pub(super) fn free_node(handle: *mut peers_t) -> Result<(), Failure> {
    if find::<Peers>(handle)?.driver().is_logging_here() {
        let detail = "the node is freed in a call of its own log function, and would wait for itself; free it \
                      when the function has returned, or on another thread";
        return Err(Failure::new(PEERS_ERR_DEADLOCK, detail));
    }
    remove::<Peers>(handle).map(|node| node.stop())
}

/// Makes the handle of a subscription void and ends the subscription.
pub(super) fn free_subscription(handle: *mut peers_subscription_t) -> Result<(), Failure> {
    remove::<Subscription>(handle).map(|subscription| subscription.end())
}

fn find<T: Handled>(handle: *mut T::Handle) -> Result<Arc<T>, Failure> {
    cast::<T>(TABLE.with(|table| table.objects.get(&handle.addr()).cloned()))
}

/// Takes the object out of the table. Of two calls that come at once, one gets it.
fn remove<T: Handled>(handle: *mut T::Handle) -> Result<Arc<T>, Failure> {
    // One of the other kind stays.
    find::<T>(handle)?;
    cast::<T>(TABLE.with(|table| table.objects.remove(&handle.addr())))
}

fn cast<T: Handled>(object: Option<Arc<dyn Any + Send + Sync>>) -> Result<Arc<T>, Failure> {
    object.and_then(|object| object.downcast().ok()).ok_or_else(|| {
        let (name, maker) = (T::NAME, T::MAKER);
        let detail = format!(
            "the handle is no live {name}: it was freed, or never came from {maker} of this copy of the library"
        );
        Failure::new(PEERS_ERR_HANDLE, detail)
    })
}

/// Objects by their numbers. Generic, so that Miri runs its tests: it cannot run a node.
struct Table<N> {
    objects: BTreeMap<usize, N>,
    /// Number of objects ever.
    count: usize,
}

impl<N> Table<N> {
    const fn new() -> Self {
        Table { objects: BTreeMap::new(), count: 0 }
    }

    fn insert(&mut self, object: N) -> usize {
        loop {
            self.count = self.count.wrapping_add(1);
            let number = self.first().wrapping_add(self.count);
            // Not NULL. A number that counts 2^32 objects comes round to those that live.
            if number != 0 && !self.objects.contains_key(&number) {
                self.objects.insert(number, object);
                return number;
            }
        }
    }

    /// Returns a number that depends on the place of the table, and is far from that of a table nearby.
    fn first(&self) -> usize {
        // The golden ratio of 2^64 (Knuth, The Art of Computer Programming, section 6.4).
        ptr::from_ref(self).addr().wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_used_again() {
        let mut table = Table::new();
        let one = table.insert(1);
        assert_eq!(table.objects.remove(&one), Some(1));
        let two = table.insert(2);
        assert_ne!(one, two);
        // The next number is that of the second, which is in use: the table leaves it out.
        table.count = table.count.wrapping_sub(1);
        assert_ne!(table.insert(3), two);
        assert_eq!(table.objects.len(), 2);
        // NULL is left out.
        table.count = table.first().wrapping_neg().wrapping_sub(1);
        assert_eq!(table.insert(4), 1);
    }

    #[test]
    fn two_tables_begin_at_different_numbers() {
        let mut tables = [Table::new(), Table::new()];
        let numbers: Vec<usize> = (0..1000).map(|_| tables[0].insert(())).collect();
        assert!((0..1000).all(|_| !numbers.contains(&tables[1].insert(()))));
    }
}
